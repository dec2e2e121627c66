"""Sent: what the app itself said about caching, read strictly.

Reading only; how it is joined with a policy is decision.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime

from . import fields as f
from .cache_control import CacheControl
from .directives import DELTA_MAX
from .facts import ResponseFacts
from .policy import is_side_field, side_texts
from .strictness import Level

#: The fields that every policy replaces. Side fields are replaced by level.
CACHING_FIELDS = frozenset({b"cache-control", b"pragma", b"expires"})


@dataclass(frozen=True, slots=True)
class Sent:
    """What the app said about caching.

    Attributes:
        lines: The field lines, with lower-case names.
        cache_control: What they permit, all of them taken together.
    """

    lines: f.Fields
    cache_control: CacheControl

    @property
    def side_fields(self) -> list[bytes]:
        """The names of the lines that can outrank ``Cache-Control``."""
        return [k for k, _ in self.lines if is_side_field(k)]

    @property
    def says_anything(self) -> bool:
        """Whether a field that sets caching is present."""
        return any(not is_side_field(k) or side_texts(k) for k, _ in self.lines)

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of the lines called *name*."""
        return [v for k, v in self.lines if k == name]


def read_sent(
    response: ResponseFacts, declared: CacheControl | None, now: float | None = None
) -> Sent:
    """Read what the app said about caching, as strictly as it can be meant."""
    lines = tuple(
        (name, value)
        for name, value in ((k.lower(), v) for k, v in response.fields)
        if name in CACHING_FIELDS or is_side_field(name)
    )
    sent = Sent(lines, CacheControl())
    said = sent.values(b"cache-control")
    fresh = declared is not None and declared.strictness.private is Level.FRESH
    if said == [b"no-cache"] and fresh:
        # Flask's send_file says so of every file, whatever was declared.
        said, lines = [], tuple(line for line in lines if line[0] != b"cache-control")
    control = CacheControl.parse(said)
    if any(b"no-cache" in value.lower() for value in sent.values(b"pragma")):
        control = control.join(CacheControl(no_cache=True))
    expires = sent.values(b"expires")
    if expires and control.max_age is None and not control.no_store:
        lifetime = _lifetime(expires, f.values(response.fields, b"date"), now)
        control = replace(control, max_age=lifetime).canonical()
    return Sent(lines, control)


def _lifetime(expires: list[bytes], date: list[bytes], now: float | None) -> int:
    """Return seconds from ``Date`` to ``Expires``, 0 where one is not a date.

    RFC 9111 section 5.3: an invalid date, and the value 0, are in the past.
    """
    ends = [_timestamp(value) for value in expires]
    begins = _timestamp(date[0]) if date else now
    if begins is None or None in ends:
        return 0
    least = min(end for end in ends if end is not None)
    return max(0, min(int(least - begins), DELTA_MAX))


def _timestamp(value: bytes) -> float | None:
    try:
        date = parsedate_to_datetime(value.decode("latin-1"))
        # RFC 9110 section 5.6.7: also the obsolete forms mean UTC.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
