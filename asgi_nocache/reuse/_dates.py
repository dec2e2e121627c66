"""HTTP-date (RFC 9110 section 5.6.7) in its three forms, for comparing.

Letter case does not count, and no zone but GMT does (RFC 9111 section 4.2).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), 1)}
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_SHORT = "(?:mon|tue|wed|thu|fri|sat|sun)"
_LONG = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_FORMS = [
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"{_SHORT}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",
        rf"{_LONG}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT",
        rf"{_SHORT} {_MONTH} (?P<day>\d\d| \d) {_TIME} (?P<year>\d{{4}})",
    )
]
_HALF_CENTURY = 50  # years
_LAST = datetime.max.replace(tzinfo=UTC).timestamp() - 1  # of the calendar


def seconds_of(value: bytes, now: float) -> float | None:
    """Return the time that *value* names, in seconds since the epoch.

    Args:
        value: A field value.
        now: By which a year of two digits is told: a time that seems more than
            50 years ahead is in the past.

    Returns:
        None if it is not a valid HTTP-date.
    """
    text = value.decode("latin-1").strip(" \t")
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _timestamp(found.groupdict(), now)
    return None


def _timestamp(part: dict[str, str], now: float) -> float | None:
    month = _MONTHS[part["month"].lower()]
    names = ("year", "day", "hour", "minute", "second")
    year, day, hour, minute, second = (int(part[name]) for name in names)
    if len(part["year"]) == 2:
        this = datetime.fromtimestamp(min(now, _LAST), UTC)
        year += this.year - this.year % 100
        if (year - _HALF_CENTURY, month, day, hour, minute, second) > (
            this.timetuple()[:6]
        ):
            year -= 100
    leap = second == 60
    try:
        moment = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    except ValueError:
        return None
    # Past the end of the calendar a leap second has no room.
    return moment.timestamp() + timedelta(seconds=leap).total_seconds()
