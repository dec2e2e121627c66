"""The command line: options, and what is said when something is not installed.

What the commands do is tested beside what they call; the demo's listening and
stopping in ``tests/test_demo.py``.
"""

import importlib
import re
import runpy
import socket
import subprocess
import sys

import pytest
import uvicorn
from click.testing import CliRunner

import asgi_nocache
from asgi_nocache.cli import main


@pytest.mark.parametrize(
    ("options", "maker"),
    [
        ([], "app.make_demo_app"),
        (["--app", "starlette"], "app.make_demo_app"),
        (["--app", "flask"], "flask_app.make_flask_demo_app"),
    ],
)
def test_demo_serves_the_demo(
    monkeypatch: pytest.MonkeyPatch, options: list[str], maker: str
) -> None:
    """It says where before it serves what was asked for, and Ctrl-C is no failure."""
    served: list[object] = []

    def interrupted(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        served.extend((server.config.app, len(sockets)))
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", interrupted)
    monkeypatch.setattr(f"asgi_nocache.demo.{maker}", lambda: maker)

    result = CliRunner().invoke(main, ["demo", "--port", "0", *options])

    assert result.exit_code == 0, result.output
    assert re.search(r"http://127\.0\.0\.1:[1-9]\d*/\n", result.output)
    assert served == [maker, 1]


def test_help_lists_the_commands() -> None:
    """The group explains itself in one screen."""
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    assert re.search(r"^  demo +Show the stale dropdown", result.output, re.MULTILINE)


def test_version() -> None:
    """The version of the package, from its one place."""
    result = CliRunner().invoke(main, ["--version"])

    assert result.output == f"asgi-nocache, version {asgi_nocache.__version__}\n"


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none(port: str) -> None:
    """A usage error, which names the option."""
    result = CliRunner().invoke(main, ["demo", f"--port={port}"])

    assert result.exit_code == 2
    assert "--port" in result.output


def test_an_app_that_is_none() -> None:
    """A usage error, which names those that are there."""
    result = CliRunner().invoke(main, ["demo", "--app=django"])

    assert result.exit_code == 2
    assert re.search(r"starlette\W+flask", result.output)


@pytest.mark.usefixtures("plain_imports")
def test_the_module_has_the_same_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``python -m asgi_nocache.demo`` is the command under another name."""
    by_command = CliRunner().invoke(main, ["demo", "--help"]).output
    monkeypatch.setattr(sys, "argv", ["demo", "--help"])

    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("asgi_nocache.demo", run_name="__main__")

    assert stopped.value.code == 0
    # Only the name differs, and the line breaks, with the terminal's width.
    same = by_command.replace("main demo", "python -m asgi_nocache.demo")
    assert capsys.readouterr().out.split() == same.split()


# What is not installed


@pytest.mark.parametrize(
    ("app", "extras", "missing"),
    [
        ("starlette", "demo", ["starlette"]),
        ("starlette", "demo", ["uvicorn"]),
        ("flask", "demo,flask", ["starlette"]),
        ("flask", "demo,flask", ["uvicorn"]),
        ("flask", "demo,flask", ["flask", "asgiref"]),
    ],
)
def test_demo_without_its_extras(
    monkeypatch: pytest.MonkeyPatch, app: str, extras: str, missing: list[str]
) -> None:
    """The remedy is the line to type."""
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)

    result = CliRunner().invoke(main, ["demo", "--app", app, "--port", "0"])

    assert result.exit_code == 2
    assert result.output == (
        f"Error: this command needs {' and '.join(missing)}: "
        f"pip install 'asgi-nocache[{extras}]'\n"
    )


def test_the_starlette_demo_needs_no_flask() -> None:
    """Who wants the demo alone is not asked for the other extra."""
    script = (
        "import sys, asgi_nocache.cli, uvicorn\n"
        "sys.modules.update(flask=None, asgiref=None)\n"
        "uvicorn.Server.run = lambda *_, **__: print('served')\n"
        "asgi_nocache.cli.main(['demo', '--port', '0'])"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert ended.stdout.endswith("\nserved\n")


@pytest.fixture
def plain_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave pytest's own importer out, which ``runpy`` cannot ask for code.

    It takes the whole package for a plugin, since one module of it is.
    """
    own = [f for f in sys.meta_path if type(f).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", own)


@pytest.fixture
def no_click(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without click, and no command imported yet."""
    monkeypatch.setitem(sys.modules, "click", None)
    monkeypatch.delitem(sys.modules, "asgi_nocache.cli")


@pytest.mark.usefixtures("no_click")
def test_the_command_without_click() -> None:
    """A string is printed on stderr, and the status is 1."""
    with pytest.raises(SystemExit, match=r"pip install 'asgi-nocache\[cli\]'"):
        importlib.import_module("asgi_nocache.cli")


@pytest.mark.usefixtures("no_click", "plain_imports")
def test_the_demo_without_click() -> None:
    """Who wants the demo needs more than click, and reads so at once."""
    with pytest.raises(SystemExit, match=r"pip install 'asgi-nocache\[demo\]'"):
        runpy.run_module("asgi_nocache.demo", run_name="__main__")


def test_importing_the_package_needs_nothing() -> None:
    """Neither the command's nor the demo's requirements come along."""
    unwanted = {"asgiref", "click", "flask", "starlette", "uvicorn"}
    script = f"import asgi_nocache, sys; print({unwanted} & set(sys.modules))"

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert ended.stdout == "set()\n"
