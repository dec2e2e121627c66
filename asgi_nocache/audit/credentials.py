"""How requests show who is calling, as far as the name of a dependency tells.

What a framework asks for is found by ``routes``; what follows is the checks' and the
survey's.
"""

from __future__ import annotations

import re

Field = tuple[str, str]

_AUTHORIZATION = ("authorization", "Bearer x")
_COOKIE = ("cookie", "session=x")
#: By a part of the scheme's name. What is not here may do either.
_WAYS: tuple[tuple[re.Pattern[str], tuple[Field, ...]], ...] = (
    (
        re.compile("(?i:bearer|basic|digest|oauth|openid|jwt)"),
        (_AUTHORIZATION,),
    ),
    (re.compile("(?i:cookie|session|login)"), (_COOKIE,)),
    (re.compile("(?i:api_?key|header|query)"), ()),  # which no guard knows
)
_EITHER = (_AUTHORIZATION, _COOKIE)


def requests_for(auth: tuple[str, ...]) -> list[tuple[Field, ...]]:
    """Return the fields of each kind of request that *auth* lets in.

    One without any where nothing is asked for, or where it is in no field that caches
    know.
    """
    out: list[tuple[Field, ...]] = []
    for name in auth:
        ways = next((ways for known, ways in _WAYS if known.search(name)), _EITHER)
        out += [(way,) for way in ways] or [()]
    return list(dict.fromkeys(out)) or [()]
