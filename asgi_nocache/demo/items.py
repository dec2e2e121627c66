"""The list that both demos serve: the visits, their bounds, the stale recipe.

State, limits and fields belong here, and what a refusal says. No framework does:
how a request is read and an answer sent is each app's own, and so nothing else
can differ between them.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

FIRST_ITEMS = ("Apricots", "Bread", "Coffee")
MAX_ITEMS = 50
MAX_NAME = 60  # characters; page.html says the same in maxlength
MAX_BODY = 1024  # bytes; MAX_NAME characters take 240 at most
MAX_VISITS = 200
MAX_VISIT_KEY = 40

# The whole recipe for a stale dropdown: a validator years old and no word about
# reuse. "If the response has a Last-Modified header field [...], caches are
# encouraged to use a heuristic expiration value that is no more than some
# fraction of the interval since that time. A typical setting of this fraction
# might be 10%." https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2
STALE_RECIPE = {"last-modified": "Mon, 04 Jan 2016 10:00:00 GMT"}

# What is around the experiment is never part of it.
NEVER_STORE = {"cache-control": "no-store"}


class RefusedError(Exception):
    """A request that is answered with a status and one sentence, as plain text."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(slots=True)
class _Visit:
    """What one page load has saved, and how often its list was asked for."""

    items: list[str] = field(default_factory=lambda: list(FIRST_ITEMS))
    list_requests: int = 0

    def save(self, name: str) -> int:
        """Keep *name* and return its id, or say why not."""
        if not name:
            raise RefusedError(422, "An item needs a name.")
        if len(name) > MAX_NAME:
            raise RefusedError(422, f"A name has at most {MAX_NAME} characters.")
        if len(self.items) >= MAX_ITEMS:
            raise RefusedError(409, f"The list is full: {MAX_ITEMS} items.")
        self.items.append(name)
        return len(self.items)


class _Visits:
    """The newest visits; each starts clean and the oldest are forgotten."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, _Visit] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def of(self, key: str) -> Iterator[_Visit]:
        """The visit named *key*, for one request alone.

        Flask's views run in worker threads, where a place that was found free may
        be taken before it is used. An event loop never waits here.
        """
        if not 0 < len(key) <= MAX_VISIT_KEY:
            raise RefusedError(
                400, f"Name the visit: ?visit=, 1 to {MAX_VISIT_KEY} characters."
            )
        with self._lock:
            visit = self._visits.setdefault(key, _Visit())
            self._visits.move_to_end(key)
            if len(self._visits) > MAX_VISITS:
                self._visits.popitem(last=False)
            yield visit


def _name_in(body: bytes) -> str:
    """The body as one line of text."""
    if len(body) > MAX_BODY:
        raise RefusedError(413, f"A name has at most {MAX_NAME} characters.")
    return " ".join(body.decode(errors="replace").split())


class Items:
    """What one side answers, by visit: the list, a save, the count.

    Each of them may raise ``RefusedError`` instead.
    """

    def __init__(self) -> None:
        self._visits = _Visits()

    def asked_for(self, key: str) -> dict[str, Any]:
        """The list, having counted that it was asked for."""
        with self._visits.of(key) as visit:
            visit.list_requests += 1
            named = enumerate(visit.items, 1)
            return {"items": [{"id": at, "name": name} for at, name in named]}

    def save(self, key: str, body: bytes) -> dict[str, Any]:
        """The item that was saved.

        Args:
            key: Whose list it is.
            body: As received. One byte more than ``MAX_BODY`` is enough to be
                refused, so nobody needs to read on.
        """
        name = _name_in(body)
        with self._visits.of(key) as visit:
            return {"id": visit.save(name), "name": name}

    def count(self, key: str) -> dict[str, Any]:
        """How often the list was asked for."""
        with self._visits.of(key) as visit:
            return {"list_requests": visit.list_requests}
