"""Guards: what raises strictness whatever the path says. One table.

A guard sees the facts of one exchange and the policy that was selected for it;
it raises, never lowers. When guards run is decision.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .cache_control import CacheControl
from .facts import RequestFacts, ResponseFacts

_PRIVATE = CacheControl(private=True)
_NO_STORE = CacheControl(no_store=True)

#: RFC 9110 section 9.2.1, less TRACE: a method we do not know may change state.
#: Preflight answers (OPTIONS) are left to the policy.
_QUIET_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: File extensions that caches take for static content, and what their media
#: types have in common.
STATIC_EXTENSIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("js", "mjs", "cjs"), ("javascript", "ecmascript")),
    **dict.fromkeys(("json", "map", "webmanifest", "geojson"), ("json",)),
    **dict.fromkeys(("txt", "md", "log"), ("text/plain", "markdown")),
    **dict.fromkeys(("xml", "rss", "atom", "xsl", "kml"), ("xml",)),
    **dict.fromkeys(("htm", "html", "xhtml"), ("html",)),
    **dict.fromkeys(
        "png jpg jpeg gif ico webp avif bmp tif tiff svg svgz".split(), ("image/",)
    ),
    **dict.fromkeys("woff woff2 ttf otf eot".split(), ("font",)),
    **dict.fromkeys(
        "mp3 mp4 webm ogg avi mov mkv flac wav mid midi".split(), ("audio/", "video/")
    ),
    **dict.fromkeys(
        "zip gz bz2 7z rar tar tgz zst exe dmg iso jar class apk bin swf pict ejs eps "
        "ps pdf doc docx xls xlsx ppt pptx wasm".split(),
        ("application/vnd.",),
    ),
    "css": ("css",),
    "csv": ("csv",),
}
#: What a dynamic page or API answers with, in any of its media types.
DYNAMIC_PARTS = (
    "html",
    "json",
    "xml",
    "text/plain",
    "csv",
    "javascript",
    "event-stream",
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a guard looks at.

    Attributes:
        request: The request.
        response: The response, as the app sent it.
        paths: The spellings of the path.
        ambiguous: Whether they select different policies.
        sent: What the app's own fields permit.
        left: What is left of it, joined with what was selected.
        said_public: Whether all selected policies say public in words.
        shared_with_credentials: Whether the policy says so.
    """

    request: RequestFacts
    response: ResponseFacts
    paths: tuple[str, ...]
    ambiguous: bool
    sent: CacheControl
    left: CacheControl
    said_public: bool
    shared_with_credentials: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """One row of the table: a name, what it raises to, and when, and why.

    Without *raises_to*, it is the default that is joined in.
    """

    name: str
    raises_to: CacheControl | None
    fires: Callable[[Situation], bool]
    reason: str
    reference: str


def extension(path: str) -> str:
    """Return the final extension of *path*, lower case, ``""`` if it has none."""
    _, dot, last = path.rpartition("/")[2].rpartition(".")
    return last.lower() if dot else ""


def contradicts(ext: str, media_type: str) -> bool:
    """Tell whether *media_type* is dynamic content under a static-looking *ext*."""
    expected = STATIC_EXTENSIONS.get(ext)
    if expected is None or not any(part in media_type for part in DYNAMIC_PARTS):
        return False
    return not any(part in media_type for part in expected)


def _cookie(x: Situation) -> bool:
    # What the join took away says nothing any more.
    sent_shared = (x.sent.public and x.left.public) or (
        x.sent.s_maxage is not None and x.left.s_maxage is not None
    )
    return x.request.has_cookie and not (x.said_public or sent_shared)


def _extension_mismatch(x: Situation) -> bool:
    return x.response.status in (200, 203, 206) and any(
        contradicts(extension(path), x.response.media_type) for path in x.paths
    )


GUARDS: tuple[Guard, ...] = (
    Guard(
        "set_cookie",
        _PRIVATE,
        lambda x: x.response.sets_cookie,
        "the response sets a cookie",
        "RFC 9111 7.3",
    ),
    Guard(
        "authorization",
        _PRIVATE,
        lambda x: x.request.has_authorization and not x.shared_with_credentials,
        "the request carries Authorization",
        "RFC 9111 3.5",
    ),
    Guard(
        "cookie",
        _PRIVATE,
        _cookie,
        "the request carries Cookie and nothing says public",
        "RFC 9111 7.3",
    ),
    Guard(
        "error_status",
        _NO_STORE,
        lambda x: x.response.status >= 400,
        "the response is an error",
        "RFC 9110 15.1",
    ),
    Guard(
        "unsafe_method",
        _NO_STORE,
        lambda x: x.request.method not in _QUIET_METHODS,
        "the method may change state",
        "RFC 9110 9.2.1",
    ),
    Guard(
        "extension_mismatch",
        _NO_STORE,
        _extension_mismatch,
        "a static-looking path answers with dynamic content",
        "web cache deception",
    ),
    Guard(
        "ambiguous_target",
        None,
        lambda x: x.ambiguous,
        "spellings of the path select different policies",
        "web cache deception",
    ),
)

#: The names of all guards: the default of ``guards=``.
ALL_GUARDS = frozenset(guard.name for guard in GUARDS)
