"""Command lines of a page: which are run, how, and what stands in for a network.

A server is started for real, on a free port in place of the page's, and stopped when
the page starts another there or ends. ``curl`` is read here and asked by httpx, as not
every machine has it. ``pip install`` is not run: what it names must be installed, or
be an extra of this package. Comparing belongs in ``page_session``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import httpx
from page_blocks import ROOT

#: How each server is told its port.
_SERVERS = {
    "uvicorn": "--port {}",
    "hypercorn": "--bind 127.0.0.1:{}",
    "granian": "--port {}",
    "gunicorn": "--bind 127.0.0.1:{}",
    "fastapi": "--port {}",
    "flask": "--port {}",
    "litestar": "--port {}",
}
_PORT = re.compile(r"(?:--port|127\.0\.0\.1:|-p) ?(\d+)")
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")
_DEADLINE = 30.0
#: Console scripts of the environment that runs the tests.
_SCRIPTS = Path(sysconfig.get_path("scripts"))
_RUN = {"asgi-nocache", "python", "pytest", "mypy"}


_LOOKED_UP = re.compile(r"(?:python -m )?pip install |uv add |make ")


def is_looked_up(line: str) -> bool:
    """Tell whether *line* is only checked, and not run."""
    return _LOOKED_UP.match(line) is not None


class Shell:
    """Types what a page says, in its folder.

    Attributes:
        changed: Whether a file was written since a server was started.
    """

    def __init__(self, folder: Path) -> None:
        self.changed = False
        self._folder = folder
        self._code = 0
        self._last = ""
        #: By the port that the page has: the server, and its real port.
        self._servers: dict[int, tuple[subprocess.Popen[bytes], int, str]] = {}

    def type(self, line: str, place: str) -> str:
        """Run one command *line*, and return what it prints."""
        self._unread(line, place)
        words = shlex.split(line, comments=True)
        env = {}
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        if not words:
            return ""
        self._last = line
        match words:
            case ["echo", "$?"]:
                code, self._code = self._code, 0
                return f"{code}\n"
            case ["pip", "install", *rest] | ["python", "-m", "pip", "install", *rest]:
                return _installed(rest, place)
            case ["uv", "add", *rest]:
                return _installed([w for w in rest if w != "--dev"], place)
            case ["make", *targets]:
                return _made(targets, place)
            case ["cd" | "source", *_]:
                return ""
            case ["mkdir", *names]:
                for name in names:
                    (self._folder / name).mkdir(parents=True)
                return ""
            case ["curl", *rest]:
                self._reloaded()
                return self._ask(rest)
            case [server, *rest] if _serves(server, rest):
                self._serve(line, words, env)
                return ""
            case [name, *rest] if name in _RUN:
                return self._call(name, rest, env)
        raise AssertionError(f"{place}: nobody here can type {line!r}")

    def expect_clean(self, place: str) -> None:
        """Raise if a failure went by without the page asking ``echo $?``."""
        self._unread("", place)

    def close(self) -> None:
        """Stop what runs."""
        for server, _, _ in self._servers.values():
            _stop(server)
        self._servers = {}

    def _unread(self, line: str, place: str) -> None:
        if self._code and line.split() != ["echo", "$?"]:
            raise AssertionError(
                f"{place}: {self._last!r} exited {self._code}; if it should, let the "
                "page type echo $? after it"
            )

    def _call(self, name: str, words: list[str], env: dict[str, str]) -> str:
        words = [self._there(word) for word in words]
        start = [sys.executable] if name == "python" else [str(_SCRIPTS / name)]
        if "pytest" in (name, *words[:2]):  # plugins of this project alone
            words = [*words, "-p", "no:cacheprovider", "-p", "no:asyncio"]
        done = subprocess.run(
            [*start, *words],
            cwd=self._folder,
            env=self._environ(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self._code = done.returncode
        return self._back(done.stdout)

    def _environ(self, env: dict[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COV_")}
        path = f"{_SCRIPTS}{os.pathsep}{kept.get('PATH', '')}"
        more = {"PATH": path, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        # Fewer characters than an editor's, wherever the test runs.
        return {**kept, **more, "PYTHONPATH": "", "COLUMNS": "88", **env}

    def _serve(self, line: str, words: list[str], env: dict[str, str]) -> None:
        said = _PORT.search(line)
        port = int(said[1]) if said else 5000 if words[0] == "flask" else 8000
        if port in self._servers:
            _stop(self._servers.pop(port)[0])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            real = free.getsockname()[1]
        skip = {"--reload"}  # when to start again is known here
        if words[:2] == ["fastapi", "dev"]:
            words = [*words, "--no-reload"]
        kept = _PORT.sub("", " ".join(shlex.quote(w) for w in words if w not in skip))
        kept = kept.replace("--bind ", "")
        option = _SERVERS[words[0]].format(real)
        start = shlex.split(f"{kept} {option}")
        log = self._folder / f".server-{real}.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                [str(_SCRIPTS / start[0]), *start[1:]],
                cwd=self._folder,
                env=self._environ(env),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._servers[port] = server, real, line
        self.changed = False
        _wait(server, real, log)

    def _reloaded(self) -> None:
        """Start servers again that were started with ``--reload``."""
        if self.changed:
            for _, _, line in list(self._servers.values()):
                if "--reload" in line or "fastapi dev" in line:
                    self._serve(line, shlex.split(line), {})

    def _there(self, text: str) -> str:
        """Return *text* with the real ports."""

        def real(found: re.Match[str]) -> str:
            server = self._servers.get(int(found[1]))
            return f"127.0.0.1:{server[1]}" if server else found[0]

        return _ADDRESS.sub(real, text.replace("localhost:", "127.0.0.1:"))

    def _back(self, text: str) -> str:
        for port, (_, real, _) in self._servers.items():
            text = text.replace(f"127.0.0.1:{real}", f"127.0.0.1:{port}")
        return text

    def _ask(self, words: list[str]) -> str:
        """Do what ``curl`` does with these *words*, for the few that pages use."""
        read = argparse.ArgumentParser("curl")
        read.add_argument("url")
        read.add_argument("-i", action="store_true")
        read.add_argument("-s", action="store_true")
        read.add_argument("-I", action="store_true")
        read.add_argument("-X")
        read.add_argument("-H", action="append", default=[])
        read.add_argument("-d")
        given = read.parse_args(words)
        usual = "POST" if given.d is not None else "HEAD" if given.I else "GET"
        fields = [tuple(f.split(": ", 1)) for f in given.H]
        # Nothing that curl would not send; a proxy has no business here.
        with httpx.Client(trust_env=False, headers={"accept": "*/*"}) as client:
            answer = client.request(
                given.X or usual,
                self._there(given.url),
                headers=fields,  # type: ignore[arg-type]
                content=given.d,
            )
        lines = [
            f"{answer.http_version} {answer.status_code} {answer.reason_phrase}",
            *(f"{k.decode()}: {v.decode()}" for k, v in answer.headers.raw),
            "",
        ]
        shown = lines if given.i or given.I else []
        return "\n".join([*shown, answer.text]) + "\n"


def _serves(name: str, rest: list[str]) -> bool:
    """Tell whether this is a server, rather than another use of its command."""
    needs = {"flask": "run", "fastapi": ("run", "dev"), "litestar": "run"}.get(name)
    return name in _SERVERS and (needs is None or any(w in needs for w in rest))


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until *server* listens."""
    until = time.monotonic() + _DEADLINE
    while time.monotonic() < until:
        if server.poll() is not None:
            raise AssertionError(f"{server.args} ended:\n{log.read_text()[-3000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    _stop(server)
    raise AssertionError(f"{server.args} does not listen:\n{log.read_text()[-3000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End *server* and what it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
            return


def _installed(words: list[str], place: str) -> str:
    """Check that each package that is named can be had: it is installed here."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for word in words:
        own = re.fullmatch(r"(?:asgi-nocache|\.|/\S+)(?:\[(.+)\])?", word)
        if own:
            for extra in filter(None, (own[1] or "").split(",")):
                assert extra in extras, f"{place}: no extra {extra!r}"
            continue
        try:
            distribution(re.split(r"[\[<>=]", word)[0])
        except PackageNotFoundError:
            raise AssertionError(f"{place}: {word} is not installed here") from None
    return ""


def _made(words: list[str], place: str) -> str:
    """Check that the Makefile has the targets."""
    rules = (ROOT / "Makefile").read_text()
    for word in words:
        name, is_setting, _ = word.partition("=")
        wanted = rf"^{name} \?=" if is_setting else rf"^{name}:"
        assert re.search(wanted, rules, re.MULTILINE), f"{place}: no {word!r} to make"
    return ""
