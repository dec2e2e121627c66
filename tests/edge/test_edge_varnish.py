"""Varnish runs what is exported for it, and agrees with the policy on every cell."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from edge_cells import MATRIX, Cell, cells, said
from edge_judge import Tally, note, run
from edge_origin import origin
from edge_run import exported, skip_unless_installed
from edge_varnish import EDGE
from edge_wire import ask, send
from proof_process import free_port

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    PUBLIC,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.target import Export, File

skip_unless_installed(EDGE)

NEVER = str(NO_STORE.cache_control)
#: What no comment and no string may be ended by.
ODD = 'a "} b } # c */ C{ d }C $e %22 \\ é \N{LINE SEPARATOR} {{ ' + "long " * 300
QUOTED = Policy(
    CacheControl(public=True, max_age=5),
    "QUOTED",
    beside=(("cdn-cache-control", 'max-age=5, x="}%22"'),),
)
OPEN = RuleSet([Rule("/**", PUBLIC(max_age=60), guards=())])


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    """Varnish with the policy of the matrix."""
    _, export = exported(EDGE.target, MATRIX)
    with origin() as behind, EDGE.start(export, behind, folder) as port:
        yield port


def test_every_cell(port: int) -> None:
    plan, _ = exported(EDGE.target, MATRIX)
    tally = run(port, plan, MATRIX, cells(), decodes=EDGE.decodes)
    note("varnish", f"Varnish {EDGE.version()}", tally)

    assert tally.wrong == [], tally
    assert tally.equal > 1000


@pytest.mark.parametrize(
    "policy_set",
    [
        MATRIX,
        RuleSet(),
        RuleSet(
            [
                Rule('/a"b"/c%d/**', PUBLIC(max_age=1), reason=ODD),
                Rule("/a $%(é/*", NO_STORE, reason=ODD),
                Rule("/a/*.css", NO_STORE_EDGE, methods=["GET"], hosts=["*.a.example"]),
                Rule("/quoted", QUOTED, mode="override"),
                Rule("/**", PUBLIC(max_age=5), media_types=["text/html", "image/*"]),
            ]
        ),
    ],
    ids=["matrix", "nothing", "odd"],
)
def test_the_compiler_accepts_it(policy_set: RuleSet, folder: Path) -> None:
    _, export = exported(EDGE.target, policy_set)

    assert EDGE.validate(export, folder) == ""


def test_the_compiler_would_say_so(folder: Path) -> None:
    export = changed("sub nocache_synth {", "sub nocache_synth { junk;")

    assert "junk" in EDGE.validate(export, folder)


def test_errors_of_its_own(folder: Path) -> None:
    """The app is down: no rule speaks for what Varnish says, guards or not."""
    _, export = exported(EDGE.target, OPEN)
    own = 'sub vcl_recv { if (req.url == "/denied") { return (synth(403)); } }'
    with EDGE.start(export, free_port(), folder, own) as port:
        down, denied = ask(port, "/a"), ask(port, "/denied")
        broken = send(port, b"GET\r\n\r\n")
        long = send(port, b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")

    assert (down.status, down.values("cache-control")) == (503, [NEVER])
    assert (denied.status, denied.values("cache-control")) == (403, [NEVER])
    # The gap: before any VCL runs.
    assert (broken.status, broken.values("cache-control")) == (400, [])
    assert long.status in (0, 400)
    assert any("400" in gap for gap in export.gaps)


def test_what_is_kept(port: int) -> None:
    static = [ask(port, "/static/app.css") for _ in range(2)]
    private = [ask(port, "/me") for _ in range(2)]
    never = [ask(port, "/api/x", answer=said("public, max-age=9")) for _ in range(2)]
    cookie = [("set-cookie", "a=b")]
    sets = [ask(port, "/static/c", answer=cookie) for _ in range(2)]
    asked = [("authorization", "Bearer x")]
    authorized = ask(port, "/static/app.css", fields=asked)

    assert static[0].count == static[1].count
    assert static[1].values("cache-control") == ["public, max-age=3600"]
    for first, second in (private, never, sets):
        assert first.count != second.count
    assert authorized.count not in ("", static[0].count)


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        (None, (60, 0)),
        ("public, max-age=7", (7, 0)),
        ("public, max-age=7, stale-while-revalidate=5", (7, 5)),
        ("public, s-maxage=8, max-age=7, stale-while-revalidate=5", (8, 0)),
    ],
)
def test_nothing_is_stale_that_should_not(
    word: str | None, kept: tuple[int, int], folder: Path
) -> None:
    policy = PUBLIC(max_age=60) if word is None else APP_DECIDES
    _, export = exported(EDGE.target, RuleSet([Rule("/**", policy, guards=())]))
    own = 'sub vcl_deliver { set resp.http.X-Kept = obj.ttl + " " + obj.grace; }'
    with origin() as behind, EDGE.start(export, behind, folder, own) as port:
        seen = ask(port, "/a", answer=said(word))

    ttl, grace = seen.values("x-kept")[0].split()
    assert (round(float(ttl)), round(float(grace))) == kept


def test_age_is_time_that_passed(folder: Path) -> None:
    _, export = exported(EDGE.target, OPEN)
    own = "sub vcl_deliver { set resp.http.X-Kept = obj.ttl; }"
    with origin() as behind, EDGE.start(export, behind, folder, own) as port:
        seen = ask(port, "/a", answer=[("age", "20")])

    assert round(float(seen.values("x-kept")[0])) == 40


def test_no_stale_copy_is_confirmed(port: int) -> None:
    tag = [("if-none-match", '"app"')]
    assert ask(port, "/api/x", fields=tag).status == 200
    assert ask(port, "/static/x", fields=tag).status == 304
    assert ask(port, "/static/y", fields=tag, answer=said("no-store")).status == 200
    part = [("range", "bytes=0-1"), ("if-range", '"app"')]
    assert ask(port, "/api/x", fields=part).status == 200


def test_nobody_speaks_for_us(port: int) -> None:
    forged = [("x-nocache-rule", "2"), ("x-nocache-path", "/static/a")]
    said_by_app = [("x-nocache-say", "public, max-age=3600"), ("x-nocache-more", "")]
    seen = ask(port, "/api/x", fields=forged, answer=said_by_app)

    assert seen.values("cache-control") == [NEVER]
    assert [n for n, _ in seen.fields if n.startswith("x-nocache")] == []


def test_all_lines_of_the_app_count(port: int) -> None:
    lines = [*said("public, max-age=5"), *said("no-store")]
    seen = ask(port, "/static/a", answer=lines)

    assert seen.values("cache-control") == [NEVER]


def test_a_long_path_is_never_store_and_no_error(port: int) -> None:
    seen = [ask(port, "/static/" + "a" * n) for n in (480, 500, 7000)]

    assert [each.status for each in seen] == [200, 200, 200]
    public = ["public, max-age=3600"]
    assert [e.values("cache-control") for e in seen] == [public, [NEVER], [NEVER]]


def test_the_app_sees_nothing_of_it(folder: Path) -> None:
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.extend(name.lower() for name in self.headers)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    _, export = exported(EDGE.target, MATRIX)
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with EDGE.start(export, server.server_port, folder) as port:
            ask(port, "/static/a")
            ask(port, "/api/a")
        server.shutdown()

    assert "host" in seen
    assert [name for name in seen if "nocache" in name] == []


def test_hosts_and_media_types(folder: Path) -> None:
    rules = [
        Rule("/**", PUBLIC(max_age=1), hosts=["*.a.example", "b.example"]),
        Rule("/t", PUBLIC(max_age=2), media_types=["text/css", "image/*"]),
    ]
    _, export = exported(EDGE.target, RuleSet(rules))
    with origin() as behind, EDGE.start(export, behind, folder) as port:

        def words(host: str, path: str, media: str = "text/plain") -> str:
            answer = [("content-type", media)]
            return ask(port, path, host=host, answer=answer).values("cache-control")[0]

        for host in ("x.a.example", "X.A.EXAMPLE:80", "b.example."):
            assert words(host, "/h") == "public, max-age=1", host
        for host in ("a.example", "xb.example", "b.example.evil"):
            assert words(host, "/h") == NEVER, host
        for media in ("text/css", "Text/CSS ; charset=x", "image/png"):
            assert words("c.example", "/t?" + media[:2], media) == "public, max-age=2"
        assert words("c.example", "/t?n", "text/html; a=image/x") == NEVER


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    call nocache_never;", ""),
        ("set beresp.uncacheable = true; set beresp.ttl = 120s;", ""),
        ("X-Nocache-Path !~", 'X-Nocache-Path == "no" && req.url !~'),
        ("  unset req.http.If-None-Match;", ""),
    ],
    ids=["says nothing", "keeps all", "any spelling", "confirms"],
)
def test_a_mutation_is_caught(old: str, new: str, folder: Path) -> None:
    assert tally_of(changed(old, new), folder).wrong


def changed(old: str, new: str) -> Export:
    """Return the export of the matrix with *new* for *old*."""
    _, export = exported(EDGE.target, MATRIX)
    text = export.files[0].text
    assert old in text
    return export._replace(files=(File(export.files[0].name, text.replace(old, new)),))


def tally_of(export: Export, folder: Path) -> Tally:
    plan, _ = exported(EDGE.target, MATRIX)
    asked: Callable[[Cell], bool] = lambda cell: cell.method != "HEAD"  # noqa: E731
    with origin() as behind, EDGE.start(export, behind, folder) as port:
        return run(port, plan, MATRIX, filter(asked, cells()), decodes=EDGE.decodes)


def test_quotes_leave_as_they_are(folder: Path) -> None:
    rules = [Rule("/quoted", QUOTED, mode="override")]
    _, export = exported(EDGE.target, RuleSet(rules))
    with origin() as behind, EDGE.start(export, behind, folder) as port:
        seen = ask(port, "/quoted")

    assert seen.values("cdn-cache-control") == ['max-age=5, x="}%22"']
    assert seen.values("cache-control") == ["public, max-age=5"]
