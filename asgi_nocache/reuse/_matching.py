"""Whether a stored response belongs to a request: target, method, Vary, range.

RFC 9111 sections 4 and 4.1. Freshness is not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Container
from urllib.parse import urljoin

from .._core import fields as f
from .._core.facts import RequestFacts
from ._values import Exchange

#: For which methods a stored response may answer, by the method it was stored for.
ANSWERS = {
    "GET": frozenset({"GET", "HEAD"}),
    "HEAD": frozenset({"HEAD"}),
    "POST": frozenset({"GET", "HEAD"}),  # RFC 9110 section 9.3.3
}
_PORTS = {"http": ":80", "https": ":443"}
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.IGNORECASE)
_CONTENT_RANGE = re.compile(
    r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)", re.IGNORECASE
)
#: What may be folded, and the quoted strings where nothing may. A quote without an
#: end counts up to the end of the text, so the expression never backtracks far.
_FOLDED = re.compile(r'("(?:[^"\\]|\\.?)*(?:"|\Z))|([ \t]*,[ \t]*)|[ \t]+', re.DOTALL)


def mismatch(stored: Exchange, request: RequestFacts) -> tuple[str, str] | None:
    """Return why *stored* cannot answer *request*, and where that stands."""
    if uri(stored.request) != uri(request):
        return "another target", "RFC 9111 4"
    method = stored.request.method
    if request.method not in ANSWERS.get(method, ()):
        return (
            f"a stored response to {method} does not answer {request.method}",
            "RFC 9111 4",
        )
    return varies(stored, request) or _partial(stored, request)


def uri(request: RequestFacts) -> str:
    """Return the target URI (RFC 9110 section 7.1), with scheme and host folded."""
    target = request.target.partition("#")[0]
    scheme, lines = request.scheme, f.values(request.fields, b"host")
    host = lines[0].decode("latin-1").strip(" \t") if lines else ""
    if re.match("[A-Za-z][A-Za-z0-9+.-]*://", target):  # absolute-form
        scheme, _, rest = target.partition("://")
        host, slash, target = _cut(rest)
        target = slash + target
    scheme, host = scheme.lower(), host.lower()
    host = host.removesuffix(_PORTS.get(scheme, ":")).removesuffix(":")
    if not target.startswith("/"):
        target = "/" + target
    return f"{scheme}://{host}{target}"


def _cut(rest: str) -> tuple[str, str, str]:
    """Split an authority from what follows: a path, or at once a query."""
    found = re.search("[/?]", rest)
    if found is None:
        return rest, "", ""
    return rest[: found.start()], found[0], rest[found.end() :]


def names_target(location: bytes, request: RequestFacts) -> bool:
    """Tell whether a Content-Location is the target URI of *request*."""
    own = uri(request)
    try:
        there = urljoin(own, location.decode("latin-1").strip(" \t"))
    except ValueError:  # brackets that hold no address
        return False
    return uri(RequestFacts(target=there)) == own


def varies(stored: Exchange, request: RequestFacts) -> tuple[str, str] | None:
    """Return which field that Vary names differs, ``*`` always (section 4.1)."""
    members = f.list_members(f.values(stored.response.fields, b"vary"))
    # Each name once, and each field: both lists are as long as a stranger likes.
    names = {name.encode("latin-1").lower(): name for name in members}
    if b"*" in names:
        return "Vary: * matches no request", "RFC 9111 4.1"
    there, here = (_selecting(r, names) for r in (stored.request, request))
    for key, name in names.items():
        if there.get(key) != here.get(key):
            return f"another {name}, which Vary names", "RFC 9111 4.1"
    return None


def _selecting(request: RequestFacts, wanted: Container[bytes]) -> dict[bytes, str]:
    """Return the fields of those names, each with its lines as one list."""
    lines: dict[bytes, list[bytes]] = {}
    for raw_name, value in request.fields:
        name = raw_name.lower()
        if name in wanted:
            lines.setdefault(name, []).append(value)
    return {name: _one_form(b",".join(values)) for name, values in lines.items()}


def _one_form(value: bytes) -> str:
    """Return a field value with its white space folded where syntax allows it."""

    def fold(found: re.Match[str]) -> str:
        return found[1] or ("," if found[2] else " ")

    return _FOLDED.sub(fold, value.decode("latin-1").strip(" \t"))


def _partial(stored: Exchange, request: RequestFacts) -> tuple[str, str] | None:
    """Return why a stored part does not answer; a whole one answers a range, too."""
    if stored.response.status != 206:
        return None
    wanted = _only(_RANGE, f.values(request.fields, b"range"))
    have = _only(_CONTENT_RANGE, f.values(stored.response.fields, b"content-range"))
    if wanted and have and _is_within(wanted, have) and _is_same(stored, request):
        return None
    return "only a part is stored, and the request wants more", "RFC 9111 3.3"


def _only(form: re.Pattern[str], lines: list[bytes]) -> tuple[str, ...] | None:
    """Return the parts of a field that has one line, and that in this form."""
    if len(lines) != 1:
        return None
    found = form.fullmatch(lines[0].decode("latin-1").strip(" \t"))
    return found.groups() if found else None


def _is_within(wanted: tuple[str, ...], have: tuple[str, ...]) -> bool:
    """Tell whether one range of bytes lies wholly in a stored one.

    The end may be left open or the start counted from there (RFC 9110 section
    14.1.2), if the complete length is known.
    """
    first, last = wanted
    low, high = int(have[0]), int(have[1])
    if have[2] == "*":
        return bool(first and last) and low <= int(first) <= int(last) <= high
    end = int(have[2]) - 1
    if first:
        start, stop = int(first), min(int(last or end), end)
    else:
        start, stop = max(0, end + 1 - int(last or 0)), end
    return low <= start <= stop <= high


def _is_same(stored: Exchange, request: RequestFacts) -> bool:
    """Tell whether the part is of what If-Range names (RFC 9110 section 13.1.5)."""
    kept = stored.response.fields
    validators = f.values(kept, b"etag") + f.values(kept, b"last-modified")
    return all(
        line in validators and not line.startswith(b"W/")
        for line in f.values(request.fields, b"if-range")
    )
