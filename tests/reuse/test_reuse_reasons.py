"""The reason and the section that each main outcome names, and wrong arguments.

The numbering is that of the RFCs as published.
"""

import re
from typing import Any

import pytest
from reuse_driver import NOW, REUSED, Case, at, case, spec, worst

from asgi_nocache.reuse import Outcome, predict

AUTH = ("Authorization: x",)
OLD = f"Last-Modified: {at(-1000)}"
SWR = "max-age=1, stale-while-revalidate=60"


def asks(text: str, cc: str = "max-age=60", **options: Any) -> Case:
    return case(cc, asks=(text,), **options)


REASONS = [
    (case(method="PUT"), "RFC 9110 9.2.3", "PUT"),
    (case(method="POST"), "RFC 9110 9.3.3", "POST"),
    (case(status=103), "RFC 9111 3", "103"),
    (case(status=304), "RFC 9111 4.3.4", "304"),
    (case(status=302), "RFC 9111 3", "302"),
    (case("must-understand", status=599), "RFC 9111 5.2.2.3", "must-understand"),
    (case("no-store"), "RFC 9111 5.2.2.5", "no-store in Cache-Control"),
    (case("CDN-Cache-Control: no-store"), "RFC 9111 5.2.2.5", "in CDN-Cache-Control"),
    (case("private"), "RFC 9111 5.2.2.7", "private"),
    (case(sent=("no-store",)), "RFC 9111 5.2.1.5", "the request said no-store"),
    (case(sent=AUTH), "RFC 9111 3.5", "Authorization"),
    (case(there="/b"), "RFC 9111 4", "another target"),
    (case(then="PUT"), "RFC 9111 4", "PUT"),
    (case("Vary: *"), "RFC 9111 4.1", "Vary: *"),
    (case("Vary: X", asks=("X: a",)), "RFC 9111 4.1", "another X"),
    (case(status=206), "RFC 9111 3.3", "part"),
    (case("no-cache"), "RFC 9111 5.2.2.4", "no-cache in Cache-Control"),
    (case("max-age=60"), "RFC 9111 5.2.2.1", "fresh: max-age=60, of age 10"),
    (case("max-age=9"), "RFC 9111 5.2.2.1", "stale: max-age=9, of age 10"),
    (case("s-maxage=60"), "RFC 9111 5.2.2.10", "fresh: s-maxage=60"),
    (case("s-maxage=x"), "RFC 9111 4.2.1", "s-maxage is invalid"),
    (case("max-age=x"), "RFC 9111 4.2.1", "max-age is invalid"),
    (case(f"Expires: {at(60)}"), "RFC 9111 5.3", "fresh: Expires"),
    (case("Expires: 0"), "RFC 9111 5.3", "not a valid date"),
    (case(OLD), "RFC 9111 4.2.2", "heuristic"),
    (case("Last-Modified: x"), "RFC 9111 4.2.2", "no heuristic"),
    (case(), "RFC 9111 4.2.2", "no expiration time"),
    (case(etag=False), "RFC 9111 4.2.2", "without a validator"),
    (case(SWR), "RFC 5861 3", "stale-while-revalidate=60"),
    (asks("max-age=1"), "RFC 9111 5.2.1.1", "max-age=1"),
    (asks("max-stale=9", "max-age=1"), "RFC 9111 5.2.1.2", "max-stale=9"),
    (asks("max-stale", "max-age=1"), "RFC 9111 5.2.1.2", "max-stale"),
    (asks("min-fresh=51"), "RFC 9111 5.2.1.3", "min-fresh=51"),
    (asks("no-cache"), "RFC 9111 5.2.1.4", "no-cache in Cache-Control"),
    (asks("only-if-cached", "max-age=1"), "RFC 9111 5.2.1.7", "504"),
    (asks("Pragma: no-cache"), "RFC 9111 5.4", "no-cache in Pragma"),
]


@pytest.mark.parametrize(("one", "reference", "words"), REASONS)
def test_the_reason(one: Case, reference: str, words: str) -> None:
    found = spec(one)

    assert found.reference == reference
    assert words in found.reason


@pytest.mark.parametrize(("one", "reference", "words"), REASONS)
def test_another_case_has_another_reason(one: Case, reference: str, words: str) -> None:
    """The negative twin: a case that is not told from all others tells nothing."""
    others = {spec(other).reason for other, *_ in REASONS if other != one}

    assert spec(one).reason not in others


@pytest.mark.parametrize("one", [one for one, *_ in REASONS])
def test_the_worst_case_has_reasons(one: Case) -> None:
    """One sentence and a source, without a full stop, that fit into a table."""
    for found in (spec(one), worst(one)):
        assert found.reason
        assert not found.reason.endswith(".")
        assert "\n" not in found.reason
        assert re.fullmatch(
            r"RFC \d{4} \d[\d.]*|measured or documented deviation"
            r"|no known deviation|Fastly docs",
            found.reference,
        )


def test_the_order_of_outcomes() -> None:
    """From the least reuse to the most."""
    assert [outcome.rank for outcome in Outcome] == [0, 1, 2, 3]
    assert [outcome.value for outcome in Outcome] == [
        *("not stored", "forwarded", "revalidated", "reused")
    ]


PLAIN = {"cache": "shared", "elapsed": 0.0, "response_time": NOW}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("cache", value) for value in ["", "Shared", "public", None, 1]),
        *(
            (name, value)
            for name in ("elapsed", "response_time")
            for value in [-1, -0.001, float("inf"), float("-inf"), float("nan")]
        ),
    ],
)
def test_wrong_arguments(name: str, value: Any) -> None:
    """The message names the value; the plain ones are right."""
    one = case("max-age=60")

    with pytest.raises(ValueError, match=re.escape(repr(value))) as raised:
        predict(one.stored, one.request, **(PLAIN | {name: value}))

    assert name in str(raised.value)
    assert predict(one.stored, one.request, **PLAIN).outcome is REUSED
