"""Real browsers behind one small interface: open, evaluate, screenshot, close.

Starting, speaking to and stopping a browser belongs here, over the protocol it
brings along: Chromium's DevTools protocol, Firefox's WebDriver BiDi. No driver
program is downloaded and the network is never intercepted, which would switch
the cache off. What a page must show belongs in the tests.
"""

import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from websockets.sync.client import ClientConnection, connect

DEADLINE = 60.0  # seconds; far above the need, ends a hang and decides nothing else

T = TypeVar("T")


class Browser(Protocol):
    """What a test may ask of a browser."""

    def open(self, url: str) -> None:
        """Go to *url* and wait until it has loaded."""

    def reload(self) -> None:
        """Load the page again, as the reload button does."""

    def evaluate(self, js: str) -> Any:
        """The value of an expression in the page, awaited, as JSON carries it."""

    def screenshot(self, path: Path) -> None:
        """Save what the window shows as PNG."""

    def close(self) -> None:
        """End the browser and everything it started."""


def find(*names: str) -> str | None:
    """The first of *names* that is installed."""
    return next((path for name in names if (path := shutil.which(name))), None)


def chromium_binary() -> str | None:
    """Where Chromium, or a browser built from it, is installed."""
    return find("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def firefox_binary() -> str | None:
    """Where Firefox is installed."""
    return find("firefox-esr", "firefox")


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What *look* returns as soon as that is true; fails when it never is."""
    deadline = time.monotonic() + DEADLINE
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
        time.sleep(0.05)
    return seen


@contextlib.contextmanager
def process(*command: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a group of its own; at the end nothing of it is left."""
    with (
        output.open("wb") as sink,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as running,
    ):
        try:
            yield running
        finally:
            # The leader first: browsers tell their children to go.
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(10)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)


class _Wire:
    """Numbered JSON commands over one websocket, the shape of both protocols."""

    def __init__(self, url: str, undo: contextlib.ExitStack) -> None:
        # A proxy from the environment has no business with 127.0.0.1.
        wire = connect(url, max_size=None, proxy=None, ping_interval=None)
        self._socket: ClientConnection = undo.enter_context(wire)
        self._numbers = itertools.count(1)

    def call(self, method: str, params: dict[str, Any], **extra: str) -> dict[str, Any]:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": params, **extra}
        self._socket.send(json.dumps(command))
        while True:
            answer = json.loads(self._socket.recv(timeout=DEADLINE))
            if answer.get("id") != number:
                continue  # an event, which nobody here listens to
            if "error" in answer:
                raise AssertionError(f"{method}: {answer}")
            return dict(answer["result"])


def _as_json(js: str) -> str:
    """An expression whose value crosses both protocols in the same form."""
    return f"(async () => JSON.stringify(await ({js})) ?? 'null')()"


class Chromium:
    """Chromium over its DevTools protocol, with an empty profile."""

    FLAGS = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--remote-debugging-port=0",
    )

    def __init__(self, binary: str) -> None:
        with contextlib.ExitStack() as undo:
            profile = _profile(undo)
            flags = (*self.FLAGS, f"--user-data-dir={profile}", "about:blank")
            undo.enter_context(process(binary, *flags, output=profile / "output"))
            self._wire = _Wire(self._endpoint(profile), undo)
            target = self._wire.call("Target.createTarget", {"url": "about:blank"})
            self._session = self._wire.call(
                "Target.attachToTarget",
                {"targetId": target["targetId"], "flatten": True},
            )["sessionId"]
            self._undo = undo.pop_all()

    @staticmethod
    def _endpoint(profile: Path) -> str:
        announced = profile / "DevToolsActivePort"

        def look() -> list[str] | None:
            lines = announced.read_text().splitlines() if announced.exists() else []
            return lines if len(lines) == 2 else None

        port, path = wait_for("Chromium's DevToolsActivePort", look)
        return f"ws://127.0.0.1:{port}{path}"

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol to the page."""
        return self._wire.call(method, params, sessionId=self._session)

    def open(self, url: str) -> None:
        self._leave_by("Page.navigate", url=url)

    def reload(self) -> None:
        self._leave_by("Page.reload")

    def _leave_by(self, method: str, **params: Any) -> None:
        # The old document may still answer for a moment; so it is marked.
        self.evaluate("document.documentElement.dataset.left = 'yes'")
        went = self.call(method, **params)
        assert "errorText" not in went, went
        loaded = (
            "document.readyState === 'complete'"
            " && !document.documentElement.dataset.left"
        )
        wait_for("the page to load", lambda: self._evaluate_if_there(loaded))

    def _evaluate_if_there(self, js: str) -> Any:
        # Between two documents there is none to ask.
        with contextlib.suppress(AssertionError):
            return self.evaluate(js)
        return None

    def evaluate(self, js: str) -> Any:
        answer = self.call(
            "Runtime.evaluate",
            expression=_as_json(js),
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{js}: {answer['exceptionDetails']}")
        return json.loads(answer["result"]["value"])

    def screenshot(self, path: Path) -> None:
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._undo.close()


class Firefox:
    """Firefox over WebDriver BiDi, with an empty profile."""

    FLAGS = ("--headless", "--no-remote", "--remote-debugging-port=0")

    def __init__(self, binary: str) -> None:
        with contextlib.ExitStack() as undo:
            profile = _profile(undo)
            output = profile / "output"
            flags = (*self.FLAGS, "--profile", str(profile), "about:blank")
            undo.enter_context(process(binary, *flags, output=output))
            self._wire = _Wire(self._endpoint(output), undo)
            self._wire.call("session.new", {"capabilities": {}})
            tree = self._wire.call("browsingContext.getTree", {})
            self._context = tree["contexts"][0]["context"]
            self._undo = undo.pop_all()

    @staticmethod
    def _endpoint(output: Path) -> str:
        announced = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
        found = wait_for(
            "Firefox's port", lambda: announced.search(output.read_bytes())
        )
        return f"{found[1].decode()}/session"

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol to the page."""
        return self._wire.call(method, {"context": self._context, **params})

    def open(self, url: str) -> None:
        self.call("browsingContext.navigate", url=url, wait="complete")

    def reload(self) -> None:
        self.call("browsingContext.reload", wait="complete")

    def evaluate(self, js: str) -> Any:
        answer = self._wire.call(
            "script.evaluate",
            {
                "expression": _as_json(js),
                "target": {"context": self._context},
                "awaitPromise": True,
            },
        )
        if answer["type"] == "exception":
            raise AssertionError(f"{js}: {answer['exceptionDetails']}")
        return json.loads(answer["result"]["value"])

    def screenshot(self, path: Path) -> None:
        shot = self.call("browsingContext.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._undo.close()


def _profile(undo: contextlib.ExitStack) -> Path:
    """A new, empty profile directory, removed when the browser has ended."""
    return Path(
        undo.enter_context(
            # What a browser still writes while it dies must not fail a test.
            tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        )
    )
