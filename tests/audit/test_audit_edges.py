"""The commands export and check --edge: what is written, said, and the exit codes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from asgi_nocache import NO_STORE
from asgi_nocache.audit import drift
from asgi_nocache.cli import main
from asgi_nocache.export import TARGETS

APP = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from asgi_nocache import *

async def items(request): return JSONResponse([])

@cache_policy(PRIVATE(max_age=9))
async def mine(request): return JSONResponse([])

routes = [Route("/items", items), Route("/mine", mine), Route("/static/a", items)]
plain = Starlette(routes=routes)
app = NoCacheMiddleware(plain, rules=[Rule("/static/**", PUBLIC(max_age=60))])
wild = NoCacheMiddleware(plain, rules=[Rule("/a", PUBLIC(1), when=lambda a, b: True)])
bare = NoCacheMiddleware(Starlette())
inner = NoCacheMiddleware(plain)
closed = Starlette(routes=[Mount("/a", inner), Route("/open", items)])
below = Starlette(routes=[Mount("/a", app)])
two = Starlette(routes=[
    Mount("/a", NoCacheMiddleware(Starlette(routes=routes))),
    Mount("/b", NoCacheMiddleware(Starlette(routes=routes), default=REVALIDATE)),
])
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    known, path = set(sys.modules), list(sys.path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text(APP)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def invoke(*words: str) -> Result:
    result = CliRunner().invoke(main, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_one_file_to_stdout_and_what_it_does_not_cover_beside_it() -> None:
    result = invoke("export", "varnish", "shop:app")

    assert result.exit_code == 0
    assert "asgi-nocache export varnish shop:app --check" in result.stdout
    assert "not covered: " in result.stderr
    assert "not covered: " not in result.stdout
    assert 'include "' in result.stderr


def test_a_gap_is_counted_told_and_can_be_typed_again() -> None:
    result = invoke("export", "varnish", "shop:wild", "--allow-gap", "NC802:/a")

    assert result.exit_code == 0, result.stderr
    assert "# Left out by --allow-gap, so never-store here: rules, 1." in result.stdout
    assert "varnish shop:wild --allow-gap NC802:/a --check -o HERE" in result.stdout
    assert "gap NC802: rule 1, Rule('/a', PUBLIC(max_age=1)) is never-store" in (
        result.stderr
    )


def test_what_a_decorator_opens_is_told() -> None:
    result = invoke("export", "nginx", "shop:app")

    assert "GET /mine is open by mark and never-store at the edge" in result.stderr
    assert "Rule('/mine', ...)" in result.stderr
    assert result.stderr.count(" is open by ") == 1
    assert "/static" not in result.stderr.replace(result.stdout, "")


def test_what_stands_outside_of_the_policy_is_told() -> None:
    result = invoke("export", "haproxy", "shop:closed")

    assert result.exit_code == 0
    assert "never-store at the edge: GET /open\n" in result.stderr


def test_several_files(project: Path) -> None:
    shown = invoke("export", "nginx", "shop:app").stdout
    result = invoke("export", "nginx", "shop:app", "-o", "etc/edge")

    written = sorted(path.name for path in (project / "etc/edge").iterdir())
    assert result.exit_code == 0
    assert len(written) > 1
    assert all(f"# ---- {name}" in shown for name in written)
    (project / "file").write_text("")
    result = invoke("export", "nginx", "shop:app", "-o", "file")
    assert result.exit_code == 2
    assert "give -o a folder" in result.stderr


def test_one_file_into_a_folder_or_a_file(project: Path) -> None:
    (project / "etc").mkdir()
    invoke("export", "haproxy", "shop:app", "-o", "etc")
    invoke("export", "haproxy", "shop:app", "-o", "mine.cfg")

    (file,) = (project / "etc").iterdir()
    assert file.read_text() == (project / "mine.cfg").read_text()


@pytest.mark.parametrize("edge", TARGETS)
def test_every_target_takes_the_default(edge: str, project: Path) -> None:
    (project / "closed.py").write_text(
        APP.replace(', rules=[Rule("/static/**", PUBLIC(max_age=60))]', "")
    )
    result = invoke("export", edge, "closed:app", "-o", f"out-{edge}")
    again = invoke("export", edge, "closed:app", "-o", f"out-{edge}", "--check")

    assert (result.exit_code, again.exit_code) == (0, 0), result.stderr + again.stderr


def test_a_difference_is_a_finding(project: Path) -> None:
    invoke("export", "haproxy", "shop:app", "-o", "nocache.cfg")
    file = project / "nocache.cfg"
    assert (
        invoke("export", "haproxy", "shop:app", "--check", "-o", str(file)).exit_code
        == 0
    )
    file.write_text(file.read_text().replace("no-store", "public\x1b[31m", 1))
    result = invoke("export", "haproxy", "shop:app", "--check", "-o", str(file))

    assert result.exit_code == 1
    assert "NC801" in result.stderr
    assert "differs from the policy" in result.stderr
    assert any(
        line.startswith("+") and "no-store" in line
        for line in result.stdout.splitlines()
    )
    assert "\x1b" not in result.stdout
    assert (
        invoke("export", "haproxy", "shop:app", "--check", "-o", "none").exit_code == 1
    )
    result = invoke("export", "haproxy", "shop:app", "--check")
    assert result.exit_code == 2
    assert "--check needs -o" in result.stderr


def test_what_the_heading_says_can_be_typed(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "made.py").write_text(f"{APP}\ndef make(): return wild\n")
    words = ("varnish", "made:make", "--factory", "--widen", "--app-dir", "sub")
    invoke("export", *words, "-o", "nocache.vcl")
    text = Path("nocache.vcl").read_text()
    (again,) = re.findall(r"asgi-nocache (export .*) HERE", text)

    assert invoke(*again.split(), "nocache.vcl").exit_code == 0


def test_what_cannot_be_written(project: Path) -> None:
    result = invoke("export", "haproxy", "shop:app", "-o", "shop.py/nocache.cfg")

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("bos", "shop:app"), 2, "'bos' is no target; choose nginx"),
        (("nginx", "shop:wild"), 2, "NC802 rule 1"),
        (("nginx", "shop:wild", "--widen"), 0, "note: rule 1"),
        (("nginx", "shop:plain"), 2, "no route has a policy"),
        (("nginx", "shop:bare"), 2, "it has no routes, so no policy is found"),
        (("nginx", "shop:two"), 2, "different policies"),
        (("nginx", "shop:below"), 2, "paths below '/a', and an edge sees whole paths"),
        (("nginx", "shop:none"), 3, "none"),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int, said: str) -> None:
    result = invoke("export", *words)

    assert result.exit_code == code, result.stderr
    assert said in result.stderr


def test_from_a_file_to_rules(project: Path) -> None:
    file = project / "_headers"
    file.write_text("/a\n  Cache-Control: public, max-age=5\n  X-A: b\n")
    result = invoke("export", "--from", "_headers", str(file))

    assert result.exit_code == 0
    assert "Rule('/a', Policy(CacheControl(" in result.stdout
    assert "note: " in result.stderr
    result = invoke("export", "--from", "_headers", "none")
    assert result.exit_code == 2
    assert "none cannot be read" in result.stderr


# check --edge


def edge(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[httpx.Request]:
    asked: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    real = drift.compare
    network = httpx.MockTransport(noted)
    monkeypatch.setattr(
        drift, "compare", lambda *a, **more: real(*a, transport=network, **more)
    )
    return asked


CLOSED = {"cache-control": str(NO_STORE.cache_control)}


def refusing(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (lambda r: httpx.Response(200, headers=CLOSED), 0, "stricter than the policy"),
        (lambda r: httpx.Response(200), 1, "NC801 permits more"),
        (refusing, 3, "no connection"),
    ],
)
def test_check_an_edge(
    monkeypatch: pytest.MonkeyPatch, answer: Any, code: int, said: str
) -> None:
    asked = edge(monkeypatch, answer)
    result = invoke(
        "check", "--edge", "https://shop.example", "shop:app", "-H", "X-Key: 1"
    )  # fmt: skip

    assert result.exit_code == code
    assert said in result.stdout
    assert {request.headers["x-key"] for request in asked} == {"1"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--edge", "shop.example", "shop:app"), "is no address of an edge"),
        (("--edge", "https://x", "shop:app", "more"), "takes one MODULE:APP"),
        (("--edge", "https://x", "shop:app", "--as", "Cookie: a"), "--as is for URLs"),
        (("https://x", "-H", "A: b"), "-H is for --edge"),
        ((), "Missing argument"),
    ],
)
def test_check_is_asked_wrongly(words: tuple[str, ...], said: str) -> None:
    result = invoke("check", *words)

    assert result.exit_code == 2
    assert said in result.stderr
