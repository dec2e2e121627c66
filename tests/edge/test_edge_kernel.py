"""The kernel of the edge tests can fail: an edge that does nothing is caught."""

from edge_cells import MATRIX, Cell, cells
from edge_judge import run
from edge_origin import origin
from edge_wire import ask

from asgi_nocache.export.compile import compile_plan


def test_an_edge_that_does_nothing_is_caught() -> None:
    plan = compile_plan(MATRIX)
    asked = [Cell("/api/items", answer=(("cache-control", "public, max-age=600"),))]
    with origin() as port:
        tally = run(port, plan, MATRIX, asked, decodes=True)

    assert any("looser than the app" in each for each in tally.wrong)
    assert any("cache-control is" in each for each in tally.wrong)


def test_the_origin_confirms_and_counts() -> None:
    with origin() as port:
        first, second = ask(port, "/a"), ask(port, "/a")
        confirmed = ask(port, "/a", fields=[("if-none-match", '"app"')])

    assert (first.status, first.count, second.count) == (200, "1", "2")
    assert confirmed.status == 304


def test_the_cells_are_many_and_differ() -> None:
    asked = list(cells())

    assert len(asked) > 1500
    assert {cell.method for cell in asked} == {"GET", "HEAD", "POST"}
