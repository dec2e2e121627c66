"""What was measured of real caches lies inside of the worst case, and no is no.

The deviations one by one are test_reuse_worst.py's.
"""

from typing import Any

import pytest
from reuse_driver import (
    FORWARDED,
    NOT_STORED,
    REUSED,
    REVALIDATED,
    Case,
    Outcome,
    at,
    case,
    worst,
)

AUTH = ("Authorization: x",)
OLD = f"Last-Modified: {at(-1e8)}"
PRAGMA = "Pragma: no-cache"
LEGACY = "no-store, no-cache, must-revalidate, max-age=0"
DEFAULT = "no-store, no-cache, must-revalidate, private, max-age=0"
EPOCH = "Expires: Thu, 01 Jan 1970 00:00:01 GMT"


def mine(*texts: str, **options: Any) -> Case:
    """Return a case in a private cache."""
    return case(*texts, cache="private", **options)


SAYS_NO = [
    (DEFAULT, PRAGMA, EPOCH),
    (LEGACY, PRAGMA, EPOCH),
    (DEFAULT, PRAGMA, "Surrogate-Control: no-store, max-age=0", "X-Accel-Expires: 0"),
    ("private, no-store, no-cache, max-age=0, must-revalidate", PRAGMA, "Expires: 0"),
]


@pytest.mark.parametrize("status", [200, 206, 301, 302, 308, 404, 410, 500, 503])
@pytest.mark.parametrize("cache", ["private", "shared"])
@pytest.mark.parametrize("texts", SAYS_NO)
def test_what_every_cache_honours(
    texts: tuple[str, ...], cache: Any, status: int
) -> None:
    """With a validator, an old Last-Modified and Authorization, too."""
    one = case(*texts, OLD, cache=cache, status=status, sent=AUTH)
    bare = case(OLD, cache=cache, status=status, sent=AUTH)

    assert worst(one).outcome is NOT_STORED
    assert worst(bare).outcome is REUSED


#: Of each measured row the most that a shared and that a private cache did with the
#: second request; None where every one asked the origin as ever.
MEASURED: list[
    tuple[tuple[str, ...], dict[str, Any], Outcome | None, Outcome | None]
] = [
    ((), {"etag": False}, REUSED, REUSED),
    ((OLD,), {"etag": False}, REUSED, REUSED),
    ((), {}, REUSED, REUSED),
    (("no-cache",), {}, REVALIDATED, REVALIDATED),
    (("private", OLD), {"etag": False}, None, REUSED),
    (("private, no-cache",), {}, None, REVALIDATED),
    (("max-age=0",), {}, REVALIDATED, REVALIDATED),
    (("max-age=0, must-revalidate", OLD), {}, REVALIDATED, REVALIDATED),
    (("must-revalidate", OLD), {}, REUSED, REUSED),
    (("s-maxage=3600, max-age=0",), {}, REUSED, None),
    (("max-age=3600",), {}, REUSED, REUSED),
    (("max-age=3600", "Set-Cookie: a=b"), {}, REUSED, REUSED),
    (("Expires: -1", OLD), {}, REUSED, REUSED),
    (("Expires: Thu, 01 Jan 1970 00:00:00 GMT", OLD), {}, REUSED, REVALIDATED),
    ((PRAGMA, OLD), {}, REUSED, REUSED),
    ((PRAGMA, "max-age=3600"), {}, REUSED, REUSED),
    (("Surrogate-Control: no-store", "max-age=60"), {}, REUSED, REUSED),
    (("X-Accel-Expires: 0", "max-age=60"), {}, REUSED, REUSED),
    (("no-cache, public, max-age=3600",), {}, REUSED, REUSED),
    (("no-store, public, max-age=3600",), {}, REUSED, None),
    (("X-Accel-Expires: 3600", LEGACY, PRAGMA, "Expires: -1"), {}, REUSED, None),
    (("no-store", "Surrogate-Control: max-age=60"), {}, REUSED, None),
    ((LEGACY, "Surrogate-Control: max-age=60"), {}, FORWARDED, None),
    (("NO-STORE",), {}, FORWARDED, None),
    (("No-Store", OLD), {}, REUSED, None),
    ((), {"status": 404}, REUSED, None),
    ((), {"status": 410}, REUSED, REUSED),
    ((), {"status": 301}, REUSED, REUSED),
    ((), {"status": 308}, REUSED, REUSED),
    ((), {"status": 503}, REUSED, None),
    (("max-age=3600",), {"sent": AUTH, "asks": AUTH}, REUSED, REUSED),
    (("max-age=60, must-revalidate",), {"sent": AUTH}, REUSED, REUSED),
]


@pytest.mark.parametrize(("texts", "options", "shared", "private"), MEASURED)
def test_what_was_measured_lies_inside(
    texts: tuple[str, ...],
    options: dict[str, Any],
    shared: Outcome | None,
    private: Outcome | None,
) -> None:
    """Of the upper bound; the twin says that the bound is one."""
    for most, one in [
        (shared, case(*texts, **options)),
        (private, mine(*texts, **options)),
    ]:
        assert worst(one).outcome.rank >= (most or NOT_STORED).rank
    never = case(DEFAULT, PRAGMA, EPOCH, **options)

    assert worst(never).outcome is NOT_STORED
