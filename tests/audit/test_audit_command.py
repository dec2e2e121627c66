"""The commands: exit codes, options, and what is said when something is wrong.

What they find and print in detail is tested beside the modules that do it.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from asgi_nocache.audit import command, live, run
from asgi_nocache.audit.baseline import FILE
from asgi_nocache.audit.report import WRITERS
from asgi_nocache.cli import main

FORMATS = ["text", *WRITERS]

HEAD = """
from fastapi import FastAPI
from asgi_nocache import APP_DECIDES, NO_STORE, NoCacheMiddleware, PUBLIC, Rule
"""
BARE = """
app = FastAPI(openapi_url=None)

@app.get("/api/items")
async def items():
    return []
"""
OPEN = HEAD + BARE + "app = NoCacheMiddleware(app, default=APP_DECIDES)\n"
CLOSED = HEAD + BARE + "app = NoCacheMiddleware(app)\n"
NOTHING = HEAD + BARE
EMPTY = HEAD + "app = NoCacheMiddleware(FastAPI(openapi_url=None))\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder that commands run in, and forget what they imported."""
    known, path = set(sys.modules), list(sys.path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "decorated_endpoints", lambda: ())  # of other tests
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def write(project: Path, source: str) -> None:
    (project / "main.py").write_text(source)
    sys.modules.pop("main", None)
    for compiled in project.rglob("*.pyc"):  # of the same second, perhaps
        compiled.unlink()


def invoke(*words: str, **options: Any) -> Result:
    result = CliRunner().invoke(main, list(words), **options)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def audit(project: Path, source: str, *words: str) -> Result:
    write(project, source)
    return invoke("audit", "main:app", *words)


# Exit codes


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("source", "code"),
    [
        (CLOSED, 0),
        (OPEN, 1),
        (NOTHING, 1),
        (EMPTY, 3),
        ("raise ValueError('no')", 3),
        ("app = 3", 3),
    ],
)
def test_exit_codes(project: Path, form: str, source: str, code: int) -> None:
    """The same for every format."""
    assert audit(project, source, "--format", form).exit_code == code


@pytest.mark.parametrize("form", FORMATS)
def test_usage_is_2(project: Path, form: str) -> None:
    result = audit(project, CLOSED, "--format", form, "-H", "no field")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "error: --header 'no field' is no field; write 'Name: value'\n"
    )


@pytest.mark.parametrize(
    "line", [": x", "a b: c", "X: a\nb", "X: \u20ac", "Xé: y", "X"]
)
def test_what_is_no_field(project: Path, line: str) -> None:
    result = audit(project, CLOSED, "--drive", "-H", line)

    assert result.exit_code == 2
    assert "is no field" in result.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_exit_zero_is_for_findings_only(project: Path, form: str) -> None:
    words = ("--format", form, "--exit-zero")

    assert audit(project, OPEN, *words).exit_code == 0
    assert audit(project, EMPTY, *words).exit_code == 3
    assert audit(project, "app = 3", *words).exit_code == 3


#: A warning and no error: a rule that nothing needs.
WARNED = HEAD + BARE + (
    "app = NoCacheMiddleware(app, rules=[Rule('/nothing/here', NO_STORE)])\n"
)  # fmt: skip


def worst(result: Result) -> str:
    found = json.loads(result.stdout)["findings"]
    levels = [each["severity"] for each in found if each["confidence"] != "guess"]
    return max(levels, key=["info", "warning", "error"].index, default="")


@pytest.mark.parametrize(
    ("level", "codes"),
    [("error", (0, 1)), ("warning", (1, 1)), ("info", (1, 1)), ("never", (0, 0))],
)
def test_fail_on(project: Path, level: str, codes: tuple[int, int]) -> None:
    words = ("--fail-on", level, "--format", "json")
    warned, failed = audit(project, WARNED, *words), audit(project, OPEN, *words)

    assert (worst(warned), worst(failed)) == ("warning", "error")
    assert (warned.exit_code, failed.exit_code) == codes


def test_an_app_that_raises_while_it_is_imported(project: Path) -> None:
    """Its own last frame, and what to do; not our traceback."""
    (project / "settings.py").write_text("import os\nURL = os.environ['SHOP_URL']\n")
    result = audit(project, "import settings\n")

    assert result.exit_code == 3
    assert result.stdout == ""
    assert "settings.py:2: URL = os.environ['SHOP_URL']" in result.stderr
    assert "KeyError: 'SHOP_URL'" in result.stderr
    assert "set SHOP_URL in the environment" in result.stderr
    assert "asgi_nocache" not in result.stderr
    assert "Traceback" not in result.stderr


def test_an_app_that_cannot_start(project: Path) -> None:
    source = """
import contextlib
from fastapi import FastAPI

@contextlib.asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = FastAPI(lifespan=lifespan)
"""
    result = audit(project, source, "--drive")

    assert result.exit_code == 3
    assert "the app could not start: RuntimeError: no database" in result.stderr
    assert audit(project, source).exit_code == 1  # without being asked


def test_middleware_that_is_configured_wrongly(project: Path) -> None:
    """Which Starlette would tell only when the server starts."""
    source = NOTHING + "app.add_middleware(NoCacheMiddleware, mode='loose')\n"
    result = audit(project, source)

    assert result.exit_code == 2
    assert "mode='loose'" in result.stderr


# The must-show


def as_users_do(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = "from asgi_nocache.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        cwd=project,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )


def fix_of(project: Path, where: str, *words: str) -> str:
    """Return the line that is to be pasted for the one error that is there."""
    asked = as_users_do(project, "audit", "main:app", "--format", "json", *words)
    assert asked.returncode == 1, asked.stderr
    found = json.loads(asked.stdout)["findings"]
    (one,) = [f for f in found if f["severity"] == "error"]
    assert one["where"] == where
    fix: str = one["fix"]
    return fix


@pytest.mark.parametrize(
    ("wrapped", "words"),
    [
        ("NoCacheMiddleware(app, default=APP_DECIDES, rules=[RULES])", []),
        ("NoCacheMiddleware(app, rules=[RULES])", ["--require"]),
    ],
)
def test_one_endpoint_without_a_declaration(
    project: Path, wrapped: str, words: list[str]
) -> None:
    """Exit 1, the finding names it; the pasted fix makes it exit 0."""
    known = '\n@app.get("/about")\nasync def about():\n    return {}\n'
    source = f"{HEAD}{BARE}{known}app = {wrapped}\n"
    about = 'Rule("/about", PUBLIC(max_age=60))'
    write(project, source.replace("RULES", about))
    told = as_users_do(project, "audit", "main:app", *words)

    assert told.returncode == 1
    assert re.search(r"^NC10\d error GET /api/items", told.stdout, re.MULTILINE)
    assert "GET /about" not in re.sub(r"(?m)^ *GET.*$", "", told.stdout)

    rule = re.search(r"Rule\(.*\)", fix_of(project, "GET /api/items", *words))
    assert rule, "the fix is a line to paste"
    write(project, source.replace("RULES", f"{rule[0]}, {about}"))
    fixed = as_users_do(project, "audit", "main:app", *words)

    assert fixed.returncode == 0, fixed.stdout


def test_no_middleware_at_all(project: Path) -> None:
    write(project, NOTHING)
    fix = fix_of(project, "main:app")
    told = as_users_do(project, "audit", "main:app")
    write(project, NOTHING + fix + "\n")
    fixed = as_users_do(project, "audit", "main:app")

    assert told.returncode == 1
    assert "GET /api/items" in told.stdout
    assert "install(app)" in fix
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr


# The baseline


def test_updating_the_baseline(project: Path) -> None:
    without = audit(project, OPEN, "--update-baseline")
    assert without.exit_code == 2
    assert "--reason" in without.stderr
    assert not (project / FILE).exists()

    assert audit(project, OPEN, "--update-baseline", "--reason", " ").exit_code == 2
    updated = audit(project, OPEN, "--update-baseline", "--reason", "a demo")
    assert updated.exit_code == 0
    assert re.fullmatch(rf"{re.escape(FILE)}: [1-9]\d* known\n", updated.stderr)
    entries = json.loads((project / FILE).read_text())["entries"]
    assert {entry["reason"] for entry in entries} == {"a demo"}

    clean = audit(project, OPEN)  # the file is taken where it is there
    assert clean.exit_code == 0
    assert "suppressed" in clean.stdout

    again = audit(project, OPEN, "--update-baseline", "--reason", "another")
    assert again.exit_code == 0
    assert json.loads((project / FILE).read_text())["entries"] == entries


def test_updating_drops_what_was_looked_for_and_is_gone(project: Path) -> None:
    """And nothing else: what only --drive finds was not looked for."""
    words = ("--update-baseline", "--reason", "a demo")
    audit(project, OPEN, *words)
    file = project / FILE
    data = json.loads(file.read_text())
    (kept, *_) = data["entries"]
    gone = {**kept, "where": "GET /gone", "fingerprint": "0" * 16}
    driven = {**kept, "code": "NC901", "fingerprint": "1" * 16}
    data["entries"] = [*data["entries"], gone, driven]
    file.write_text(json.dumps(data))

    assert audit(project, OPEN, *words).exit_code == 0

    left = {e["fingerprint"] for e in json.loads(file.read_text())["entries"]}
    assert kept["fingerprint"] in left
    assert driven["fingerprint"] in left
    assert gone["fingerprint"] not in left


def test_explain_reads_expires_by_the_clock(project: Path) -> None:
    """Where the app sends no Date, as the middleware does."""
    write(project, CLOSED.replace("(app)", "(app, default=APP_DECIDES)"))
    soon = formatdate(time.time() + 3600, usegmt=True)

    told = invoke("explain", "GET", "/api/items", "--sent", f"Expires: {soon}")

    assert "browser: stored for 3" in told.stdout, told.stdout


def test_a_baseline_of_another_name(project: Path) -> None:
    words = ("--baseline", "known.json")
    missing = audit(project, OPEN, *words)
    assert missing.exit_code == 2
    assert "known.json" in missing.stderr

    made = audit(project, OPEN, *words, "--update-baseline", "--reason", "a demo")
    assert made.exit_code == 0
    assert not (project / FILE).exists()
    assert audit(project, OPEN, *words).exit_code == 0
    assert audit(project, OPEN).exit_code == 1


def test_what_nobody_looked_for_stays_known(project: Path) -> None:
    """An update without --require does not forget what --require found."""
    words = ("--update-baseline", "--reason", "later")
    audit(project, CLOSED, "--require", *words)
    before = (project / FILE).read_text()
    audit(project, CLOSED, *words)

    assert json.loads(before)["entries"]
    assert (project / FILE).read_text() == before
    assert audit(project, CLOSED, "--require").exit_code == 0
    assert audit(project, CLOSED).exit_code == 0


def test_no_baseline_for_no_routes(project: Path) -> None:
    result = audit(project, EMPTY, "--update-baseline", "--reason", "x")

    assert result.exit_code == 3
    assert not (project / FILE).exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 9, "entries": []}'])
def test_a_baseline_that_is_wrong(project: Path, text: str) -> None:
    (project / FILE).write_text(text)

    assert audit(project, CLOSED).exit_code == 2


# What is printed, and where


@pytest.mark.parametrize("form", FORMATS)
def test_output_goes_to_a_file(project: Path, form: str) -> None:
    printed = audit(project, OPEN, "--format", form)
    written = audit(project, OPEN, "--format", form, "-o", "out.txt")

    assert (written.exit_code, written.stdout) == (1, "")
    assert written.stderr == "out.txt: written\n"
    text = (project / "out.txt").read_text(encoding="utf-8")
    assert "/api/items" in text
    if form in ("text", "json", "github"):
        assert text == printed.stdout


def test_output_that_cannot_be_written(project: Path) -> None:
    result = audit(project, CLOSED, "-o", "no/such/folder/out.txt")

    assert result.exit_code == 2
    assert "no/such/folder/out.txt cannot be written" in result.stderr


def test_quiet(project: Path) -> None:
    long, short = audit(project, OPEN), audit(project, OPEN, "--quiet")
    table = re.compile(r"^GET +/api/items", re.MULTILINE)

    assert table.search(long.stdout)
    assert not table.search(short.stdout)
    assert "error GET /api/items" in short.stdout


def test_colours_only_where_they_are_wanted(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[" not in audit(project, OPEN).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in audit(project, OPEN).stdout
    colored = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert colored.search(audit(project, OPEN).stdout)
    assert not colored.search(audit(project, OPEN, "--no-color").stdout)
    audit(project, OPEN, "-o", "out.txt")
    assert "\x1b" not in (project / "out.txt").read_text()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored.search(audit(project, OPEN).stdout)


def test_characters_that_the_output_lacks(project: Path) -> None:
    source = OPEN.replace("/api/items", "/préis/\u20ac")
    write(project, source)
    for encoding in ("ascii", "latin-1"):
        result = CliRunner(charset=encoding).invoke(main, ["audit", "main:app"])
        assert result.exit_code == 1, result.exception
        assert "\\u20ac" in result.stdout
        sys.modules.pop("main", None)


def test_another_stream_is_left_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain:
        written = ""

        def write(self, text: str) -> None:
            self.written += text

    plain = Plain()
    monkeypatch.setattr(sys, "stdout", plain)

    assert command.run_rules(["NC201"]) == 0
    assert plain.written.startswith("NC201")


def test_progress_only_on_a_terminal(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = audit(project, CLOSED, "--drive")
    assert (piped.exit_code, piped.stderr) == (0, "")

    def terminal(**options: Any) -> Console:
        return Console(force_terminal=True, **options)

    monkeypatch.setattr(command, "Console", terminal)
    seen = audit(project, CLOSED, "--drive")
    assert "GET /api/items" in seen.stderr
    assert audit(project, CLOSED).stderr == ""
    assert audit(project, CLOSED, "--drive", "--format", "json").stderr == ""


def test_driving_sends_the_fields(project: Path) -> None:
    source = (
        HEAD
        + """
from fastapi import Request
app = FastAPI(openapi_url=None)

@app.get("/me")
async def me(request: Request):
    print(request.headers.get("cookie"))
    return []

app = NoCacheMiddleware(app)
"""
    )
    result = audit(project, source, "--drive", "-H", "Cookie:  session=1 ")

    assert "session=1\n" in result.stdout


def test_a_rule_that_never_applies_is_told_by_the_audit(project: Path) -> None:
    """And not by a warning of Python's, which would end the tests here."""
    source = NOTHING + (
        "app = NoCacheMiddleware(app, rules=[Rule('/**', NO_STORE),"
        " Rule('/api/**', PUBLIC(max_age=60))])\n"
    )

    assert "NC4" in audit(project, source).stdout


def test_the_app_is_found_where_none_is_named(project: Path) -> None:
    write(project, CLOSED)
    assert invoke("audit").exit_code == 0

    made = project / "elsewhere"
    made.mkdir()
    (made / "shop.py").write_text(
        HEAD + "def make():\n" + BARE.replace("\n", "\n    ")
        + "\n    return NoCacheMiddleware(app)\n"
    )  # fmt: skip
    words = ("audit", "shop:make", "--app-dir", "elsewhere", "--factory")
    assert invoke(*words).exit_code == 0


# The page, and the one before it


PAGE = ("--format", "html", "-o", "report.html")
FIRST_TIME = "no earlier report to compare with"


def page(project: Path, source: str, *words: str) -> str:
    result = audit(project, source, *PAGE, *words)
    assert result.exit_code in (0, 1), result.stderr
    return (project / "report.html").read_text(encoding="utf-8")


def test_the_page_that_is_replaced_is_compared_with(project: Path) -> None:
    assert FIRST_TIME in page(project, OPEN)
    assert "the same findings, routes and letters" in page(project, OPEN)
    closed = page(project, CLOSED)
    assert "Fixed findings" in closed
    assert "New findings" not in closed
    assert "New findings" in page(project, OPEN)


@pytest.mark.parametrize("form", ["html", "json"])
def test_an_earlier_report_is_named(project: Path, form: str) -> None:
    audit(project, OPEN, "--format", form, "-o", "old")
    page(project, CLOSED)

    assert "Fixed findings" in page(project, CLOSED, "--since", "old")


@pytest.mark.parametrize("content", [b"somebody's", b"\xff\xfe", b"{}"])
def test_a_foreign_file_is_replaced_without_a_word(
    project: Path, content: bytes
) -> None:
    (project / "report.html").write_bytes(content)

    assert FIRST_TIME in page(project, CLOSED)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"somebody's", 'error: --since old: "somebody\'s" is no report; give a file'),
        (b"\xff", "error: --since 'old' cannot be read: "),
        (None, "error: --since 'old' cannot be read: "),
    ],
)
def test_a_foreign_file_that_is_named(
    project: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (project / "old").write_bytes(content)
    result = audit(project, CLOSED, "--format", "html", "--since", "old")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(said)


@pytest.mark.parametrize("form", sorted({*FORMATS} - {"html"}))
def test_since_is_for_the_page(project: Path, form: str) -> None:
    result = audit(project, CLOSED, "--format", form, "--since", "old")

    assert result.exit_code == 2
    assert result.stderr == "error: --since 'old' is for --format html only\n"


def test_text_needs_no_jinja2(project: Path) -> None:
    write(
        project,
        "from asgi_nocache import NoCacheMiddleware\n"
        "from starlette.applications import Starlette\n"
        "from starlette.routing import Route\n"
        "async def home(request): ...\n"
        "app = NoCacheMiddleware(Starlette(routes=[Route('/', home)]))\n",
    )
    script = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from asgi_nocache.cli import main; main()"
    )
    for form in sorted({*FORMATS} - {"html"}):
        words = ["audit", "main:app", "--format", form]
        subprocess.run([sys.executable, "-c", script, *words], cwd=project, check=True)


# explain


def test_explain(project: Path) -> None:
    write(project, CLOSED)
    words = ("-H", "Cookie: a=b", "--status", "404", "--sent", "ETag: x")
    result = invoke("explain", "main:app", "get", "/api/items", *words)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split(None, 1) == ["request", "GET /api/items"]
    assert lines[1].strip() == "cookie: a=b"
    for expected in ("status 404", "etag: x", "cache-control: no-store, no-cache"):
        assert expected in result.stdout
    assert re.search(r"browser: never stored: .*\(RFC 9111 ", result.stdout)


def test_explain_finds_the_app(project: Path) -> None:
    write(project, CLOSED)

    assert invoke("explain", "GET", "/api/items").exit_code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "[MODULE:APP] METHOD PATH"),
        (("GET",), "[MODULE:APP] METHOD PATH"),
        (("main:app", "GET", "/", "/"), "[MODULE:APP] METHOD PATH"),
        (("main:app", "GET", "api"), "'api' is no path"),
        (("GET", "/", "--sent", "x"), "--sent 'x' is no field"),
        (("GET", "/", "-H", "x"), "--header 'x' is no field"),
        (("GET", "/", "--status", "99"), "--status"),
    ],
)
def test_explain_is_asked_wrongly(
    project: Path, words: tuple[str, ...], expected: str
) -> None:
    write(project, CLOSED)
    result = invoke("explain", *words)

    assert result.exit_code == 2
    assert expected in result.stderr


def test_explain_without_an_app(project: Path) -> None:
    assert invoke("explain", "nowhere:app", "GET", "/").exit_code == 3


# check


def serving(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> list[tuple[str, str, float]]:
    """Let *answer* be the network; return what is asked of it."""
    seen: list[tuple[str, str, float]] = []

    def noted(request: httpx.Request) -> httpx.Response:
        timeout = request.extensions["timeout"]["connect"]
        seen.append((str(request.url), request.headers.get("cookie", ""), timeout))
        result: httpx.Response = answer(request)
        return result

    def client(**options: Any) -> httpx.Client:
        transport = httpx.MockTransport(noted)
        return httpx.Client(**{**options, "transport": transport})

    real = httpx.Client
    monkeypatch.setattr(live.httpx, "Client", lambda **o: real(
        **{**o, "transport": httpx.MockTransport(noted)}
    ))  # fmt: skip
    return seen


URL = "http://shop.example/"


def test_check(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {
        "cache-control": "no-store, no-cache, must-revalidate, private, max-age=0"
    }
    seen = serving(monkeypatch, lambda request: httpx.Response(200, headers=fields))
    words = ("--as", "Cookie: a=1", "--as", "Cookie: a=2", "--timeout", "3")
    result = invoke("check", URL, *words)

    assert result.exit_code == 0, result.stdout
    assert seen[:-1] == [(URL, f"a={n}", 3.0) for n in (1, 1, 2, 2)]
    assert seen[-1][1:] == ("", 3.0)  # the error page beside it, as nobody
    assert "as user 1 (Cookie): HTTP/1.1 200" in result.stdout
    assert "a=1" not in result.stdout  # a secret
    assert re.search(r"browser +N never stored", result.stdout)


def failing(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("answer", "code", "expected"),
    [
        (lambda r: httpx.Response(200), 0, "heuristic"),
        (lambda r: httpx.Response(404 if "nothing" in r.url.path else 200), 1, "NC903"),
        (lambda r: httpx.Response(302, headers={"location": "/in"}), 0, "302 to /in"),
        (lambda r: httpx.Response(502), 1, "NC903"),
        (failing, 3, "no connection: refused"),
    ],
)
def test_check_exit_codes(
    monkeypatch: pytest.MonkeyPatch, answer: Any, code: int, expected: str
) -> None:
    serving(monkeypatch, answer)
    result = invoke("check", URL)

    assert result.exit_code == code
    assert expected in result.stdout


def test_check_is_asked_wrongly() -> None:
    assert invoke("check").exit_code == 2
    assert invoke("check", URL, "--as", "x").exit_code == 2
    assert invoke("check", URL, "--timeout", "0").exit_code == 2


# rules


def test_rules() -> None:
    one, family, every = (
        invoke("rules", "NC201"),
        invoke("rules", "NC2"),
        invoke("rules"),
    )

    assert one.exit_code == family.exit_code == every.exit_code == 0
    assert one.stdout.startswith("NC201")
    assert one.stdout in family.stdout
    assert len(one.stdout) < len(family.stdout) < len(every.stdout)


def test_rules_that_are_not_there() -> None:
    result = invoke("rules", "NC999")

    assert result.exit_code == 2
    assert "NC999" in result.stderr


# What is not installed


@pytest.mark.parametrize(
    ("words", "extra", "missing"),
    [
        (["audit", "main:app"], "cli", ["rich"]),
        (["audit", "main:app", "--format", "html"], "cli", ["jinja2"]),
        (["audit", "main:app", "--format", "html"], "cli", ["rich", "jinja2"]),
        (["explain", "main:app", "GET", "/"], "cli", ["rich"]),
        (["check", URL], "live", ["rich"]),
        (["check", URL], "live", ["httpx"]),
        (["check", URL], "live", ["rich", "httpx"]),
        (["rules"], "cli", ["rich"]),
    ],
)
def test_without_the_extras(
    monkeypatch: pytest.MonkeyPatch, words: list[str], extra: str, missing: list[str]
) -> None:
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    result = CliRunner().invoke(main, words)

    assert result.exit_code == 2
    assert f"pip install 'asgi-nocache[{extra}]'" in result.output
    assert " and ".join(missing) in result.output


def test_only_check_loads_httpx(project: Path) -> None:
    """The extra ``cli`` has no httpx."""
    write(project, CLOSED)
    script = (
        "import sys; sys.modules['httpx'] = sys.modules['httplint'] = None\n"
        "from asgi_nocache.cli import main; main()"
    )
    for words in (["audit", "main:app"], ["explain", "GET", "/"], ["rules", "NC201"]):
        subprocess.run([sys.executable, "-c", script, *words], cwd=project, check=True)


def test_commands_load_late() -> None:
    """Neither importing the package nor the command's --version loads rich."""
    script = (
        "import sys, asgi_nocache.cli\n"
        "print(sorted({'rich', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_every_command_has_help() -> None:
    assert isinstance(main, click.Group)
    for name in ("audit", "explain", "check", "rules"):
        result = invoke(name, "--help")
        assert result.exit_code == 0
        assert name in result.stdout
