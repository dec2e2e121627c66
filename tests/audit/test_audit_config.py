"""--config on the commands, init and schema: what is written, said, the exit codes."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from asgi_nocache.audit import drift, run
from asgi_nocache.cli import main
from asgi_nocache.config import load_config, schema

APP = """
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from datetime import date
from asgi_nocache import *

async def items(request): return JSONResponse([])

plain = Starlette(routes=[Route("/items", items), Route("/shared", items)])
closed = NoCacheMiddleware(Starlette(routes=[Route("/items", items)]))
part = NoCacheMiddleware(plain, rules=[Rule("/items", NO_STORE)] * 2)
parts = Starlette(routes=[Mount("/part", part)])
wild = NoCacheMiddleware(plain, rules=[Rule("/a", NO_STORE, when=lambda a, b: True)])
reports = NoCacheMiddleware(plain, mode="report", report_until=date(2027, 1, 31))
files = Starlette(routes=[Mount("/assets", StaticFiles(directory="."))])
nothing = Starlette()
flask = Flask("shop")
async def bare(scope, receive, send): pass

@flask.get("/shared")
def shared(): return []
"""
FILE = """
[[rules]]
path = "/shared"
policy = { cache-control = "public, max-age=60" }

[[rules]]
path = "/items/{id:int}"
policy = "no-store"
floor = true
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    known, path = set(sys.modules), list(sys.path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "decorated_endpoints", lambda: ())  # of other tests
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "nocache.toml").write_text(FILE)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def invoke(*words: str) -> Result:
    result = CliRunner().invoke(main, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# --config


@pytest.mark.parametrize("app", ["shop:plain", "shop:flask"])
def test_audit_with_a_file(app: str) -> None:
    """As if it stood around the app, ASGI or WSGI."""
    result = invoke("audit", app, "--config", "nocache.toml")

    lines = result.stdout.splitlines()
    (line,) = [x for x in lines if " /shared " in x and x.startswith("GET")]
    assert "rule 1, Rule('/shared'" in line
    assert "floor 2" not in line
    assert invoke("audit", app).exit_code == 1  # NC301: nobody decides


def test_a_file_around_an_app_that_has_a_policy() -> None:
    """Two policies for each response: which one counts?"""
    result = invoke("audit", "shop:closed", "--config", "nocache.toml")

    assert result.exit_code == 2
    assert "the app is wrapped already" in result.stderr


def test_explain_with_a_file_and_no_app() -> None:
    """A policy can be asked before there is an app."""
    result = invoke("explain", "--config", "nocache.toml", "GET", "/shared")

    assert result.exit_code == 0
    assert "no app was named, so its routes are not known" in result.stdout
    assert "cache-control: public, max-age=60" in result.stdout
    floor = invoke("explain", "--config", "nocache.toml", "GET", "/items/3")
    assert "floor 2, Rule('/items/{id:int}', NO_STORE, floor=True): matches" in (
        floor.stdout
    )


def test_explain_with_a_file_and_an_app() -> None:
    words = ("shop:plain", "GET", "/items")
    result = invoke("explain", "--config", "nocache.toml", *words)

    assert "starlette endpoint /items" in result.stdout
    assert "no-store" in result.stdout


def test_export_of_a_file(project: Path) -> None:
    """No app is needed, and the heading's command can be typed again."""
    (project / "my policy.toml").write_text(FILE)
    words = ("export", "haproxy", "--config", "my policy.toml", "-o", "edge.cfg")

    assert invoke(*words).exit_code == 0
    text = Path("edge.cfg").read_text()
    assert "export haproxy --config 'my policy.toml' --check -o HERE" in text
    assert invoke(*words, "--check").exit_code == 0
    (project / "my policy.toml").write_text(FILE.replace("60", "61"))
    assert invoke(*words, "--check").exit_code == 1


def test_export_of_a_file_around_an_app() -> None:
    """Then the app's routes are compared, too."""
    words = ("export", "haproxy", "shop:plain", "--config", "nocache.toml")
    result = invoke(*words)

    assert result.exit_code == 0
    assert "export haproxy shop:plain --config nocache.toml --check" in result.stdout


def test_a_wrong_file_is_one_of_usage(project: Path) -> None:
    (project / "nocache.toml").write_text("\nmode = 'lax'")
    for words in (
        ("audit", "shop:plain"),
        ("explain", "GET", "/a"),
        ("export", "nginx"),
        ("check", "--edge", "https://shop.example"),
    ):
        result = invoke(*words, "--config", "nocache.toml")
        assert result.exit_code == 2
        assert result.stderr.startswith("error: nocache.toml: line 2, mode: 'lax' is")


def test_rules_that_never_apply_are_the_audits(project: Path) -> None:
    """No warning on stderr: a finding."""
    (project / "nocache.toml").write_text(FILE + FILE)

    assert invoke("explain", "--config", "nocache.toml", "GET", "/a").stderr == ""
    audited = invoke("audit", "shop:plain", "--config", "nocache.toml")
    assert "NC401" in audited.stdout


def test_check_an_edge_against_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of each path that a rule names, the root, and nowhere."""
    more = "[[rules]]\npolicy='no-store'\n"
    rules = ("path='/lib/v{n:float}/*.css'", "path='/docs/**'", "path-regex='/x+'")
    with Path("nocache.toml").open("a") as file:
        file.writelines(f"{more}{rule}\n" for rule in rules)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        value = "public, max-age=60" if request.url.path == "/shared" else "no-store"
        return httpx.Response(200, headers={"cache-control": value})

    real, network = drift.compare, httpx.MockTransport(answer)
    monkeypatch.setattr(
        drift, "compare", lambda *a, **more: real(*a, transport=network, **more)
    )
    words = ("check", "--edge", "https://shop.example", "--config", "nocache.toml")
    result = invoke(*words)

    assert result.exit_code == 0, result.stdout
    known = {"/", "/shared", "/items/1", "/lib/v1/1.css", "/docs/a/b"}
    assert known < set(asked)
    assert len(set(asked)) == len(known) + 1  # and one that nobody knows
    assert "GET /items/{id:int}" in result.stdout
    Path("nocache.toml").write_text(FILE.replace("60", "30"))
    loosened = invoke(*words)
    assert loosened.exit_code == 1
    assert "NC801 permits more" in loosened.stdout


def test_check_of_urls_takes_no_file() -> None:
    result = invoke("check", "https://x", "--config", "nocache.toml")

    assert result.exit_code == 2
    assert "--config is for --edge" in result.stderr


def test_export_for_a_roll_out(project: Path) -> None:
    """Looser than neither the policy in use nor the new one, and it says how."""
    (project / "old.toml").write_text(FILE.replace("/shared", "/old"))
    words = ("export", "cloudflare-headers", "--config", "nocache.toml", "--widen")
    rolling = (*words, "--rolling-from", "old.toml")
    result = invoke(*rolling, "-o", "_headers")

    assert result.exit_code == 0, result.stderr
    text = Path("_headers").read_text()
    assert "--rolling-from old.toml --check -o HERE" in text
    assert "max-age=60" not in text
    assert invoke(*rolling, "-o", "_headers", "--check").exit_code == 0
    (project / "old.toml").write_text("mode = 'override'")
    assert "'override', the new one 'stricter'" in invoke(*rolling).stderr


# policy


def test_the_whole_policy_as_one_file(project: Path) -> None:
    """What a file extends is part of it, and reading it again changes nothing."""
    (project / "base.toml").write_text(
        "default='revalidate'\n[policies.brief]\ncache-control='private'\n"
        "[[rules]]\nstatus=[404, '5xx']\npolicy='brief'\nreason=\"\\u007f \\\"ü\\\"\"\n"
    )
    (project / "nocache.toml").write_text("extends=['base.toml']\n" + FILE)
    printed = invoke("policy", "--config", "nocache.toml").stdout

    assert printed == (
        'default = "revalidate"\nmode = "stricter"\nguards-off = []\n\n'
        '[policies.brief]\ncache-control = "private"\n\n'
        '[[rules]]\npath = "/shared"\n'
        'policy = { cache-control = "public, max-age=60" }\n\n'
        '[[rules]]\npath = "/items/{id:int}"\npolicy = "no-store"\nfloor = true\n\n'
        '[[rules]]\npolicy = "brief"\nstatus = ["5xx", 404]\n'
        'reason = "\\u007f \\"ü\\""\n'
    )
    (project / "whole.toml").write_text(printed)
    assert invoke("policy", "--config", "whole.toml").stdout == printed


def test_the_whole_policy_of_an_app() -> None:
    """Python's rules and the file's; what a file cannot say is refused."""
    assert 'default = "no-store"' in invoke("policy", "shop:closed").stdout
    result = invoke("policy", "shop:plain", "--config", "nocache.toml")
    assert 'path = "/shared"' in result.stdout
    days = 'mode = "report"\nreport-until = 2027-01-31\n'
    assert days in invoke("policy", "shop:reports").stdout
    Path("nocache.toml").write_text(days)
    assert days in invoke("policy", "--config", "nocache.toml").stdout
    wild = invoke("policy", "shop:wild")
    assert wild.exit_code == 2
    assert "is code; keep it in Python" in wild.stderr


# init


@pytest.fixture
def fresh(project: Path) -> Path:
    (project / "nocache.toml").unlink()
    return project


@pytest.mark.parametrize(
    ("app", "line"),
    [
        ("plain", 'install(plain, config="nocache.toml")'),
        ("bare", 'bare = NoCacheMiddleware(bare, config="nocache.toml")'),
        (
            "flask",
            "flask.wsgi_app = NoCacheWSGIMiddleware(flask.wsgi_app, "
            'config="nocache.toml")',
        ),
    ],
)
def test_init_leaves_an_app_as_it_is(fresh: Path, app: str, line: str) -> None:
    """Mode report, a baseline, and the lines to paste; then the audit passes."""
    result = invoke("init", f"shop:{app}")

    assert result.exit_code == 0, result.stderr
    assert line in result.stderr
    until = datetime.now(UTC).date() + timedelta(days=90)
    settings = load_config("nocache.toml").settings
    assert (settings.mode, settings.report_until) == ("report", until)
    pasted = [x.strip() for x in result.stderr.splitlines() if x.startswith("     ")]
    with (fresh / "shop.py").open("a") as file:
        file.write("\n".join(["", *pasted, ""]))
    del sys.modules["shop"]
    audited = invoke("audit", f"shop:{app}")
    assert audited.exit_code == 0, audited.stdout
    assert invoke("audit", f"shop:{app}", "--fail-on", "warning").exit_code == 0


def test_init_keeps_what_it_found_apart_from_the_mode(fresh: Path) -> None:
    """Only the mode has a last day of its own."""
    assert invoke("init", "shop:parts", "--days", "10").exit_code == 0

    entries = json.loads(Path("nocache-baseline.json").read_text())["entries"]
    until = str(datetime.now(UTC).date() + timedelta(days=10))
    assert {e["code"]: e.get("expires", "") for e in entries} == {
        "NC401": "",
        "NC307": until,
    }


def test_init_suggests_rules_for_static_files(fresh: Path) -> None:
    """As comments: what may be shared is for people to say."""
    assert invoke("init", "shop:files", "-o", "conf/cache.toml").exit_code == 0

    text = Path("conf/cache.toml").read_text()
    assert '# path = "/assets/**"' in text
    assert "rules" not in tomllib.loads(text)
    wanted = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if "=" in line
    ).replace("path", "[[rules]]\npath")
    Path("nocache.toml").write_text(wanted)
    assert load_config("nocache.toml").rules[0].path == "/assets/**"


@pytest.mark.parametrize("name", ["nocache.toml", "nocache-baseline.json"])
def test_init_overwrites_nothing(fresh: Path, name: str) -> None:
    (fresh / name).write_text("mine")
    result = invoke("init", "shop:plain")

    assert result.exit_code == 2
    assert f"{name} is there already; edit it, or move it away" in result.stderr
    assert (fresh / name).read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("shop:nothing",), 3, "shop:nothing has no routes; is it the right app?"),
        (("shop:none",), 3, "none"),
        (("shop:closed",), 2, "the app is wrapped already"),
        (("shop:plain", "-o", "shop.py/x"), 2, "shop.py/x cannot be written"),
    ],
)
def test_init_that_stops(
    fresh: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """And leaves nothing behind."""
    result = invoke("init", *words)

    assert result.exit_code == code
    assert said in result.stderr
    assert not (fresh / "nocache.toml").exists()
    assert not (fresh / "nocache-baseline.json").exists()


# schema


def test_the_schema_for_editors(project: Path) -> None:
    assert json.loads(invoke("schema").stdout) == schema()
    result = invoke("schema", "-o", "lib/s.json")

    assert json.loads(Path("lib/s.json").read_text()) == schema()
    assert 'let nocache.toml begin with "#:schema ./lib/s.json"' in result.stderr
