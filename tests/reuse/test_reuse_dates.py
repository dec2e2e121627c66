"""RFC 9110 section 5.6.7: the forms of a date, as ``Expires`` is read.

Each valid form has a twin that differs in one place and is not valid, so expired
(RFC 9111 section 5.3).
"""

from datetime import UTC, datetime

import pytest
from reuse_driver import NOW, REUSED, REVALIDATED, case, check, spec

from asgi_nocache.reuse._dates import seconds_of

#: ``NOW`` is Sun, 22 Nov 2026 12:00:00 GMT.
FORMS = [
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:00"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:00 UTC"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:00 +0000"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:00 EST"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:00 Z"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 24:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:60:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:61 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:1:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "22 Nov 2026 12:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun 22 Nov 2026 12:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Now 2026 12:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 26 12:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22-Nov-2026 12:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 31 Nov 2026 12:01:00 GMT"),
    ("Tue, 01 Dec 2026 12:01:00 GMT", "Tue, 1 Dec 2026 12:01:00 GMT"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun, 22 Nov 2026 12:01:00 GMT, x"),
    ("Sun, 22 Nov 2026 12:01:00 GMT", "Sun,  22 Nov 2026 12:01:00 GMT"),
    ("\tSun, 22 Nov 2026 12:01:00 GMT ", "Sun, 22 Nov 2026 12:01:00  GMT"),
    ("sun, 22 nOV 2026 12:01:00 gmt", "sun, 22 nOV 2026 12:01:00 utc"),
    ("Sunday, 22-Nov-26 12:01:00 GMT", "Sun, 22-Nov-26 12:01:00 GMT"),
    ("SUNDAY, 22-nov-26 12:01:00 gmt", "Sunday, 22 Nov 26 12:01:00 GMT"),
    ("Sunday, 22-Nov-26 12:01:00 GMT", "Sunday, 22-Nov-2026 12:01:00 GMT"),
    ("Sunday, 22-Nov-26 12:01:00 GMT", "Sunday, 22-Nov-26 12:01:00 PST"),
    ("Sun Nov 22 12:01:00 2026", "Sun Nov 22 12:01:00 2026 GMT"),
    ("Tue Dec  1 12:01:00 2026", "Tue Dec 1 12:01:00 2026"),
    ("Tue Dec 01 12:01:00 2026", "Tue, Dec 01 12:01:00 2026"),
    ("SUN NOV 22 12:01:00 2026", "Sun Nov 22 12:01 2026"),
    ("Fri, 31 Dec 9999 23:59:60 GMT", "Fri, 31 Dec 0000 23:59:60 GMT"),
]
NEVER = [
    "0",
    "-1",
    "",
    "x",
    "now",
    "1795348860",
    "\xff",
    "Sun, 22 Nov 2026 12:00:00 GMT",
]


@pytest.mark.parametrize(("valid", "invalid"), FORMS)
def test_forms(valid: str, invalid: str) -> None:
    """What is no date is in the past (5.3), heuristics or not."""
    old = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"

    check(
        case(f"Expires: {valid}"), REUSED, case(f"Expires: {invalid}", old), REVALIDATED
    )


@pytest.mark.parametrize("value", NEVER)
def test_values_that_mean_expired(value: str) -> None:
    assert spec(case(f"Expires: {value}", elapsed=0)).outcome is REVALIDATED
    assert spec(case("Expires: Sun, 22 Nov 2026 12:00:01 GMT", elapsed=0)).outcome is (
        REUSED
    )


@pytest.mark.parametrize("field", ["Date", "Last-Modified"])
@pytest.mark.parametrize(
    "form",
    [
        "Sun, 22 Nov 2026 11:43:20 GMT",
        "sunday, 22-nov-26 11:43:20 gmt",
        "Sun Nov 22 11:43:20 2026",
    ],
)
def test_forms_in_other_fields(field: str, form: str) -> None:
    """1000 s ago in each form: an age, or a heuristic of 100 s."""
    others = ["max-age=1005"] if field == "Date" else []
    alone = spec(case(*others, elapsed=1))
    given = spec(case(*others, f"{field}: {form}", elapsed=1))

    assert given.lifetime == (1005 if field == "Date" else 100)
    assert (alone.outcome is REUSED) == (field == "Date")
    assert spec(case(*others, f"{field}: {form}", elapsed=6)).outcome is (
        REVALIDATED if field == "Date" else REUSED
    )


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Sunday, 22-Nov-26 12:00:00 GMT", 2026),
        ("Sunday, 22-Nov-27 12:00:00 GMT", 2027),
        ("Sunday, 22-Nov-76 12:00:00 GMT", 2076),  # 50 years, and no more
        ("Sunday, 22-Nov-76 12:00:01 GMT", 1976),
        ("Sunday, 21-Nov-76 23:59:60 GMT", 2076),
        ("Sunday, 22-Nov-77 12:00:00 GMT", 1977),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 1994),
        ("Sunday, 06-Nov-00 08:49:37 GMT", 2000),
    ],
)
def test_years_of_two_digits(text: str, year: int) -> None:
    """More than 50 years ahead is the past (RFC 9110 section 5.6.7)."""
    found = seconds_of(text.encode(), NOW)

    assert found is not None
    assert datetime.fromtimestamp(found, UTC).year == year


def test_a_leap_second_is_the_next_one() -> None:
    """And the same moment in each form."""
    forms = [
        b"Sat, 31 Dec 2016 23:59:60 GMT",
        b"Saturday, 31-Dec-16 23:59:60 GMT",
        b"Sat Dec 31 23:59:60 2016",
        b"Sun, 01 Jan 2017 00:00:00 GMT",
    ]

    assert {seconds_of(form, NOW) for form in forms} == {1483228800.0}
    assert seconds_of(b"Sat, 31 Dec 2016 23:59:59 GMT", NOW) == 1483228799.0


@pytest.mark.parametrize("now", [0.0, NOW, 253402300799.0, 1e12, 1e300])
def test_no_clock_is_too_far_off(now: float) -> None:
    """A two-digit year is told even by milliseconds that were meant as seconds."""
    assert seconds_of(b"Sunday, 06-Nov-94 08:49:37 GMT", now) is not None
    assert seconds_of(b"Sunday, 31-Nov-94 08:49:37 GMT", now) is None
