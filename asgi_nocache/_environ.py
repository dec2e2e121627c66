"""A WSGI environ and an ASGI scope: one made of the other, and kept in step.

No policy here, and no server: who runs the app is the bridge's or the WSGI
middleware's.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from ._box import KEY
from ._core.fields import Field
from ._core.readings import relative_path

#: The key of an environ under which the scope stands that it belongs to.
SCOPE = "asgi_nocache.scope"

Environ = MutableMapping[str, Any]

#: Fields that an environ holds without the prefix (PEP 3333).
_BARE = {"CONTENT_TYPE": b"content-type", "CONTENT_LENGTH": b"content-length"}


def connect(environ: Environ, scope: MutableMapping[str, Any]) -> None:
    """Let code that sees *environ* find *scope*, and the box follow in both."""
    environ[SCOPE] = scope
    preconditions = scope.get(KEY, {}).get("preconditions")
    if preconditions is not None:
        preconditions.follow(environ)


def mend(environ: Environ, scope: MutableMapping[str, Any]) -> None:
    """Correct what asgiref makes of *scope*."""
    root_path = scope.get("root_path", "").rstrip("/")
    path = relative_path(scope["path"], root_path)
    environ["SCRIPT_NAME"] = _wsgi_text(root_path)
    # The root of a mount is "" there: "/" would be a path of its own.
    environ["PATH_INFO"] = "" if scope["path"] == root_path else _wsgi_text(path)
    environ["QUERY_STRING"] = scope["query_string"].decode("latin-1")
    cookies = [v for k, v in scope.get("headers", ()) if k == b"cookie"]
    if len(cookies) > 1:  # RFC 9113 section 8.2.3
        environ["HTTP_COOKIE"] = b"; ".join(cookies).decode("latin-1")
    if "CONTENT_LENGTH" not in environ:
        environ["wsgi.input_terminated"] = True  # a chunked body has an end, too


def unambiguous(fields: Iterable[Field]) -> list[Field]:
    """Return *fields* without those that pass for others in an environ.

    ``x_user`` and ``x-user`` are one there, so that a client could set what only
    a proxy may.
    """
    return [line for line in fields if b"_" not in line[0]]


def scope_of(environ: Environ) -> dict[str, Any]:
    """Return the scope that *environ* would have come from."""
    root_path = _text(environ.get("SCRIPT_NAME", ""))
    path = root_path + _text(environ.get("PATH_INFO", ""))
    fields = [
        (name, value.encode("latin-1"))
        for key, value in environ.items()
        if (name := _field_name(key)) and isinstance(value, str) and value
    ]
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": path or "/",
        "root_path": root_path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": fields,
    }


def _field_name(key: str) -> bytes:
    if key.startswith("HTTP_"):
        return key[5:].lower().replace("_", "-").encode("latin-1")
    return _BARE.get(key, b"")


def _wsgi_text(text: str) -> str:
    """Return *text* as WSGI has it: each byte a character (PEP 3333)."""
    return text.encode().decode("latin-1")


def _text(wsgi_text: str) -> str:
    return wsgi_text.encode("latin-1").decode(errors="replace")
