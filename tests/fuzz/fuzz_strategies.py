"""What the fuzzer makes: rules, paths, requests and answers, odd ones above all.

No checks: those are fuzz_checks.py's.
"""

from __future__ import annotations

import warnings
from typing import Any

from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import MODES, RuleSet

Lines = list[tuple[bytes, bytes]]


def texts(words: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from([word.encode("latin-1") for word in words.split("|")])


@st.composite
def any_case(draw: Any, names: st.SearchStrategy[bytes]) -> bytes:
    """Return a name in some letter case."""
    name: bytes = draw(names)
    return bytes(draw(st.sampled_from([name, name, name.title(), name.upper()])))


# Policies and rules

policies = st.sampled_from(
    [
        NO_STORE,
        NO_STORE_EDGE,
        REVALIDATE,
        APP_DECIDES,
        PRIVATE(max_age=60),
        PRIVATE(max_age=0, vary=["Accept"]),
        PUBLIC(max_age=600),
        PUBLIC(max_age=600, s_maxage=5, immutable=True, vary=["Accept", "Origin"]),
        PUBLIC(max_age=9, must_revalidate=True, stale_if_error=None),
        PUBLIC(max_age=9, shared_with_credentials=True, stale_while_revalidate=5),
        Policy(CacheControl(no_cache=True, max_age=0), "NO_CACHE"),
        Policy(CacheControl(max_age=60, extensions=(("a", '"b, c"'),)), "EXTENDED"),
        Policy(NO_STORE.cache_control, "LOGOUT", clear_site_data=True),
        Policy(
            CacheControl(public=True, max_age=60),
            "EDGE",
            beside=(("cdn-cache-control", "max-age=9"), ("x-accel-expires", "5")),
        ),
    ]
)
_PATTERNS = (
    "/|/**|/a|/a/**|/a/*|/a/{x}|/a/{n:int}/b|/static/**|/static/*.css|/account|"
    "/account/**|/{path:path}|/A/**|/\u00fc/**|/**/x.css"
).split("|")


def _raises(request: Any, response: Any) -> bool:
    raise LookupError(request.path)


WHENS = [lambda q, a: "x" in q.path, lambda q, a: a.status == 200, _raises]

rules = st.builds(
    Rule,
    st.sampled_from([None, *_PATTERNS]),
    policies,
    methods=st.sampled_from([None, None, ["GET"], ["POST", "OPTIONS"]]),
    hosts=st.sampled_from([None, None, ["a.example"], ["*.example"]]),
    status=st.sampled_from([None, None, 200, [404, 304], range(500, 600)]),
    media_types=st.sampled_from([None, None, ["text/css"], ["text/*"]]),
    credentials=st.sampled_from([None, None, True, False]),
    when=st.sampled_from([None, None, None, *WHENS]),
    mode=st.sampled_from([None, None, None, *MODES]),
    floor=st.sampled_from([False, False, True]),
    guards=st.sampled_from([None, None, [], ["set_cookie", "cookie"]]),
)


@st.composite
def rule_sets(draw: Any, *, closed: bool = False) -> dict[str, Any]:
    """Return the options of a middleware; *closed*: nothing may loosen."""
    given = draw(st.lists(rules, max_size=4))
    if closed:
        given = [r for r in given if r.mode in (None, "stricter")]
    modes = ["stricter"] if closed else ["stricter", "stricter", *MODES]
    guards = [ALL_GUARDS] if closed else [ALL_GUARDS, ALL_GUARDS, set(), {"cookie"}]
    return {
        "rules": given,
        "default": draw(policies),
        "mode": draw(st.sampled_from(modes)),
        "guards": draw(st.sampled_from(guards)),
    }


def compiled(options: dict[str, Any]) -> RuleSet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rules may shadow one another
        return RuleSet(**options)


#: Arguments of a rule that nobody thought of.
any_text = st.text(max_size=12) | st.sampled_from(["{", "/{x", "**", "/**/", "\r\n"])
any_argument = st.none() | any_text | st.integers() | st.lists(any_text, max_size=2)

# Requests

_parts = st.sampled_from(
    "a|b|static|account|x|7|..|.|;|;v=1|%2f|%2e%2e|%252f|%5c|\\|//|?|#|%|%zz|\0|\n|\r"
    "|\t| |.css|.html|A|STATIC|\u00fc|\uff0f|\uff0e\uff0e|\ufffd|\u0130|account.css"
    "|http://h/a|$|~|:|@|*|{x}".split("|")
)
paths = st.one_of(
    st.sampled_from(
        ["/", "", "/a", "/a/b", "/static/x.css", "/account", "/account.css"]
    ),
    st.lists(_parts, max_size=6).map(lambda parts: "/" + "/".join(parts)),
    st.lists(_parts, max_size=9).map("".join),
    st.text(max_size=20),
    st.integers(1, 60).map(lambda n: "/a" + "/.." * n + ";x" * n),
    st.sampled_from(
        ["/" + "x" * 300, "/a." + "e" * 9999, "/;" + "y" * 1100, "/a/" + "%2" * 600]
    ),
)
root_paths = st.sampled_from(["", "", "", "/a", "/a/", "/static", "/\u00fc"])
methods = st.sampled_from(
    ["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "get", "M" * 9999]
)

_asked = any_case(
    texts(
        "host|cookie|authorization|accept|if-none-match|if-modified-since|if-range|"
        "range|if-match|sec-purpose|te|x-y"
    )
)
request_lines = st.lists(
    st.tuples(_asked, texts("a.example|b.c:80|a=b|Basic x|prefetch|prefetch;x|*|"))
    | st.tuples(st.binary(max_size=9), st.binary(max_size=9)),
    max_size=3,
) | st.sampled_from([[(b"cookie", b"x" * 99)] * 20])

# Answers

_control = texts(
    "no-store|NO-STORE|no-cache|private|public|max-age=60|max-age=9999|s-maxage=9|"
    'max-age="9"|max-age=abc|no-store=1|immutable|must-revalidate|no-transform|'
    'must-understand|stale-while-revalidate=9|private="x"|ext="a, no-store"|ext="a|'
    'no-store;private|a b|=|\0|\xff||max-age=-1|Max-Age=5|a="b, c"|0|60|off'
)
values = st.one_of(
    st.lists(_control, max_size=4).map(b", ".join),
    st.lists(_control, max_size=4).map(b",".join),
    _control,
    st.binary(max_size=20),
)
_caching = any_case(
    texts(
        "cache-control|cache-control|cache-control|pragma|surrogate-control|"
        "cdn-cache-control|acme-cdn-cache-control|x-accel-expires|edge-control|"
        "no-vary-search"
    )
)
#: None that depends on when it is read: past, invalid, or beyond every bound.
_dates = texts(
    "0|-1|now|Thu, 01 Jan 2015 00:01:00 GMT|Thu, 01 Jan 2015 00:00:00 GMT|\xff|"
    "Fri, 31 Dec 9999 23:59:59 GMT|Sun, 06 Nov 99999999999 08:49:37 GMT"
)
_others = any_case(
    texts("etag|last-modified|vary|set-cookie|age|x-own|clear-site-data|location|a-b")
)
answer_lines = st.lists(
    st.one_of(
        st.tuples(_caching, values),
        st.tuples(any_case(texts("expires|date")), _dates),
        st.tuples(_others, texts('a|*|Accept, Cookie|"cache"|"1"|\xff|')),
        st.tuples(
            any_case(texts("content-type")),
            texts("text/html|text/css; x=y|application/json|TEXT/CSS|;|"),
        ),
        st.tuples(st.binary(max_size=9), st.binary(max_size=9)),
    ),
    max_size=5,
)
statuses = st.sampled_from([200, 200, 200, 206, 301, 304, 404, 500, 204, 599])
exchanges = st.fixed_dictionaries(
    {
        "path": paths,
        "root_path": root_paths,
        "method": methods,
        "scheme": st.sampled_from(["http", "https"]),
        "asked": request_lines,
        "status": statuses,
        "lines": answer_lines,
        "kind": st.sampled_from(["list", "list", "tuple", "iterator", "bytearray"]),
        "marked": st.booleans(),
    }
)
