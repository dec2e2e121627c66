"""The judge: one that never fires would prove nothing.

What became of a request, and whether it was allowed; on cells made by hand.
"""

from __future__ import annotations

from dataclasses import replace

import proof_known
import pytest
from proof_cases import CASES
from proof_judge import judge, limit
from proof_known import Known
from proof_outcome import outcome
from proof_record import Cell, Column, Exchange, Lines, Outcome, Step

BY_NAME = {case.name: case for case in CASES}
PRIVATE = Column("a", "1", "", "private")
SHARED = Column("b", "1", "", "shared")
AUDIENCES = {"private": PRIVATE, "shared": SHARED}
INM = (("if-none-match", '"v1"'),)
NEVER_STORE = ("no-store", "no-store-minimal", "no-store-edge", "legacy-2014")


def seen(status: int = 200, request: Lines = (), body: str = "new") -> Exchange:
    return Exchange("GET", request, status, (), body)


def step(
    *origin: Exchange, status: int = 200, body: str | None = "new", request: Lines = ()
) -> Step:
    return Step("GET", request, status, (), body, origin)


OLD = "etag number 1 for nobody\n"
FIRST = step(seen(body=OLD), body=OLD)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (step(seen()), Outcome.FRESH),
        (step(seen(request=INM)), Outcome.CONDITIONAL),
        (step(seen(304, INM, ""), body=OLD), Outcome.REVALIDATED),
        (step(body=OLD), Outcome.REUSED),
        (step(seen(), body=OLD), Outcome.REUSED),  # behind the client's back
        (step(status=0, body=None), Outcome.FAILED),
        (step(status=502, body="oh"), Outcome.FAILED),
        (step(status=400, body="oh"), Outcome.FAILED),
        (step(body="<h1>Welcome</h1>"), Outcome.FAILED),
        (step(seen(), status=502, body="oh"), Outcome.FAILED),
        (step(seen(503), status=503), Outcome.FRESH),
        # The client's own precondition is not the cache's.
        (step(seen(request=INM), request=INM), Outcome.FRESH),
        (step(seen(304, INM, ""), status=304, body="", request=INM), Outcome.FRESH),
        (
            step(seen(request=INM), status=304, body="", request=INM),
            Outcome.REVALIDATED,
        ),
        (step(status=304, body="", request=INM), Outcome.REUSED),
    ],
)
def test_an_outcome_is_read_from_what_the_origin_saw(
    made: Step, expected: Outcome
) -> None:
    assert outcome(made, FIRST) is expected


def test_a_browser_shows_nothing_of_a_redirect() -> None:
    """Status 0 is all of it, reused or not."""
    hidden = step(status=0, body=None)

    assert outcome(hidden, step(seen(301), status=0, body=None)) is Outcome.REUSED


def cell(policy: str, case: str, outcome: Outcome, **more: object) -> Cell:
    made = Cell("a", policy, case, outcome, steps=(FIRST, step(seen())))
    return replace(made, **more)  # type: ignore[arg-type]


def judged(audience: str, given: Cell) -> Cell:
    return judge(given, BY_NAME[given.case], AUDIENCES[audience])


FRESH, ASKED = Outcome.FRESH, Outcome.REVALIDATED
REUSED, HALF = Outcome.REUSED, Outcome.CONDITIONAL

#: Policy, case, audience, outcome, and what is wrong with it.
VERDICTS: list[tuple[str, str, str, Outcome, str]] = [
    *((p, "max-age-3600", "private", FRESH, "") for p in NEVER_STORE),
    *((p, "max-age-3600", "private", REUSED, "reused") for p in NEVER_STORE),
    ("no-store", "etag", "private", ASKED, "an old copy was confirmed"),
    ("no-store", "404-bare", "shared", REUSED, "reused"),
    ("no-store", "bare", "shared", Outcome.FAILED, "the cache failed"),
    ("revalidate", "etag", "private", ASKED, ""),
    ("revalidate", "etag", "private", FRESH, "fresh, though it may be revalidated"),
    ("revalidate", "lm-10y", "private", FRESH, ""),
    ("revalidate", "max-age-3600", "private", REUSED, "reused"),
    ("private", "bare", "private", REUSED, ""),
    ("private", "bare", "private", FRESH, "fresh, though it may be reused"),
    ("private", "bare", "shared", REUSED, "reused"),
    ("private", "bare", "shared", FRESH, ""),
    ("private", "no-store", "private", REUSED, "reused"),
    ("private", "404-max-age-3600", "private", REUSED, "reused"),
    ("public", "bare", "shared", REUSED, ""),
    ("public", "bare", "shared", FRESH, "fresh, though it may be reused"),
    ("public", "no-store", "shared", REUSED, "reused"),
    ("public", "max-age-no-store", "private", REUSED, "reused"),
    ("public", "private", "shared", REUSED, "reused"),
    ("public", "private", "private", REUSED, ""),
    ("public", "pragma", "private", REUSED, "reused"),
    ("public", "expires-0", "private", REUSED, "reused"),
    ("public", "expires-future", "private", REUSED, ""),
    ("public", "max-age-0-etag", "shared", REUSED, "reused"),
    ("public", "max-age-0-etag", "shared", ASKED, ""),
    ("public", "no-cache", "shared", REUSED, ""),  # is Flask's word for a file
    ("public", "no-cache-public", "shared", REUSED, "reused"),
    ("public", "set-cookie", "shared", REUSED, "reused"),
    ("public", "set-cookie", "private", REUSED, ""),
    ("public", "authorization-public", "shared", REUSED, "reused"),
    ("public", "authorization-public", "private", REUSED, ""),
    ("public", "cookie-public", "shared", REUSED, ""),
    ("public", "503-max-age-3600", "shared", REUSED, "reused"),
    ("public", "post-get", "private", REUSED, "reused"),
    ("public", "vary-accept", "shared", REUSED, "reused"),
    ("public", "vary-missing", "shared", REUSED, ""),
    ("public", "star", "private", REUSED, "reused"),
    ("bare", "max-age-3600", "shared", REUSED, ""),
    ("bare", "max-age-3600", "shared", FRESH, "the control is not reused"),
    ("bare", "no-store", "shared", REUSED, ""),
    ("app-decides", "no-store", "shared", REUSED, ""),
    ("no-store", "stored-etag", "shared", HALF, ""),
    ("private", "stored-etag", "shared", REUSED, ""),
]


@pytest.mark.parametrize(("policy", "case", "audience", "what", "wrong"), VERDICTS)
def test_the_judge(
    policy: str, case: str, audience: str, what: Outcome, wrong: str
) -> None:
    """It fires on each kind of wrong, and on nothing else."""
    assert judged(audience, cell(policy, case, what)).wrong == wrong


def test_a_copy_while_the_origin_fails() -> None:
    """Never from never-store; with no-cache neither; with a lifetime it may be."""
    wrong = "a copy was served while the origin failed"
    for policy, case, audience, expected in (
        ("no-store", "etag", "private", wrong),
        ("revalidate", "lm-10y", "private", wrong),
        ("public", "max-age-0-etag", "private", ""),
        ("public", "max-age-0-must-lm", "private", wrong),
        ("public", "pragma", "shared", wrong),
    ):
        made = cell(policy, case, FRESH, on_error=True)
        assert judged(audience, made).wrong == expected, (policy, case)


def test_what_user_a_had_asked_for() -> None:
    wrong = "reused; user B was given what user A had asked for"
    made = cell("public", "authorization-max-age", REUSED, leaked=True)

    assert judged("shared", made).wrong == wrong
    assert judged("private", made).wrong == ""


def test_a_precondition_betrays_a_copy() -> None:
    """On any request, the last while the origin is broken too."""
    late = (FIRST, step(seen()), step(seen(503, INM), status=503))
    made = cell("no-store", "etag", FRESH, steps=late)

    assert judged("private", made).wrong == "the cache asked whether its copy is good"


def test_a_shared_cache_that_revalidates() -> None:
    """It has a copy, which ``private`` forbids; a client may have one."""
    own, client = step(seen(304, INM, "")), step(seen(), status=304, request=INM)
    wrong = "an old copy was confirmed"
    for policy, second, expected in (
        ("revalidate", own, wrong),
        ("revalidate", client, ""),
        ("no-store", client, wrong),
    ):
        made = cell(policy, "holds-etag", ASKED, steps=(FIRST, second))
        assert judged("shared", made).wrong == expected, (policy, second)


def test_a_304_that_escapes() -> None:
    client = step(seen(304, INM, ""), status=304, body="", request=INM)
    made = cell("no-store", "holds-etag", FRESH, steps=(FIRST, client))

    assert judged("shared", made).wrong == "the origin confirmed an old copy"
    assert judged("shared", replace(made, policy="private")).wrong == ""


def test_a_post_that_does_not_arrive() -> None:
    silent = Step("POST", (), 200, (), "old")
    made = cell("public", "get-post-get", REUSED, steps=(FIRST, silent))

    assert judged("shared", made).wrong == "a POST did not reach the origin"


def test_copies_from_before() -> None:
    """They must never be served again, in whatever way."""
    twice = (FIRST, step(seen(body="b"), body="b"), step(seen(body="b"), body="b"))
    made = cell("no-store", "stored-etag", HALF, steps=twice)

    assert judged("shared", made).wrong == "a body came twice"
    revalidated = cell("no-store", "stored-etag", ASKED)
    assert judged("shared", revalidated).wrong.endswith("from before lives on")


def test_a_cache_that_heeds_nothing_is_not_judged() -> None:
    deaf = replace(SHARED, honours=False)
    given = cell("no-store", "bare", REUSED)

    assert judge(given, BY_NAME["bare"], deaf).wrong == ""
    control = cell("bare", "max-age-3600", FRESH)
    assert judge(control, BY_NAME["max-age-3600"], deaf).wrong


def test_what_is_allowed_in_words() -> None:
    words = [
        str(limit(policy, BY_NAME[case], audience))
        for policy, case, audience in (
            ("no-store", "bare", "private"),
            ("revalidate", "bare", "private"),
            ("public", "max-age-0", "shared"),
            ("public", "bare", "shared"),
            ("public", "two-max-ages", "shared"),
        )
    ]

    assert words == [
        "fresh only",
        "asked before each reuse",
        "asked before each reuse, or the origin fails",
        "reused for 60 s",
        "reused for 1 s",
    ]


def test_a_known_deviation_excuses_what_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And no other cache, policy, case or problem."""
    row = Known("odd", "a b", "no-*", "etag*", "reused", "because")
    monkeypatch.setattr(proof_known, "KNOWN", (row,))
    made = cell("no-store", "etag-lm", REUSED)

    assert judged("private", made).known == "odd"
    for other in (
        replace(made, cache="c"),
        replace(made, policy="legacy-2014"),
        replace(made, case="bare"),
        replace(made, outcome=ASKED),
        replace(made, on_error=True),
    ):
        assert judged("private", other).known == ""


def test_known_deviations_are_explained() -> None:
    for row in proof_known.KNOWN:
        assert row.name
        assert row.why.endswith(".")
