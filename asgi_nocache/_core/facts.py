"""What is known about one exchange: RequestFacts, ResponseFacts.

Frozen values built once by a shell, read by everything else. Facts only: no
conclusions (they are decision.py's), no framework objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import fields as f

if TYPE_CHECKING:
    from .selection import Mark, Selection

#: A request with one of these is answered for one user (RFC 9111 section 3.5
#: names only Authorization; sessions travel in cookies).
CREDENTIALS = frozenset({b"authorization", b"cookie"})


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request, as it is known before the app runs.

    Args:
        method: The method, as sent: methods are case-sensitive.
        target: The request target: path and query, as on the request line.
        fields: Ordered ``(name, value)`` byte pairs.
        path: The path decoded once. Left out, it is taken from *target*.
        root_path: Where the app is mounted, ASGI's ``root_path``.
        scheme: ``"http"`` or ``"https"``.
    """

    method: str = "GET"
    target: str = "/"
    fields: f.Fields = ()
    path: str = field(default="", kw_only=True)
    root_path: str = field(default="", kw_only=True)
    scheme: str = field(default="http", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _byte_pairs(self.fields))
        if not self.path:
            object.__setattr__(self, "path", _path_of(self.target))

    @property
    def has_authorization(self) -> bool:
        """Whether the request carries ``Authorization``."""
        return f.has(self.fields, b"authorization")

    @property
    def has_cookie(self) -> bool:
        """Whether the request carries ``Cookie``."""
        return f.has(self.fields, b"cookie")

    @property
    def has_credentials(self) -> bool:
        """Whether the request carries ``Authorization`` or ``Cookie``."""
        return self.has_authorization or self.has_cookie

    @property
    def is_prefetch(self) -> bool:
        """Whether a browser asks before anyone wanted it (``Sec-Purpose``)."""
        lines = f.values(self.fields, b"sec-purpose")
        members = [each for line in lines for each in line.split(b",")]
        return any(m.split(b";")[0].strip().lower() == b"prefetch" for m in members)

    @property
    def host(self) -> str:
        """The ``Host`` field, lower case, without its port; ``""`` if absent."""
        lines = f.values(self.fields, b"host")
        text = lines[0].decode("latin-1").strip().lower() if lines else ""
        name, colon, port = text.rpartition(":")
        if colon and (port.isdigit() or not port):
            text = name
        return text.removesuffix(".")


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """A response, as it is known when its start is sent.

    Args:
        status: The status code.
        fields: Ordered ``(name, value)`` byte pairs, as the app sent them.
        endpoint: The dotted name of what answered, ``""`` if the host gave none.
        names: What else its host calls it: the route's name (Flask's endpoint)
            and its template.
        tags: The tags of the route that answered; Flask's blueprints.
        marks: The marks of the endpoint, from its decorators and its code.
        inner: What an instance nested inside this one selected.
    """

    status: int = 200
    fields: f.Fields = ()
    endpoint: str = field(default="", kw_only=True)
    names: frozenset[str] = field(default=frozenset(), kw_only=True)
    tags: frozenset[str] = field(default=frozenset(), kw_only=True)
    marks: tuple[Mark, ...] = field(default=(), kw_only=True)
    inner: Selection | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _byte_pairs(self.fields))

    @property
    def sets_cookie(self) -> bool:
        """Whether the response carries ``Set-Cookie``."""
        return f.has(self.fields, b"set-cookie")

    @property
    def media_type(self) -> str:
        """The media type, lower case and without parameters; ``""`` if absent."""
        lines = f.values(self.fields, b"content-type")
        text = lines[-1].decode("latin-1") if lines else ""
        return text.partition(";")[0].strip().lower()


def _byte_pairs(fields: Any) -> f.Fields:
    """Return *fields* as byte pairs; hosts that are not ASGI often hold text."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return tuple(f.normalise((_bytes_of(k), _bytes_of(v)) for k, v in pairs))


def _bytes_of(part: Any) -> Any:
    return part.encode("latin-1") if isinstance(part, str) else part


def _path_of(target: str) -> str:
    """Return the path of *target*, decoded once; ``/`` where there is none."""
    if "://" in target and not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    return unquote(target.partition("?")[0], errors="replace") or "/"
