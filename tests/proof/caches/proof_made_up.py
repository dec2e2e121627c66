"""Proofs that nobody measured, to test how one is shown.

There is text in them that no page, terminal or Markdown may obey.
"""

from __future__ import annotations

from dataclasses import replace

from proof_record import (
    Cell,
    Column,
    Exchange,
    Lines,
    Outcome,
    Policy,
    Proof,
    Row,
    Step,
)

HOSTILE = (
    "<script>x()</script>\"'><img src=x> {{ 7*7 }} </style> | `a` \x1b[31m\0\u202e"
)
NO_STORE: Lines = (("cache-control", "no-store"),)
POLICIES = (
    Policy("bare", "without the middleware", ()),
    Policy("no-store", "NO_STORE", NO_STORE),
    Policy("public", "PUBLIC(max_age=60)", (("cache-control", "public, max-age=60"),)),
)


def row(name: str, group: str = "Some", value: str = "max-age=60") -> Row:
    return Row(name, group, f"Title of {name}", 200, (("Cache-Control", value),))


def step(number: int, said: Lines, *, asked: bool = True, port: int = 40001) -> Step:
    """The second answer of a case, say, from the origin or from a copy."""
    body = f"case number {number if asked else 1} for nobody\n"
    request = (("host", f"127.0.0.1:{port}"), ("x-habit", "always"))
    date = ("Date", f"Sun, 22 Nov 2026 10:00:{number:02} GMT")
    seen = Exchange("GET", request, 200, (date, *said), body)
    got = (*said, ("age", str(number)))
    return Step("GET", (), 200, got, body, (seen,) if asked else ())


def cell(cache: str, policy: str, case: str, *, reused: bool, **more: object) -> Cell:
    said = next(p.sends for p in POLICIES if p.name == policy)
    steps = (step(1, said), step(2, said, asked=not reused))
    outcome = Outcome.REUSED if reused else Outcome.FRESH
    made = Cell(cache, policy, case, outcome, allowed="fresh only", steps=steps)
    return replace(made, **more)  # type: ignore[arg-type]


def proof(rows: tuple[Row, ...], columns: tuple[Column, ...]) -> Proof:
    """Under no-store nothing is reused, else everything."""
    cells = tuple(
        cell(column.name, policy.name, row.name, reused=policy.name != "no-store")
        for column in columns
        if not column.skipped
        for policy in POLICIES
        for row in rows
    )
    return Proof("2026-11-22", 75.0, columns, POLICIES, rows, cells)


def hostile() -> Proof:
    """Two caches, one that is not there, hostile text wherever there is text."""
    columns = (
        Column("nginx", "1.22.1", "proxy_cache only", "shared", seconds=3.0),
        Column(f"bad {HOSTILE}", HOSTILE, HOSTILE, "private", honours=False),
        Column("gone", "", "", "shared", skipped=f"not installed {HOSTILE}"),
    )
    rows = (row("etag"), row("lm"), row("age", "Other", HOSTILE))
    made = proof(rows, columns)
    evil = (("x-evil", HOSTILE),)
    steps = (step(1, evil), replace(step(2, evil), body=HOSTILE, note=HOSTILE))
    wrong = cell("nginx", "public", "age", reused=True, wrong=f"why {HOSTILE}")
    known = cell("nginx", "public", "lm", reused=True, wrong="so", known="vary-list")
    changed = {
        (c.cache, c.policy, c.case): c for c in (replace(wrong, steps=steps), known)
    }
    cells = tuple(changed.get((c.cache, c.policy, c.case), c) for c in made.cells)
    return replace(made, cells=cells)
