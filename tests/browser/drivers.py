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
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from browser_processes import DEADLINE, process, unless_ended, wait_for
from websockets.sync.client import ClientConnection, connect


class Browser(Protocol):
    """What a test may ask of a browser."""

    def open(self, url: str) -> None:
        """Go to *url* and wait until it has loaded."""

    def reload(self) -> None:
        """Load the page again, as the reload button does."""

    def back(self) -> None:
        """Go back one page and wait until it is shown, from wherever it comes."""

    def evaluate(self, js: str) -> Any:
        """The value of an expression in the page, awaited, as JSON carries it."""

    def set_cookies(self, host: str, cookies: Mapping[str, str]) -> None:
        """Make *cookies* all that the browser has; they are for *host*."""

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


def version(binary: str) -> str:
    """What *binary* says of itself: ``"156.0.8078.79"``, ``"153.7.0esr"``."""
    said = subprocess.run(
        [binary, "--version"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    found = re.search(r"\d[\w.]*", said)
    return found[0] if found else said.strip()


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


def _go_back(browser: Browser) -> None:
    """Go back as a page does it, and wait for the other page.

    Neither protocol says in one way when a page that was kept is shown again.
    """
    left = browser.evaluate("location.href")
    # Later, since a page that is gone gives no answer.
    browser.evaluate("void setTimeout(() => history.back())")
    shown = (
        f"location.href !== {json.dumps(left)} && document.readyState === 'complete'"
    )

    def look() -> Any:
        # Between two documents there is none to ask.
        with contextlib.suppress(AssertionError):
            return browser.evaluate(shown)
        return None

    wait_for("the page before", look)


def _as_json(js: str) -> str:
    """An expression whose value crosses both protocols in the same form."""
    return f"(async () => JSON.stringify(await ({js})) ?? 'null')()"


class Chromium:
    """Chromium over its DevTools protocol, with an empty profile.

    Args:
        binary: Where it is.
        flags: More of what the command line takes.
        state: What differs from its defaults, as it keeps it in ``Local State``.
        folder: Where the profile is made; the system's place if it is not given.
    """

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

    def __init__(
        self,
        binary: str,
        *flags: str,
        state: Mapping[str, Any] | None = None,
        folder: Path | None = None,
    ) -> None:
        with contextlib.ExitStack() as undo:
            profile = _profile(undo, folder)
            (profile / "Local State").write_text(json.dumps(state or {}))
            undo.callback(_forget_socket, profile)
            own = f"--user-data-dir={profile}"
            command = (binary, *self.FLAGS, *flags, own, "about:blank")
            output = profile / "output"
            running = undo.enter_context(process(*command, output=output))
            look = unless_ended(running, output, self._endpoint(profile))
            self._wire = _Wire(wait_for("Chromium's DevToolsActivePort", look), undo)
            target = self._wire.call("Target.createTarget", {"url": "about:blank"})
            self._session = self._wire.call(
                "Target.attachToTarget",
                {"targetId": target["targetId"], "flatten": True},
            )["sessionId"]
            self._undo = undo.pop_all()

    @staticmethod
    def _endpoint(profile: Path) -> Callable[[], str | None]:
        announced = profile / "DevToolsActivePort"

        def look() -> str | None:
            lines = announced.read_text().splitlines() if announced.exists() else []
            return "ws://127.0.0.1:{}{}".format(*lines) if len(lines) == 2 else None

        return look

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol to the page."""
        return self._wire.call(method, params, sessionId=self._session)

    def open(self, url: str) -> None:
        self._leave_by("Page.navigate", url=url)

    def reload(self) -> None:
        self._leave_by("Page.reload")

    def back(self) -> None:
        _go_back(self)

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

    def set_cookies(self, host: str, cookies: Mapping[str, str]) -> None:
        self._wire.call("Storage.clearCookies", {})
        jar = [
            {"name": name, "value": value, "domain": host, "path": "/"}
            for name, value in cookies.items()
        ]
        self._wire.call("Storage.setCookies", {"cookies": jar})

    def screenshot(self, path: Path) -> None:
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._undo.close()


def _forget_socket(profile: Path) -> None:
    """Remove what Chromium makes outside of its profile, and leaves there."""
    with contextlib.suppress(OSError):
        folder = (profile / "SingletonSocket").readlink().parent
        if folder.name.startswith("org.chromium."):
            shutil.rmtree(folder)


class Firefox:
    """Firefox over WebDriver BiDi, with an empty profile.

    Args:
        binary: Where it is.
        prefs: What differs from its defaults in ``about:config``.
        folder: Where the profile is made; the system's place if it is not given.
    """

    FLAGS = ("--headless", "--no-remote", "--remote-debugging-port=0")

    def __init__(
        self,
        binary: str,
        prefs: Mapping[str, bool | int | str] | None = None,
        *,
        folder: Path | None = None,
    ) -> None:
        with contextlib.ExitStack() as undo:
            profile = _profile(undo, folder)
            changed = (json.dumps(pair)[1:-1] for pair in (prefs or {}).items())
            lines = "".join(f"user_pref({pair});\n" for pair in changed)
            (profile / "user.js").write_text(lines)
            output = profile / "output"
            flags = (*self.FLAGS, "--profile", str(profile), "about:blank")
            running = undo.enter_context(process(binary, *flags, output=output))
            look = unless_ended(running, output, self._endpoint(output))
            self._wire = _Wire(wait_for("Firefox's port", look), undo)
            self._wire.call("session.new", {"capabilities": {}})
            tree = self._wire.call("browsingContext.getTree", {})
            self._context = tree["contexts"][0]["context"]
            self._undo = undo.pop_all()

    @staticmethod
    def _endpoint(output: Path) -> Callable[[], str | None]:
        announced = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")

        def look() -> str | None:
            found = announced.search(output.read_bytes())
            return f"{found[1].decode()}/session" if found else None

        return look

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol to the page."""
        return self._wire.call(method, {"context": self._context, **params})

    def open(self, url: str) -> None:
        self.call("browsingContext.navigate", url=url, wait="complete")

    def reload(self) -> None:
        self.call("browsingContext.reload", wait="complete")

    def back(self) -> None:
        _go_back(self)

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

    def set_cookies(self, host: str, cookies: Mapping[str, str]) -> None:
        self._wire.call("storage.deleteCookies", {})
        for name, value in cookies.items():
            text = {"type": "string", "value": value}
            cookie = {"name": name, "value": text, "domain": host, "path": "/"}
            self._wire.call("storage.setCookie", {"cookie": cookie})

    def screenshot(self, path: Path) -> None:
        shot = self.call("browsingContext.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._undo.close()


def _profile(undo: contextlib.ExitStack, folder: Path | None) -> Path:
    """A new, empty profile directory, removed when the browser has ended."""
    return Path(
        undo.enter_context(
            # What a browser still writes while it dies must not fail a test.
            tempfile.TemporaryDirectory(
                prefix="browser-", dir=folder, ignore_cleanup_errors=True
            )
        )
    )
