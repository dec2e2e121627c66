"""Back: only ``no-store`` makes a browser ask again; and what even that cannot do.

How a step back is made and read is in ``proof_history``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from proof_history import HISTORIES, Back, Pages, went_back
from proof_record import Lines
from proof_stage import need, origin_of

from asgi_nocache import (
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    REVALIDATE,
    Policy,
)

pytestmark = pytest.mark.browser

#: Firefox drops a page in a hundred on a busy machine, and reuses what it stored.
NOT_ASKED = (Back.RESTORED, Back.REUSED)
VISITS = 3

LONG_AGO = ("last-modified", "Mon, 04 Jan 2016 10:00:00 GMT")


def sent(policy: Policy) -> Lines:
    return tuple((name.decode(), value.decode()) for name, value in policy.fields)


CONTROL, *BESIDE = sent(NO_STORE)
TOKENS = CONTROL[1].split(", ")


def less(token: str) -> Lines:
    """The default set without one directive."""
    left = ", ".join(kept for kept in TOKENS if kept != token)
    return ((CONTROL[0], left), *BESIDE)


#: All that the default set says, less the one that counts here.
LESS_NO_STORE = less("no-store")

NEVER_STORED: dict[str, Lines] = {
    **{repr(p): sent(p) for p in (NO_STORE, NO_STORE_MINIMAL, LEGACY_2014)},
    "NO_STORE_EDGE": sent(NO_STORE_EDGE),
    **{f"less {token}": less(token) for token in TOKENS if token != "no-store"},
    "less pragma": tuple(line for line in sent(NO_STORE) if line[0] != "pragma"),
    "less expires": tuple(line for line in sent(NO_STORE) if line[0] != "expires"),
}
STORED: dict[str, Lines] = {
    "less no-store": LESS_NO_STORE,
    "no word": (),
    "long ago": (LONG_AGO,),
    "no-cache": (("cache-control", "no-cache"),),
    "must-revalidate": (("cache-control", "max-age=0, must-revalidate"), LONG_AGO),
    "pragma and expires": tuple(BESIDE),
    "REVALIDATE": sent(REVALIDATE),
}


class Visitor(NamedTuple):
    """A running browser, and the pages it visits."""

    name: str
    browser: Any
    origin: str
    pages: Pages

    def back(self, fields: Lines, by: str = "/away") -> Back:
        return went_back(self.browser, self.origin, self.pages, fields, by=by)


@contextlib.contextmanager
def visiting(name: str, *, bfcache: bool) -> Iterator[Visitor]:
    need(name)
    pages = Pages()
    with (
        origin_of(pages) as origin,
        contextlib.closing(HISTORIES[name](bfcache=bfcache)) as browser,
    ):
        yield Visitor(name, browser, origin, pages)


@pytest.fixture(scope="module", params=HISTORIES)
def plain(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Each browser, with the HTTP cache as the only thing that keeps a page."""
    with visiting(request.param, bfcache=False) as visitor:
        yield visitor


@pytest.fixture(scope="module", params=HISTORIES)
def keeping(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Each browser, with the bfcache."""
    with visiting(request.param, bfcache=True) as visitor:
        yield visitor


@pytest.mark.parametrize("said", NEVER_STORED)
def test_back_asks_for_what_was_never_stored(plain: Visitor, said: str) -> None:
    """The default set does it, and no other token of it is needed for that."""
    assert plain.back(NEVER_STORED[said]) is Back.ASKED


@pytest.mark.parametrize("said", STORED)
def test_back_reuses_all_else(plain: Visitor, said: str) -> None:
    """So no-store earns its place: without it, the rest of the set is not heard."""
    assert plain.back(STORED[said]) is Back.REUSED


def restores(visitor: Visitor, fields: Lines) -> bool:
    """Whether the page is restored; a browser may drop it at any time, so: ever."""
    return any(visitor.back(fields) is Back.RESTORED for _ in range(VISITS))


def test_the_bfcache_is_on(keeping: Visitor) -> None:
    """The control: a page without a word is kept, and shown again as it was."""
    assert restores(keeping, ())


@pytest.mark.parametrize("said", ["NO_STORE", "NO_STORE_MINIMAL", "less private"])
def test_the_bfcache_and_no_store(keeping: Visitor, said: str) -> None:
    """A limit: Firefox keeps no such page, and Chromium does."""
    limit = keeping.name == "chromium"

    assert restores(keeping, NEVER_STORED[said]) is limit


@pytest.mark.parametrize("said", STORED)
def test_the_bfcache_keeps_all_else(keeping: Visitor, said: str) -> None:
    """Without no-store, not even a logout that changes a cookie makes Back ask."""
    assert keeping.back(STORED[said]) in NOT_ASKED
    assert keeping.back(STORED[said], by="/leave") in NOT_ASKED


@pytest.mark.parametrize("said", ["NO_STORE", "NO_STORE_MINIMAL", "less private"])
def test_a_logout_that_changes_a_cookie(keeping: Visitor, said: str) -> None:
    """The remedy: with no-store, a changed HttpOnly cookie drops the page."""
    assert keeping.back(NEVER_STORED[said], by="/leave") is Back.ASKED
