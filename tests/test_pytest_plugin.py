"""The pytest plugin: items of the audit, and a suite that is held to the policy."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asgi_nocache import pytest_plugin
from asgi_nocache.audit import run as audit_run
from asgi_nocache.audit.load import Loaded
from asgi_nocache.audit.watch import Seen, Watch

pytest_plugins = ["pytester"]

APP = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from asgi_nocache import NoCacheMiddleware, PUBLIC, Rule, nocache, set_policy

async def items(request):
    return PlainTextResponse("x")

async def brief(request):
    set_policy(PUBLIC(max_age=5))
    return PlainTextResponse("x")

async def chat(socket):
    await socket.close()

inner = Starlette(routes=[
    Route("/items/{id}", items),
    Route("/files/{name:path}", items),
    Route("/brief", brief),
    Route("/new", items, methods=["POST"]),
    WebSocketRoute("/chat", chat),
])
good = NoCacheMiddleware(inner, rules=[Rule("/files/**", PUBLIC(max_age=9))])

def loosened(app):
    async def outside(scope, receive, send):
        async def loose(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(b"cache-control", b"max-age=60")]}
            await send(message)
        await app(scope, receive, loose)
    outside.app = app
    return outside

bad = loosened(good)
none = Starlette(routes=[])
"""

TESTS = """
import pytest
from starlette.testclient import TestClient
import shop

def test_one():
    TestClient(shop.{app}).get("/items/3?a=b", headers={{"cookie": "a=b"}})
"""


@pytest.fixture
def shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with an app in it; modules of the same name go away afterwards."""
    pytester.makepyfile(shop=APP)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    monkeypatch.setattr(sys, "path", [str(pytester.path), *sys.path])
    # In process, what other tests decorated is seen, and what plugins change stays.
    monkeypatch.setattr(audit_run, "decorated_endpoints", lambda: ())
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")
    return pytester


def seen(method: str, target: str, status: int = 200, text: str = "") -> Seen:
    fields = (("cache-control", text),) if text else ()
    return Seen(method, target, "testserver", (), status, fields, 0.0)


def run(shop: Any, *options: str, how: str = "inprocess") -> Any:
    plugin = ["-p", "asgi_nocache.pytest_plugin"] if not _entry_point() else []
    return getattr(shop, f"runpytest_{how}")(*plugin, *options)


def _entry_point() -> bool:
    from importlib.metadata import entry_points

    return bool(entry_points(group="pytest11", name="asgi_nocache"))


@pytest.mark.parametrize("how", ["inprocess", "subprocess"])
def test_the_audit_as_items(shop: Any, how: str) -> None:
    """One for each route and method, named like it, and one for the rest."""
    result = run(shop, "--nocache-audit=shop:good", "-v", how=how)

    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*shop:good::GET /items/{id} PASSED*"])
    result.stdout.fnmatch_lines(["*shop:good::POST /new PASSED*"])
    result.stdout.fnmatch_lines(["*shop:good::/chat (not HTTP) PASSED*"])
    result.stdout.fnmatch_lines(["*::the app and its rules PASSED*"])


def test_a_finding_reads_like_one(shop: Any) -> None:
    result = run(shop, "--nocache-audit=shop:inner")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines([r"NC\d+ error .*", "  .*", "  why: .*", "  fix: .*"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_the_baseline_is_read(shop: Any) -> None:
    shop.path.joinpath("nocache-baseline.json").write_text("[]", "utf-8")

    result = run(shop, "--nocache-audit=shop:good")

    assert "has no list of entries" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--nocache-audit=shop:none"], "shop:none has no routes"),
        (["--nocache-audit=shop:missing"], "has no attribute"),
        (["--nocache-enforce=fail"], "needs to know the app"),
    ],
)
def test_wrong_use(shop: Any, options: list[str], words: str) -> None:
    result = run(shop, *options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("tested", "how", "outcome"),
    [
        ("good", "fail", {"passed": 1}),
        ("bad", "fail", {"failed": 1}),
        ("bad", "warn", {"passed": 1}),
        ("bad", "off", {"passed": 1}),
        ("inner", "fail", {"passed": 1}),  # not the app that is named
    ],
)
def test_enforced(shop: Any, tested: str, how: str, outcome: dict[str, int]) -> None:
    shop.makepyfile(test_it=TESTS.format(app=tested))

    options = [f"--nocache-enforce={how}", "--nocache-app=shop:good", "-W", "default"]
    result = run(shop, *options)

    result.assert_outcomes(**outcome)
    text = result.stdout.str()
    assert ("answered 200 with max-age=60, where the policy says" in text) == (
        tested == "bad" and how != "off"
    )
    assert ("NoCacheWarning: GET /items/3" in text) == (how == "warn")
    count = 0 if tested == "inner" else 1
    assert (f"shop:good: {count} of 4 routes were exercised" in text) == (how != "off")


def test_an_app_without_any_middleware(shop: Any) -> None:
    """What a cache may store is a breach; the ini file names the app."""
    shop.makeini(
        "[pytest]\nnocache_app = shop:inner\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    shop.makepyfile(test_it=TESTS.format(app="inner"))

    result = run(shop, "--nocache-enforce=fail")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no middleware stands around it*"])


@pytest.mark.parametrize(
    ("mark", "outcome"),
    [
        ("'the CDN is tested'", {"passed": 1}),
        ("reason='it is'", {"passed": 1}),
        ("", {"failed": 1}),
    ],
)
def test_exempt(shop: Any, mark: str, outcome: dict[str, int]) -> None:
    marked = f"@pytest.mark.nocache_exempt({mark})\ndef test_one"
    text = TESTS.format(app="bad").replace("def test_one", marked)
    shop.makepyfile(test_it=text)

    options = ["--nocache-enforce=fail", "--nocache-app=shop:good", "--strict-markers"]
    result = run(shop, *options)

    result.assert_outcomes(**outcome)
    assert ("needs a reason" in result.stdout.str()) == (not mark)


CLIENTS = {
    "httpx": "import asyncio, httpx as h",
    "httpx2": "import asyncio, httpx2 as h",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("tested", ["good", "bad"])
def test_asgi_transports(shop: Any, client: str, tested: str) -> None:
    shop.makepyfile(
        test_it=f"""
        {CLIENTS[client]}
        import shop
        async def ask():
            transport = h.ASGITransport(app=shop.{tested})
            async with h.AsyncClient(transport=transport, base_url="http://x") as c:
                await c.get("/items/1")
        def test_one():
            asyncio.run(ask())
        """
    )

    result = run(shop, "--nocache-enforce=fail", "--nocache-app=shop:good")

    result.assert_outcomes(**{"passed" if tested == "good" else "failed": 1})


def test_flask(shop: Any) -> None:
    shop.makepyfile(
        flasked="""
        from flask import Flask
        app = Flask("flasked")
        app.add_url_rule("/a/<path:x>", "a", lambda x: x)
        app.add_url_rule("/a/b", "b", lambda: "x")
        """,
        test_it="""
        from flasked import app
        from flask import Flask
        def test_one():
            app.test_client().get("/a/b?c=d", headers={"Cookie": "a=b"})
        def test_two():
            app.test_client().get("/a/b/c")
        def test_another():
            Flask("other").test_client().get("/a/b/c")
        """,
    )

    result = run(shop, "--nocache-enforce=fail", "--nocache-app=flasked:app")

    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["*2 of 3 routes were exercised; not: *"])
    result.stdout.fnmatch_lines(["*GET /a/b?c=d: answered 200 with no Cache-Control*"])


def test_clients_that_cannot_be_had(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not installed, not importable, without the class: passed over."""
    rows = [("no_such", "A", "b", None), ("colorsys", "A", "b", None)]
    monkeypatch.setattr(
        pytest_plugin, "_CLIENTS", (*rows, ("asgi_nocache.x", "", "", None))
    )
    pytest_plugin._patched(None)()  # type: ignore[arg-type]


def watch(shop: Any, name: str) -> Watch:
    module: dict[str, Any] = {"__name__": "shop"}
    exec(APP, module)
    return Watch(Loaded(module[name], f"shop:{name}"))


@pytest.mark.parametrize(
    ("name", "one", "breach"),
    [
        ("good", seen("HEAD", "/items/1", text="no-store"), False),
        ("good", seen("GET", "/items/1", text="private, max-age=5"), True),
        ("good", seen("GET", "/files/a/b", text="public, max-age=9"), False),
        ("good", seen("GET", "/files/a/b", text="public, max-age=10"), True),
        ("good", seen("GET", "/brief", text="public, max-age=5"), False),
        ("good", seen("GET", "/nowhere", 404, "no-store"), False),
        ("good", seen("GET", "/nowhere", 404, "max-age=5"), True),
        ("good", seen("GET", "/nowhere", 404), True),
        ("inner", seen("GET", "/items/1", text="no-store"), False),
        ("inner", seen("GET", "/items/1"), True),
        ("inner", seen("POST", "/new"), False),
        ("inner", seen("GET", "/nowhere", 404), True),
    ],
)
def test_what_is_a_breach(pytester: Any, name: str, one: Seen, breach: bool) -> None:
    seeing = watch(pytester, name)

    seeing.saw(one)

    assert bool(seeing.breaches) == breach, seeing.breaches


def test_all_exercised(pytester: Any) -> None:
    seeing = watch(pytester, "good")
    for method, path in [("GET", "/items/1"), ("GET", "/brief"), ("POST", "/new")]:
        seeing.saw(seen(method, path, text="no-store"))
    assert (
        seeing.summary() == "3 of 4 routes were exercised; not: GET /files/{name:path}"
    )

    seeing.saw(seen("GET", "/files/a", text="no-store"))
    assert seeing.summary() == "4 of 4 routes were exercised"


def test_stacks_that_go_in_circles(pytester: Any) -> None:
    class Ring:
        @property
        def app(self) -> Any:
            return self

    assert not watch(pytester, "good").concerns(Ring())


def test_nothing_is_loaded_without_an_option(tmp_path: Path) -> None:
    """What a run costs where the package is only installed."""
    test = tmp_path / "test_it.py"
    test.write_text(
        "import sys\n"
        "def test_it():\n"
        "    ours = [n for n in sys.modules if n.startswith('asgi_nocache.')]\n"
        "    parts = {n.split('.')[1] for n in ours}\n"
        "    assert not parts & {'audit', 'cli', 'decorators', 'reuse', 'testing'}\n"
        "    assert 'pytest_plugin' in parts\n"
        "    roots = {n.partition('.')[0] for n in sys.modules}\n"
        "    assert not roots & {'starlette', 'fastapi', 'flask', 'httpx', 'click'}\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "asgi_nocache.pytest_plugin"]
    done = subprocess.run(
        [*command, str(test)],
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
