"""Cloudflare's ``_headers``, as its local runtime serves it: never looser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from edge_cells import PATHS, SPELLINGS
from edge_judge import Tally, note
from edge_run import a_folder, exported
from edge_wire import Seen
from edge_wrangler import EDGE, FILES, FILES_ONLY, POLICY_SET, VERSION, ask, install

from asgi_nocache import (
    NO_STORE,
    NO_STORE_EDGE,
    PUBLIC,
    CacheControl,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.cases import CACHING
from asgi_nocache.export.target import Export, File

#: What the gaps say of letters, measured: files that only a guess at other servers
#: makes the same.
LETTER_BY_LETTER = {"/static/Drafts/a", "/static/%2564rafts/a"}
#: What they say of addresses: the app, which cannot know, closes such a spelling.
CLEANED = "/x/../static/app.css"
NAMED = [quote("/" + name, safe="/") for name in FILES]
TARGETS = sorted(
    {*PATHS, *SPELLINGS, *NAMED, *(n.removesuffix(".html") for n in NAMED)}
)


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if EDGE.missing() and os.environ.get("EDGE_REQUIRE") == "all":
        install(f"wrangler@{VERSION}")
    if EDGE.missing():
        pytest.skip(f"not installed: {EDGE.missing()}")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    _, export = exported(EDGE.target, POLICY_SET)
    with a_folder() as folder, EDGE.start(export, 0, folder) as port:
        yield port


def said(seen: Seen) -> dict[str, list[str]]:
    return {name: seen.values(name) for name in CACHING if seen.values(name)}


def decided(target: str) -> dict[str, list[str]]:
    decision = decide(
        RequestFacts("GET", target), ResponseFacts(200), POLICY_SET, now=0
    )
    return {n.decode(): [v.decode()] for n, v in decision.edits.add}


def looser(seen: Seen, *targets: str) -> bool:
    left = CacheControl.parse([v.encode() for v in seen.values("cache-control")])
    wanted = [CacheControl.parse(decided(t)["cache-control"][0]) for t in targets]
    return not all(left.covers(each) for each in wanted)


def wrong(port: int) -> list[str]:
    """Return what is wrong with any file at any address."""
    out = []
    for target in TARGETS:
        seen = ask(port, target)
        if seen.status == 200 and target not in {*LETTER_BY_LETTER, CLEANED}:
            # The file may be at another address than its name.
            named = quote("/" + seen.body.decode(), safe="/")
            strict = "no-store" in decided(named)["cache-control"][0]
            if looser(seen, target, *([named] if strict else [])):
                out.append(f"{target} is {seen.body.decode()!r} with {said(seen)}")
    return out


def test_no_file_is_looser_at_any_address(port: int) -> None:
    found = wrong(port)
    tally = Tally(len(TARGETS), equal=len(TARGETS) - len(found), wrong=found)
    note("cloudflare-headers", f"wrangler {VERSION}, local", tally)

    assert found == []


def test_every_file_at_its_own_address_says_what_the_app_would(port: int) -> None:
    stricter = set()
    for name in FILES:
        target = quote("/" + name, safe="/!~'()")
        seen = ask(port, target)
        if seen.status == 200 and target not in LETTER_BY_LETTER:
            assert seen.body.decode() == name
            if said(seen) != decided(target):
                stricter.add(target)

    # A placeholder is at least one character.
    assert stricter == {"/old/.png"}


def test_letters_are_compared_as_the_gaps_say(port: int) -> None:
    for target in LETTER_BY_LETTER:
        assert "max-age=3600" in said(ask(port, target))["cache-control"][0]


def test_other_spellings_are_redirected_or_missing(port: int) -> None:
    statuses = {}
    for target in SPELLINGS:
        seen = ask(port, target)
        names = {unquote(target.partition("?")[0])[1:], target[1:]}
        if seen.status == 200 and not names & {*FILES}:
            statuses[target] = seen.body.decode()

    # The address is cleaned before anything looks at it, patterns included.
    assert statuses == {
        "/": "index.html",
        CLEANED: "static/app.css",
        "/static/./app.css": "static/app.css",
        "/static/../api/items": "api/items",
        "/static/x/../drafts/a": "static/drafts/a",
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_methods_and_fields_change_nothing(port: int, method: str) -> None:
    for fields in ([("authorization", "x")], [("cookie", "a=b")], []):
        seen = ask(port, "/static/app.css", method=method, fields=fields)
        assert said(seen) == {"cache-control": ["public, max-age=3600"]}


def test_the_answers_that_are_no_file_get_what_the_gaps_say(port: int) -> None:
    missing, posted = ask(port, "/static/none"), ask(port, "/me", method="POST")
    closed = ask(port, "/none")

    assert (missing.status, posted.status, closed.status) == (404, 405, 404)
    assert said(missing)["cache-control"] == ["public, max-age=3600"]
    assert said(posted)["cache-control"] == ["private, max-age=30"]
    assert said(closed) == decided("/none")


def test_only_what_is_unchanged_is_confirmed(port: int) -> None:
    tag = ask(port, "/api/items").values("etag")[0]
    confirmed = ask(port, "/api/items", fields=[("if-none-match", tag)])
    asked = ask(port, "/api/items", fields=[("if-none-match", '"other"')])

    assert (confirmed.status, asked.status) == (304, 200)
    assert said(confirmed) == decided("/api/items")


ODD = RuleSet(
    [
        Rule("/a\"b'{x}", PUBLIC(max_age=1), reason='"}\n/*\n  Cache-Control: no'),
        Rule("/a b $c/**", PUBLIC(max_age=2), reason="ü" * 3000),
        Rule("/ü{name}", PUBLIC(max_age=3), reason="# : ! `"),
        Rule("/x:y:z/!a", NO_STORE_EDGE, reason="\x00\u2028"),
        Rule("/**", PUBLIC(max_age=4)),
    ],
    guards=FILES_ONLY,
)


@pytest.mark.parametrize("policy_set", [POLICY_SET, ODD, RuleSet()])
def test_wrangler_reads_every_block(policy_set: RuleSet, folder: Path) -> None:
    _, export = exported(EDGE.target, policy_set)

    assert EDGE.validate(export, folder) == ""


def test_the_validator_can_fail(folder: Path) -> None:
    broken = Export((File("_headers", "/a\n  X: y\n/b\n"),), "")

    assert "No headers specified" in EDGE.validate(broken, folder)


def test_validators_go_where_the_policy_takes_them(folder: Path) -> None:
    _, export = exported(EDGE.target, RuleSet(default=NO_STORE_EDGE))
    with EDGE.start(export, 0, folder) as port:
        seen = ask(port, "/api/items")

    assert seen.values("etag") == []
    assert seen.values("cdn-cache-control") == ["no-store"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/*\n  ! Cache-Control", "/nowhere\n  ! Cache-Control"),
        ("/static/drafts/*", "/nowhere/*"),
        ("\n/static/secret\n", "\n/nowhere\n"),
    ],
)
def test_a_broken_file_is_caught(folder: Path, before: str, after: str) -> None:
    _, export = exported(EDGE.target, POLICY_SET)
    text = export.files[0].text
    assert before in text
    broken = Export((File("_headers", text.replace(before, after)),), "")
    with EDGE.start(broken, 0, folder) as port:
        assert wrong(port)


def test_without_detaching_two_answers_are_joined(folder: Path) -> None:
    _, export = exported(EDGE.target, POLICY_SET)
    text = export.files[0].text.replace("  ! Cache-Control\n", "")
    joined = Export((File("_headers", text),), "")
    with EDGE.start(joined, 0, folder) as port:
        words = ask(port, "/static/app.css").values("cache-control")

    assert words == [f"{NO_STORE.cache_control}, public, max-age=3600"]
