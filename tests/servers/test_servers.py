"""Every framework under every server, over real sockets: one table of expectations.

``make servers`` runs all pairs; among the other tests a few stand for them.
"""

from __future__ import annotations

import os

import pytest
from servers_expect import EXPECTATIONS, outcome
from servers_known import KNOWN, explanation, judged
from servers_start import COLUMNS, FRAMEWORKS
from servers_table import RESULTS, Cell

#: What runs if nobody says more.
_FRAMEWORKS, _SERVERS = "starlette,flask", "uvicorn-httptools,hypercorn"


def _cells() -> list[object]:
    frameworks = os.environ.get("SERVERS_FRAMEWORKS", _FRAMEWORKS).split(",")
    servers = os.environ.get("SERVERS_SERVERS", _SERVERS).split(",")
    return [
        pytest.param((row, column.server), row, name, id=f"{name}-{row}")
        for row in frameworks
        for name, column in COLUMNS.items()
        if column.server in servers
    ]


@pytest.mark.parametrize(
    ("port", "framework", "column"), _cells(), indirect=["port"], scope="module"
)
def test_what_leaves_is_as_expected_or_explained(port, framework, column):
    wire = COLUMNS[column].wire
    met, letters, wrong = 0, set(), []
    for name in EXPECTATIONS:
        seen = outcome(name, port, wire)
        known = explanation(framework, column, name)
        if mistake := judged(known, seen):
            wrong.append(f"{name}: {mistake}")
        elif known:
            letters.add(known.letter)
        else:
            met += 1
    RESULTS[framework, column] = Cell(met, "".join(sorted(letters)), tuple(wrong))
    assert not wrong, "\n".join([f"{framework} under {column}", *wrong])


def test_every_explanation_is_about_something_in_the_table():
    table = {(f, c, e) for f in FRAMEWORKS for c in COLUMNS for e in EXPECTATIONS}
    for known in KNOWN:
        about = [cell for cell in table if explanation(*cell) is known]
        assert about, f"explanation {known.letter} is about nothing"
        assert set(known.frameworks) <= set(FRAMEWORKS)
        assert set(known.columns) <= set(COLUMNS)
        assert set(known.expectations) <= set(EXPECTATIONS)


def test_an_explanation_excuses_only_what_it_describes():
    known = next(k for k in KNOWN if k.letter == "b")
    assert judged(known, "status 404, not 405") == ""
    assert judged(None, "") == ""
    assert "stale" in judged(known, "")
    assert "status 500" in judged(known, "status 500, not 405")
    assert judged(None, "status 404, not 405") == "status 404, not 405"
