"""Raw field lists: read, normalise, remove, add. Letter case is ignored.

A field list is an ordered sequence of (name, value) pairs of bytes. What a
field *means* does not belong here; that is directives.py and decision.py.
Every function returns something new and leaves its input as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

Field = tuple[bytes, bytes]
Fields = tuple[Field, ...]


def normalise(pairs: Iterable[Sequence[bytes]]) -> list[Field]:
    """Return *pairs* as a list of tuples of real ``bytes``, in one pass.

    ASGI allows any iterable of two-item iterables of byte strings: seen in the
    field are tuples, list pairs, single-use generators and bytearrays.
    """
    return [
        (
            name if type(name) is bytes else bytes(name),
            value if type(value) is bytes else bytes(value),
        )
        for name, value in pairs
    ]


def values(fields: Iterable[Field], name: bytes) -> list[bytes]:
    """Return the values of all lines called *name* (lower case), in order."""
    return [v for k, v in fields if k.lower() == name]


def has(fields: Iterable[Field], name: bytes) -> bool:
    """Tell whether a line called *name* (lower case) is present."""
    return any(k.lower() == name for k, _ in fields)


def without(fields: Iterable[Field], names: AbstractSet[bytes]) -> list[Field]:
    """Return the lines whose lower-cased name is not in *names*."""
    return [(k, v) for k, v in fields if k.lower() not in names]


def list_members(lines: Iterable[bytes]) -> list[str]:
    """Return the members of a comma-separated field such as ``Vary``.

    Only for fields whose members are tokens; it does not know quotes.
    """
    text = b",".join(lines).decode("latin-1")
    return [member for part in text.split(",") if (member := part.strip())]


def is_token(text: str) -> bool:
    """Tell whether *text* is a token of RFC 9110 section 5.6.2."""
    return bool(text) and all(
        c.isascii() and (c.isalnum() or c in _TCHAR) for c in text
    )


def is_field_value(text: str) -> bool:
    """Tell whether *text* may be sent as a field value (RFC 9110 section 5.5).

    Visible ASCII with single spaces or tabs inside; so CR, LF and NUL, with
    which a response could be split, cannot pass.
    """
    return (
        bool(text)
        and text == text.strip()
        and all(" " <= c <= "~" or c == "\t" for c in text)
    )


_TCHAR = frozenset("!#$%&'*+-.^_`|~")
