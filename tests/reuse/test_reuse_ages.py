"""RFC 9111 sections 4.2.2 and 4.2.3: heuristic freshness, and how old a response is.

Each row with its negative twin.
"""

import pytest
from reuse_driver import NOT_STORED, REUSED, REVALIDATED, at, case, check, row

OLD = f"Last-Modified: {at(-1000)}"
FUTURE = f"Expires: {at(100)}"


def fresh(what: str, one, twin):
    return row("9111 4.2.3", what, one, REUSED, twin, REVALIDATED)


HEURISTICS = [
    fresh("a tenth of the time since", case(OLD, elapsed=99), case(OLD, elapsed=100)),
    row(
        "9111 4.2.2",
        "counted from Date",
        case(f"Date: {at(-10)}", OLD, elapsed=88),
        REUSED,
        case(f"Date: {at(-10)}", OLD, elapsed=89),
        REVALIDATED,
    ),
    row(
        "9111 4.2.2",
        "not beside an explicit time",
        case("max-age=1", OLD),
        REVALIDATED,
        case("max-agee=1", OLD),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "not beside Expires",
        case(f"Expires: {at(1)}", OLD),
        REVALIDATED,
        case("X-Expires: 0", OLD),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "not beside an Expires that is no date",
        case("Expires: x", OLD),
        REVALIDATED,
        case(OLD),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "nothing to reckon with",
        case("X-A: b"),
        REVALIDATED,
        case(OLD),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "a Last-Modified that is no date",
        case("Last-Modified: x"),
        REVALIDATED,
        case(OLD),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "one in the future",
        case(f"Last-Modified: {at(9)}"),
        REVALIDATED,
        case(OLD),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "not for any status",
        case("x=1", OLD, status=503),
        NOT_STORED,
        case(OLD, status=404),
        REUSED,
    ),
    row(
        "9111 4.2.2",
        "public makes any status fit",
        case("public", OLD, status=503),
        REUSED,
        case("publik", OLD, status=503),
        NOT_STORED,
    ),
    row(
        "9111 4.2.2",
        "a query does not hinder",
        case(OLD, target="/a?b"),
        REUSED,
        case("no-cache", OLD, target="/a?b"),
        REVALIDATED,
    ),
    row(
        "9111 4.2.2",
        "s-maxage is no explicit time to a private cache",
        case("s-maxage=1", OLD, cache="private"),
        REUSED,
        case("s-maxage=1", OLD),
        REVALIDATED,
    ),
]

AGES = [
    fresh("Age", case("max-age=60", "Age: 49"), case("max-age=60", "Age: 50")),
    fresh(
        "the apparent age",
        case("max-age=60", f"Date: {at(-49)}"),
        case("max-age=60", f"Date: {at(-50)}"),
    ),
    fresh(
        "the greater of both",
        case("max-age=60", "Age: 9", f"Date: {at(-9)}"),
        case("max-age=60", "Age: 9", f"Date: {at(-50)}"),
    ),
    fresh(
        "a Date in the future is no negative age",
        case("max-age=60", f"Date: {at(99)}", elapsed=59),
        case("max-age=60", f"Date: {at(99)}", elapsed=60),
    ),
    fresh(
        "a Date that is none counts as received now",
        case("max-age=60", "Date: x"),
        case("max-age=60", "Date: x", elapsed=60),
    ),
    fresh(
        "the first Age line",
        case("max-age=60", "Age: 1", "Age: 99"),
        case("max-age=60", "Age: 99", "Age: 1"),
    ),
    fresh(
        "the first member",
        case("max-age=60", "Age: 1 , 99"),
        case("max-age=60", "Age: 99, 1"),
    ),
    fresh(
        "huge",
        case("max-age=2147483647", "Age: 1"),
        case("max-age=2147483647", "Age: " + "9" * 400),
    ),
    *(
        fresh(
            f"invalid, so ignored: {text!r}",
            case("max-age=60", f"Age: {text}"),
            case("max-age=60", "Age: 99"),
        )
        for text in ["x", "-99", "99.5", "", '"99"', "+99", "99s", "x, 99", "9 9"]
    ),
    fresh("it counts for heuristics, too", case(OLD, "Age: 89"), case(OLD, "Age: 90")),
    fresh(
        "it counts for Expires, too", case(FUTURE, "Age: 89"), case(FUTURE, "Age: 90")
    ),
]


@pytest.mark.parametrize(("one", "outcome", "twin", "other"), HEURISTICS + AGES)
def test_ages(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)
