"""Chromium and Firefox as caches: a page that fetches, and the browser's own cache.

How many requests are sent as a script of a page sends them belongs here. How a
browser is driven is in ``tests/browser/drivers.py``; Back is in ``proof_history``.
No service worker takes part, and no switch that turns a cache off.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proof_cache import Answer, Cache, Send

sys.path.append(str(Path(__file__).parents[2] / "browser"))
import drivers

#: Where the page that fetches is opened; the origin must never let it be stored.
PAGE = "/page"
HOST = "127.0.0.1"

#: At once. Chromium and Firefox have six connections to a host; more only wait.
#: Firefox may race a slow cache against the network, which would look like a question
#: to the origin: none in 27,000 reuses, half of them on a machine with twice the work
#: it can do and a busy disk. So network.http.rcwn.enabled stays as it comes.
WIDTH = 16
#: In one evaluation, so that it stays far from the driver's deadline even where
#: each fetch runs into its own.
CHUNK = 64
PATIENCE_MS = 10_000

#: A 401 must come back to the script, and not open a dialog that nobody answers.
FIREFOX_PREFS: Mapping[str, int] = {"network.auth.subresource-http-auth-allow": 0}
CHROMIUM_STATE: Mapping[str, Any] = {"auth": {"schemes": ""}}

FETCH = """(async (sends, width, patience) => {
    const url = (path) => new URL(location.origin + path);
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const made = ([path, method, fields, body]) => {
        const request = new Request(url(path), {
            method,
            headers: fields,
            body: body ? bytes(body) : undefined,
            redirect: "manual",
            cache: "default",
            credentials: "same-origin",
        });
        for (const [name] of fields) {
            // A browser drops what it keeps for itself, and says nothing.
            if (!request.headers.has(name)) {
                throw new TypeError(`no script may send the field ${name}`);
            }
        }
        return request;
    };
    const answered = async (request) => {
        try {
            const signal = AbortSignal.timeout(patience);
            const answer = await fetch(request, {signal});
            const hidden = answer.type === "opaqueredirect";
            const text = hidden ? null : await answer.text();
            return [answer.status, [...answer.headers], text];
        } catch (error) {
            return [599, [], String(error)];
        }
    };
    let requests;
    try {
        requests = sends.map(made);
    } catch (error) {
        return {refused: String(error)};
    }
    const answers = new Array(requests.length);
    const waiting = requests.entries();
    const work = async () => {
        for (const [at, request] of waiting) {
            answers[at] = await answered(request);
        }
    };
    await Promise.all(Array.from({length: width}, work));
    return {answers};
})(%s, %d, %d)"""


@dataclass
class BrowserCache:
    """A browser's HTTP cache, with a profile of its own.

    Attributes:
        find: Returns where the browser is installed.
        launch: Starts it, with its profile in a folder.
    """

    name: str
    packages: tuple[str, ...]
    find: Callable[[], str | None]
    launch: Callable[[str, Path], drivers.Browser]
    setup: str = "fetch() in a page; as it comes, but for login dialogs"
    audience: str = "private"
    honours: bool = True
    _browser: drivers.Browser | None = field(default=None, init=False)

    def missing(self) -> str:
        """Return why it cannot run here, ``""`` if it can."""
        return "" if self.find() else f"{self.name} is not installed"

    def version(self) -> str:
        """Return the version that was found."""
        return drivers.version(self._binary())

    def start(self, origin: int, folder: Path) -> None:
        """Start with an empty profile in *folder*, and open the origin's page."""
        try:
            self._browser = self.launch(self._binary(), folder)
            self._browser.open(f"http://{HOST}:{origin}{PAGE}")
        except (AssertionError, OSError) as error:
            self.close()
            raise RuntimeError(f"{self.name} does not start: {error}") from error

    def send(self, sends: Sequence[Send]) -> list[Answer]:
        """Fetch all, many at once.

        The browser's cookies are those of the request and no others; what a
        response has set is forgotten between batches.

        Raises:
            ValueError: On what no script of a page may send.
        """
        answers: dict[int, Answer] = {}
        for cookie, numbers in _by_cookie(sends).items():
            for first in range(0, len(numbers), CHUNK):
                chunk = numbers[first : first + CHUNK]
                self._page.set_cookies(HOST, _crumbs(cookie))
                done = self._fetch([sends[at] for at in chunk])
                answers.update(zip(chunk, done, strict=True))
        self._page.set_cookies(HOST, {})
        return [answers[at] for at in range(len(sends))]

    def close(self) -> None:
        """Stop the browser and everything it started."""
        browser, self._browser = self._browser, None
        if browser is not None:
            browser.close()

    def _binary(self) -> str:
        if binary := self.find():
            return binary
        raise RuntimeError(self.missing())

    @property
    def _page(self) -> drivers.Browser:
        if self._browser is None:
            raise RuntimeError(f"{self.name} is not started")
        return self._browser

    def _fetch(self, sends: Sequence[Send]) -> list[Answer]:
        given = json.dumps([_for_the_page(send) for send in sends])
        done = self._page.evaluate(FETCH % (given, WIDTH, PATIENCE_MS))
        if "refused" in done:
            raise ValueError(f"{self.name}: {done['refused']}")
        return [
            Answer(status, tuple((name, value) for name, value in fields), body)
            for status, fields, body in done["answers"]
        ]


def _is_cookie(name: str) -> bool:
    return name.lower() == "cookie"


def _by_cookie(sends: Sequence[Send]) -> dict[str, list[int]]:
    """The numbers of the requests that carry the same cookies, which is "" for none.

    The browser has one set of cookies at a time.
    """
    numbers: dict[str, list[int]] = {}
    for at, send in enumerate(sends):
        values = [value for name, value in send.fields if _is_cookie(name)]
        numbers.setdefault("; ".join(values), []).append(at)
    return numbers


def _crumbs(cookie: str) -> dict[str, str]:
    """The cookies in a field's value."""
    pairs = (crumb.strip().partition("=") for crumb in cookie.split(";"))
    return {name: value for name, _, value in pairs if name}


def _for_the_page(send: Send) -> list[Any]:
    fields = [pair for pair in send.fields if not _is_cookie(pair[0])]
    body = base64.b64encode(send.body).decode("ascii")
    return [send.path, send.method, fields, body]


def _launch_chromium(binary: str, folder: Path) -> drivers.Browser:
    return drivers.Chromium(binary, folder=folder, state=CHROMIUM_STATE)


def _launch_firefox(binary: str, folder: Path) -> drivers.Browser:
    return drivers.Firefox(binary, FIREFOX_PREFS, folder=folder)


def chromium() -> Cache:
    """Chromium, started for nothing else."""
    return BrowserCache(
        "chromium", ("chromium",), drivers.chromium_binary, _launch_chromium
    )


def firefox() -> Cache:
    """Firefox, started for nothing else."""
    return BrowserCache(
        "firefox", ("firefox-esr",), drivers.firefox_binary, _launch_firefox
    )


BROWSERS: dict[str, Callable[[], Cache]] = {"chromium": chromium, "firefox": firefox}
