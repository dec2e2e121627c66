"""A hand-edited nginx is found: ``check --edge`` on a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edge_nginx import EDGE
from edge_origin import origin
from edge_run import exported, skip_unless_installed
from starlette.applications import Starlette
from starlette.routing import Route

from asgi_nocache import NO_STORE, PUBLIC, NoCacheMiddleware, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.audit.drift import Compared, compare
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.survey import survey
from asgi_nocache.export.target import Export

skip_unless_installed(EDGE)

RULES = [Rule("/static/**", PUBLIC(max_age=60))]


async def nothing(request: Any) -> Any:
    """Never called: the edge's origin answers."""


APP = NoCacheMiddleware(
    Starlette(routes=[Route("/items", nothing), Route("/static/a.css", nothing)]),
    rules=RULES,
)


def drift(export: Export, folder: Path) -> dict[str, Compared]:
    rows = survey(find_routes(APP))
    with origin() as app, EDGE.start(export, app, folder) as port:
        found = compare(rows, f"http://127.0.0.1:{port}")
    return {each.key: each for each in found}


def test_an_export_that_nobody_touched(folder: Path) -> None:
    _, export = exported(EDGE.target, RuleSet(RULES))
    found = drift(export, folder)

    assert len(found) == 3
    assert not [each for each in found.values() if each.problem]
    assert found["GET /static/a.css"].seen == "public, max-age=60"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (str(NO_STORE.cache_control), "public, max-age=60", "permits more"),
        ("add_header Cache-Control", "# add_header Cache-Control", "permits more"),
    ],
)
def test_an_export_that_somebody_edited(
    folder: Path, old: str, new: str, said: str
) -> None:
    _, export = exported(EDGE.target, RuleSet(RULES))
    files = tuple(f._replace(text=f.text.replace(old, new)) for f in export.files)
    assert files != export.files
    found = drift(export._replace(files=files), folder)

    assert said in found["GET /items"].problem
