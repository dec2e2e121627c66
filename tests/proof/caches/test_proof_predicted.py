"""Comparing predictions with what was measured: it counts, and it can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proof_predicted import compare
from proof_record import Cell, Column, Exchange, Lines, Outcome, Proof, Step

DATE = ("date", "Sun, 22 Nov 2026 12:00:00 GMT")
ETAG = ("etag", '"1"')


def control(text: str) -> tuple[str, str]:
    return "cache-control", text


def asked(
    *response: tuple[str, str], request: Lines = (), status: int = 200
) -> Exchange:
    return Exchange("GET", request, status, (DATE, *response), "body 1 for nobody")


def step(*origin: Exchange, at: float, note: str = "", request: Lines = ()) -> Step:
    return Step("GET", request, 200, (), "body 1 for nobody", origin, note, at)


def proof(*steps: Step, audience: str = "shared", on_error: bool = False) -> Proof:
    column = Column("squid", "5", "", audience)
    cell = Cell("squid", "bare", "case", Outcome.FRESH, on_error, steps=steps)
    return Proof("2026-11-22", 1.0, (column,), (), (), (cell,))


STORED = step(asked(control("max-age=60"), ETAG), at=0)
NEVER = step(asked(control("no-store, private"), ETAG), at=0)
QUESTION = asked(request=(("if-none-match", '"1"'),), status=304)


def test_what_was_foreseen_is_inside_and_exact() -> None:
    found = compare(proof(STORED, step(at=1)))

    assert (found.measured, found.inside, found.exact, found.never) == (1, 1, 1, 0)
    assert found.outside == ()


def test_reuse_that_nothing_allows_is_outside() -> None:
    found = compare(proof(NEVER, step(at=1)))

    assert found.inside == 0
    assert found.outside == ("squid bare case: request 2 reused, foreseen not stored",)
    assert found.outside[0] in str(found)


def test_a_question_that_nothing_allows_is_outside() -> None:
    assert compare(proof(NEVER, step(QUESTION, at=1))).inside == 0
    assert compare(proof(STORED, step(QUESTION, at=90))).inside == 1


def test_a_copy_served_on_an_error_was_kept() -> None:
    outage = step(asked(status=503), at=2, note="the origin answers 503")

    again = replace(NEVER, at=1.0)

    never = compare(proof(NEVER, again, outage, on_error=True))
    kept = compare(proof(STORED, again, outage, on_error=True))

    assert never.outside == (
        "squid bare case: served on an error, foreseen not stored",
    )
    assert kept.outside == ()


def test_less_than_the_rfc_allows_is_inside_and_not_exact() -> None:
    again = step(asked(control("max-age=60"), ETAG), at=1)
    found = compare(proof(STORED, again))

    assert (found.inside, found.exact) == (1, 0)


def test_a_304_makes_it_good_again() -> None:
    """RFC 9111 section 4.3.4: with the fields of the 304, too."""
    short = step(asked(control("max-age=1"), ETAG), at=0)
    confirmed = step(QUESTION, at=30)
    longer = step(replace(QUESTION, response=(DATE, control("max-age=60"))), at=30)

    assert compare(proof(short, confirmed, step(at=30.5))).inside == 1
    assert compare(proof(short, confirmed, step(at=60))).inside == 0
    assert compare(proof(short, longer, step(at=60))).inside == 1


@pytest.mark.parametrize("reason", ["deaf", "skipped", "its own copy"])
def test_what_is_not_compared(reason: str) -> None:
    made = proof(NEVER, step(at=1))
    if reason == "deaf":
        made = replace(made, columns=(replace(made.columns[0], honours=False),))
    elif reason == "skipped":
        made = replace(made, cells=(replace(made.cells[0], steps=()),))
    else:
        made = proof(NEVER, step(at=1, request=(("if-none-match", '"1"'),)))

    assert compare(made).outside == ()
