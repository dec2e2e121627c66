"""Whenever the protected handler ran, no cache may store its response.

However the target was spelled, and however sloppily the app reads it: raw bytes to
real servers and real routers, then generated spellings. What the table holds is
``targets``'; what an app may make of a path is ``sloppy``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import unquote

import pytest
from asgi_driver import answer, caching, http_scope
from hypothesis import given, settings
from hypothesis import strategies as st
from sloppy import MAPPINGS, POLICIES, RAN, ROUTERS, WANTS, build, mapped
from spelled import Spelled, spelled
from targets import CONTROLS, STATIC, TARGETS
from wire import Answer, Client, served

from asgi_nocache import CacheControl

#: All of them, as often as a target of the table needs.
_ALL = tuple(name for name in MAPPINGS if name != "extension") * 3
EVERYTHING = (*_ALL, "extension"), (*_ALL[::-1], "extension")
#: For each run; more of them find no more.
EXAMPLES = 400
Key = tuple[str, str, str]


@pytest.fixture(scope="module", params=["h11", "httptools"])
def clients(request: Any) -> Iterator[dict[Key, Client]]:
    """One client for each router, policy and root path."""
    if request.param == "httptools":
        pytest.importorskip("httptools")
    with ExitStack() as stack:
        found = {}
        for router in ROUTERS:
            for policy in POLICIES:
                for root_path in ("", "/api"):
                    app = build(router, policy)
                    port = stack.enter_context(served(app, request.param, root_path))
                    client = stack.enter_context(Client(port))
                    found[router, policy, root_path] = client
        yield found


def mappings_of(target: bytes) -> Iterator[tuple[str, ...]]:
    """Yield what an app may do to *target*: nothing, each that changes it, all."""
    path = unquote(target.partition(b"?")[0].decode(), errors="replace")
    yield ()
    for name in MAPPINGS:
        if mapped(path, [name]) != path:
            yield (name,)
    yield from EVERYTHING


def never_stored(values: Any) -> bool:
    """Tell whether there is exactly one cache-control line, and it is never-store."""
    return len(values) == 1 and CacheControl.parse(values[0].decode()).no_store


@pytest.mark.parametrize("root_path", ["", "/api"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("router", ROUTERS)
def test_no_target_gets_the_protected_page_stored(
    clients, router, policy, root_path, request
):
    """The promise; and so that it says something, the handler did run."""
    client = clients[router, policy, root_path]
    asked: list[tuple[bytes, tuple[str, ...], Answer]] = [
        (target, mapping, client.ask(target, mapping))
        for target in TARGETS
        for mapping in mappings_of(target)
    ]
    ran = [each for each in asked if each[2].ran == "account"]
    reached = {target for target, _, _ in ran}
    request.node.user_properties += [
        ("targets", len(TARGETS)),
        ("requests", len(asked)),
        ("reached", len(reached)),
        ("reached_without_a_mapping", sum(not mapping for _, mapping, _ in ran)),
    ]

    assert [each for each in ran if not never_stored(each[2].caching)] == []
    assert len(reached) >= 20, f"{len(reached)} of {len(TARGETS)} reached it"


@pytest.mark.parametrize("root_path", ["", "/api"])
@pytest.mark.parametrize("router", ROUTERS)
def test_other_targets_keep_what_they_were_given(clients, router, root_path):
    """The negative twin: nothing of them reads as what is protected."""
    client = clients[router, "open", root_path]

    for target, allowed in CONTROLS:
        assert client.ask(target).caching == (allowed,)


@pytest.mark.parametrize("router", ROUTERS)
def test_exemptions_of_a_closed_default_hold(clients, router):
    """The other twin: only they are relaxed."""
    client = clients[router, "closed", ""]

    for target, allowed in CONTROLS:
        values = client.ask(target).caching
        assert values == (allowed,) if allowed == STATIC else never_stored(values)


#: What servers, proxies and test transports make of one request.
RAW_PATHS: tuple[dict[str, Any], ...] = (
    {"raw_path": b"/account?x=/static/y.css", "query_string": b"x=/static/y.css"},
    {"raw_path": b"/static/app.css"},
    {"raw_path": b""},
    {"raw_path": None},
)
APPS = {("starlette", policy): build("starlette", policy) for policy in POLICIES} | {
    ("fastapi", policy): build("fastapi", policy) for policy in POLICIES
}


@pytest.mark.parametrize("more", [*RAW_PATHS, {}], ids=str)
@pytest.mark.parametrize("root_path", ["", "/api", "/api/", "/API"])
@pytest.mark.parametrize("path", ["/account", "/api/account", "/API/account", ""])
@pytest.mark.parametrize("key", APPS, ids="-".join)
def test_whatever_the_scope_says_besides(key, path, root_path, more):
    """``raw_path`` is another's business, and ``root_path`` may be in the path."""
    scope = http_scope(path, root_path=root_path, **more)
    if not more:
        del scope["raw_path"]
    for mapping in ((), ("casefold",)):
        holds_or_did_not_run(APPS[key], scope, mapping)


def holds_or_did_not_run(app: Any, scope: Any, mapping: tuple[str, ...]) -> bool:
    """Check the promise for one scope, and tell whether the handler ran."""
    wants = (WANTS.encode(), " ".join(mapping).encode())
    message = answer(app, dict(scope), fields=[wants])
    ran = (RAN.encode(), b"account") in message["headers"]
    assert not ran or never_stored(caching(message))
    return ran


def test_no_generated_spelling_gets_it_stored():
    """The table is a sample; the promise is for all that these mappings undo."""
    ran = []

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
    @given(spelled(), st.sampled_from(sorted(APPS)), st.sampled_from(["", "/api"]))
    def holds(spelling: Spelled, key: tuple[str, str], root_path: str) -> None:
        for path in {spelling.path, root_path + spelling.path}:
            scope = http_scope(path, root_path=root_path, raw_path=None)
            ran.append(holds_or_did_not_run(APPS[key], scope, spelling.mapping))

    holds()

    assert sum(ran) > len(ran) / 2, f"{sum(ran)} of {len(ran)} reached it"
