"""A roll-out, node by node: nothing leaves that is looser than old and new both allow.

Two nginx behind one HAProxy. A node that still has the old policy knows nothing of the
new one, so what stands before both carries the join while they are exchanged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import edge_haproxy
import edge_nginx
import pytest
from edge_cells import MATRIX, PATHS, SPELLINGS, Cell, said
from edge_run import a_folder, exported, skip_unless_installed
from edge_wire import Seen, ask
from proof_process import free_port

from asgi_nocache import NO_STORE_EDGE, PRIVATE, PUBLIC, CacheControl, Rule, decide
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.joined import joined
from asgi_nocache.export.target import Export, File

for _edge in (edge_haproxy.EDGE, edge_nginx.EDGE):
    skip_unless_installed(_edge)

OLD = MATRIX
_KEPT = [rule for rule in MATRIX.rules if rule.path not in ("/me", "/raw/**")]
#: One rule goes, one comes, one says something else, and the default, too.
NEW = RuleSet(
    [
        Rule("/pages/2", PUBLIC(max_age=99)),
        *_KEPT,
        Rule("/me", PRIVATE(max_age=3), methods=["GET"]),
        Rule("/api/**", PUBLIC(max_age=60)),
    ],
    default=NO_STORE_EDGE,
)
TWO = edge_haproxy.OWN.replace(
    "    server origin 127.0.0.1:{origin}\n",
    "    balance roundrobin\n"
    "    server one 127.0.0.1:{origin}\n"
    "    server two 127.0.0.1:@TWO@\n",
)
PLAIN = Export((File("nocache.cfg", "defaults nocache\n    mode http\n"),), (), "")
STAGES = {
    "both old": (OLD, OLD),
    "one new": (NEW, OLD),
    "both new": (NEW, NEW),
}


class Looser(NamedTuple):
    """A cell that left looser than one of the policies allows."""

    cell: Cell
    seen: str
    wanted: str


def cells() -> Iterator[Cell]:
    """Yield what is asked at each stage."""
    for target in (*PATHS, *SPELLINGS, "/pages/2"):
        for method in ("GET", "HEAD", "POST"):
            yield Cell(target, method, answer=said("public, max-age=600"))
        yield Cell(target)
        yield Cell(target, status=404, answer=said("public, max-age=600"))
    for path in PATHS:
        yield Cell(path, answer=(*said("max-age=30"), ("set-cookie", "a=b")))
        yield Cell(path, fields=(("authorization", "x"),), answer=said("public"))


def asked(port: int, cell: Cell, number: int = 0) -> Seen:
    """Ask for *cell*, under an address of its own: caches keep one answer of each."""
    query = f"{'&' if '?' in cell.target else '?'}n={number}"
    return ask(
        port, cell.target + query, method=cell.method, fields=cell.fields,
        status=cell.status, answer=cell.answer,
    )  # fmt: skip


def looser(cell: Cell, seen: Seen, policy_set: RuleSet) -> Iterator[Looser]:
    """Yield *cell* if what was seen permits what *policy_set* forbids."""
    fields = decide(cell.request, cell.response, policy_set).apply(cell.response.fields)
    wanted = CacheControl.parse([v for n, v in fields if n == b"cache-control"])
    lines = seen.values("cache-control")
    control = CacheControl.parse([line.encode() for line in lines])
    if seen.count and wanted and not control.covers(wanted):
        yield Looser(cell, ", ".join(lines), str(wanted))


@contextlib.contextmanager
def behind(front: Export) -> Iterator[tuple[int, tuple[int, int]]]:
    """Run HAProxy with *front* before two nodes; its port, and theirs."""
    nodes = (free_port(), free_port())
    haproxy = edge_haproxy.Haproxy(TWO.replace("@TWO@", str(nodes[1])))
    with a_folder() as folder, haproxy.start(front, nodes[0], folder) as port:
        yield port, nodes


def stage(
    port: int, nodes: tuple[int, int], app: int, policies: tuple[RuleSet, RuleSet]
) -> list[Looser]:
    """Run both nodes, ask them in turn for every cell, and judge."""
    found: list[Looser] = []
    with contextlib.ExitStack() as stack:
        for node, policy_set in zip(nodes, policies, strict=True):
            _, export = exported(edge_nginx.EDGE.target, policy_set)
            folder: Path = stack.enter_context(a_folder())
            run = edge_nginx.EDGE.start(export, app, folder, node)
            stack.enter_context(run)
        for number, cell in enumerate(cells()):
            for _ in nodes:
                seen = asked(port, cell, number)
                for policy_set in (OLD, NEW):
                    found += looser(cell, seen, policy_set)
    return found


def test_no_response_is_looser_than_the_stricter_of_both(app: int) -> None:
    """At every stage, while the front stays what it is, its cache included."""
    _, front = exported(edge_haproxy.EDGE.target, joined(OLD, NEW))
    with behind(front) as (port, nodes):
        for name, policies in STAGES.items():
            assert stage(port, nodes, app, policies) == [], name


def test_what_stays_is_still_cached(app: int) -> None:
    """The join is no way to close everything."""
    _, front = exported(edge_haproxy.EDGE.target, joined(OLD, NEW))
    cell = Cell("/static/app.css", answer=said("public, max-age=600"))
    with behind(front) as (port, nodes), a_folder() as one, a_folder() as two:
        _, export = exported(edge_nginx.EDGE.target, OLD)
        with (
            edge_nginx.EDGE.start(export, app, one, nodes[0]),
            edge_nginx.EDGE.start(export, app, two, nodes[1]),
        ):
            seen = [asked(port, cell) for _ in range(2)]

    assert seen[0].values("cache-control") == ["public, max-age=600"]
    assert seen[0].count == seen[1].count


@pytest.mark.parametrize("front", [OLD, NEW, None])
def test_without_the_join_something_is_looser(app: int, front: RuleSet | None) -> None:
    """So the test above can fail: neither policy alone holds for both."""
    export = PLAIN
    if front is not None:
        _, export = exported(edge_haproxy.EDGE.target, front)
    with behind(export) as (port, nodes):
        assert stage(port, nodes, app, STAGES["one new"])
