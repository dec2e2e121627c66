"""One audit as a value: where routes, survey, checks and suppressions meet."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PUBLIC,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
    nocache,
)
from asgi_nocache.audit import run
from asgi_nocache.audit.baseline import Baseline, save, updated
from asgi_nocache.audit.checks import CHECKS
from asgi_nocache.audit.run import Options, audit
from asgi_nocache.audit.values import Audit, Severity

TODAY = date(2030, 1, 1)


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "decorated_endpoints", lambda: ())


async def items(request: Request) -> Response:
    return JSONResponse([], headers={"x-cookie": request.headers.get("cookie", "")})


async def private(request: Request) -> Response:
    return JSONResponse([])


async def ignored(request: Request) -> Response:  # nocache: ignore[NC101] a demo
    return JSONResponse([])


def make(*endpoints: Any, default: Any = NO_STORE, **options: Any) -> Any:
    routes = [Route(f"/{e.__name__}", e, methods=["GET"]) for e in endpoints]
    return NoCacheMiddleware(Starlette(routes=routes), default=default, **options)


def made(app: Any, told: Any = lambda *_: None, **options: Any) -> Audit:
    return audit(app, "shop:app", Options(**options), TODAY, told)


def codes(found: Audit) -> set[str]:
    return {finding.code for finding in found.findings if not finding.suppressed}


def test_the_parts_meet() -> None:
    rules = [Rule("/items", PUBLIC(max_age=60)), Rule("/other", NO_STORE)]
    found = made(make(items, private, rules=rules))

    assert found.app == "shop:app"
    assert [row.key for row in found.rows if row.method == "GET"] == [
        "GET /items", "GET /private",
    ]  # fmt: skip
    assert len(found.layers) == 1
    assert list(found.hits.values())[:2] == [2, 0]
    assert not found.driven
    assert all(row.observed is None for row in found.rows)
    assert any("/other" in finding.where for finding in found.findings)


def test_a_closed_app_is_clean() -> None:
    assert made(make(items, private)).findings == ()


def test_options_reach_the_checks() -> None:
    app = make(items)

    assert "NC101" not in codes(made(app))
    assert "NC101" in codes(made(app, require=True))
    more = codes(made(app, pedantic=True)) - codes(made(app))
    assert more
    assert all(CHECKS[code].pedantic for code in more)


def test_what_stands_around_reaches_the_checks() -> None:
    """Middleware that answers outside of ours is a finding of its own."""
    app = Starlette(
        routes=[Route("/items", items)],
        middleware=[Middleware(GZipMiddleware), Middleware(NoCacheMiddleware)],
    )
    seen: list[Any] = []
    real = run.run_checks

    def noted(survey: Any) -> Any:
        seen.append(survey)
        return real(survey)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "run_checks", noted)
        made(app)

    assert any("GZipMiddleware" in name for name in seen[0].outside)


def test_decorated_endpoints_reach_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the app does not have any more, or never had."""

    @nocache
    async def forgotten(request: Request) -> Response:
        return JSONResponse([])

    app = make(items)
    before = codes(made(app))
    monkeypatch.setattr(run, "decorated_endpoints", lambda: (forgotten,))
    after = codes(made(app))

    assert (before, after) == (set(), {"NC105"})


def test_driving() -> None:
    told: list[tuple[int, int, str]] = []
    found = made(
        make(items, private),
        lambda *words: told.append(words),
        driven=True,
        fields=(("cookie", "a=b"),),
    )

    assert found.driven
    asked = [row for row in found.rows if row.observed]
    assert dict(asked[0].observed.fields)["x-cookie"] == "a=b"  # type: ignore[union-attr]
    assert [(count, total) for count, total, _ in told] == [
        (number, len(asked)) for number in range(len(asked))
    ]
    assert told[0][2] == asked[0].key


def test_ignores_are_taken() -> None:
    app = make(ignored, items, default=APP_DECIDES)
    found = made(app)
    hidden = [f for f in found.findings if f.suppressed]

    assert {f.code for f in hidden} == {"NC101"}
    assert {f.where for f in hidden} == {"GET /ignored"}
    assert any(f.code == "NC101" and not f.suppressed for f in found.findings)


def test_the_baseline_is_taken(tmp_path: Path) -> None:
    app = make(items, ignored, default=APP_DECIDES)
    path = tmp_path / "known.json"
    expires = date(2030, 1, 1)
    known = updated(
        Baseline(source=str(path)), made(app).findings, "later", expires=expires
    )
    save(known)

    assert known.entries
    assert not made(app, baseline=path).counting(Severity.ERROR)
    late = audit(app, "shop:app", Options(baseline=path), date(2030, 1, 2))
    assert "NC007" in {finding.code for finding in late.findings}
    assert late.counting(Severity.ERROR)


def test_a_baseline_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        made(make(items), baseline=tmp_path / "none.json")


def test_no_routes() -> None:
    found = made(NoCacheMiddleware(Starlette()))

    assert found.rows == ()
    assert "NC001" in codes(found)
