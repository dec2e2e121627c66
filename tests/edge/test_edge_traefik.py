"""A real Traefik that runs the export agrees with the policy on every cell."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from edge_cells import EXTRAS, PATHS, Cell, cells, said
from edge_judge import GO, Tally, note, run
from edge_origin import origin
from edge_run import exported, skip_unless_installed
from edge_traefik import EDGE, POLICY, errors
from edge_wire import ask, send
from proof_process import free_port

from asgi_nocache import NO_STORE, PUBLIC, RequestFacts, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.evaluate import evaluate
from asgi_nocache.export.paths import PLAIN
from asgi_nocache.export.plan import Plan, Say
from asgi_nocache.export.target import Export, File

skip_unless_installed(EDGE)

#: What Traefik makes of a path before it is matched and sent on, measured on 3.7.15.
CLEANED = {
    "//static/app.css": "/static/app.css",
    "/static//app.css": "/static/app.css",
    "/%73tatic/app.css": "/static/app.css",
    "/static/%61pp.css": "/static/app.css",
    "/x/../static/app.css": "/static/app.css",
    "/static/./app.css": "/static/app.css",
    "/static/../api/items": "/api/items",
    "/static/%64rafts/a": "/static/drafts/a",
    "/static/x/../drafts/a": "/static/drafts/a",
    "//static/drafts/a": "/static/drafts/a",
    "/pages/%31": "/pages/1",
}
#: With sanitizePath off, this is left of it.
DECODED = {
    "/%73tatic/app.css": "/static/app.css",
    "/static/%61pp.css": "/static/app.css",
    "/static/%64rafts/a": "/static/drafts/a",
    "/pages/%31": "/pages/1",
}
#: What Traefik may have made itself, so that it takes none of the policy's own texts.
TAKEN = (500, 502, 503, 504)


@dataclass(frozen=True)
class Cleaned(Cell):
    """A cell that the app is sent with another path: judged as the app would."""

    forwarded: str = ""

    @property
    def request(self) -> RequestFacts:
        """The request as it leaves Traefik."""
        fields = (("host", "shop.example"), *self.fields)
        return RequestFacts(self.method, self.forwarded, fields)  # type: ignore[arg-type]


def expected(table: dict[str, str]) -> Iterator[Cell]:
    """Yield the cells, each judged by the path that the app is sent."""
    for cell in cells():
        if cell.target in table:
            yield Cleaned(
                cell.target,
                cell.method,
                cell.fields,
                cell.status,
                cell.answer,
                table[cell.target],
            )
        else:
            yield cell


def is_taken(plan: Plan, cell: Cell) -> bool:
    """Tell whether Traefik takes the answer away, as the gaps say."""
    own = evaluate(plan, cell.request, cell.response, decodes=False).answer.say
    return own is Say.OWN and cell.status in TAKEN


def judged(
    export: Export, plan: Plan, folder: Path, asked: list[Cell], **options: object
) -> Tally:
    with origin() as port, EDGE.start(export, port, folder, **options) as edge:  # type: ignore[arg-type]
        tally = run(edge, plan, POLICY, asked, decodes=EDGE.decodes, known=GO)
    assert errors(folder) == ""
    return tally


def shown(tally: Tally) -> str:
    return "\n".join([f"{tally.equal} of {tally.cells}", *tally.wrong[:20]])


@pytest.mark.parametrize(
    ("table", "entry_point"),
    [(CLEANED, {}), (DECODED, {"sanitizePath": False})],
    ids=["default", "sanitizePath off"],
)
def test_the_matrix(
    folder: Path, table: dict[str, str], entry_point: dict[str, object]
) -> None:
    plan, export = exported(EDGE.target, POLICY)
    asked = [cell for cell in expected(table) if not is_taken(plan, cell)]

    tally = judged(export, plan, folder, asked, entry_point=entry_point)
    option = ", ".join(entry_point)
    note("traefik", f"Traefik {EDGE.version()} {option}".strip(), tally)

    assert tally.wrong == [], shown(tally)
    assert tally.known == GO
    assert tally.cells > 1500
    assert tally.equal > 1400, shown(tally)


def test_what_is_taken_from_the_app_is_never_store(folder: Path) -> None:
    plan, export = exported(EDGE.target, POLICY)
    taken = [cell for cell in cells() if is_taken(plan, cell)]

    with origin() as port, EDGE.start(export, port, folder) as edge:
        for cell in taken:
            seen = ask(edge, cell.target, status=cell.status, answer=cell.answer)
            assert (seen.status, seen.count) == (cell.status, ""), cell
            assert seen.values("cache-control") == [plan.default.cache_control], cell

    assert {cell.status for cell in taken} == {500, 503}
    assert {cell.target for cell in taken} <= {*PATHS}


@pytest.mark.parametrize(
    ("table", "entry_point"), [(CLEANED, {}), (DECODED, {"sanitizePath": False})]
)
def test_the_app_is_sent_the_path_that_was_matched(
    folder: Path, table: dict[str, str], entry_point: dict[str, object]
) -> None:
    _, export = exported(EDGE.target, POLICY)
    targets = dict.fromkeys(cell.target for cell in cells())

    with (
        recorder() as (port, seen),
        EDGE.start(export, port, folder, entry_point=entry_point) as edge,
    ):
        for target in targets:
            send(edge, request(target))

    # Letter case of escapes aside, and what a URL cannot hold is escaped.
    sent = {t: t.upper().replace("\\", "%5C") for t in targets}
    became = dict(zip(targets, seen, strict=True))
    changed = {t: b for t, b in became.items() if b.upper() != sent[t]}
    assert changed == table


def request(target: str, method: str = "GET", *lines: str) -> bytes:
    head = [f"{method} {target} HTTP/1.1", "host: shop.example", *lines]
    return "\r\n".join([*head, "connection: close", "", ""]).encode("latin-1")


class recorder:  # noqa: N801
    """A server that keeps the targets and fields it was asked for."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 N\r\n\r\n") -> None:
        self.answer = answer
        self.targets: list[str] = []
        self.heads: list[str] = []

    def __enter__(self) -> tuple[int, list[str]]:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self.socket.getsockname()[1], self.targets

    def __exit__(self, *exc: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                head = connection.recv(65536).decode("latin-1")
                self.heads.append(head.lower())
                self.targets.append(head.split(" ")[1])
                connection.sendall(self.answer)


CONDITIONS = (
    'if-none-match: "app"',
    "if-modified-since: Thu, 01 Jan 2015 00:00:00 GMT",
    'if-match: "app"',
    "range: bytes=0-1",
)


@pytest.mark.parametrize(
    ("target", "method", "partial", "gone"),
    [
        ("/api", "GET", False, {"if-none-match", "if-modified-since"}),
        ("/api", "HEAD", False, {"if-none-match", "if-modified-since"}),
        ("/api", "PUT", False, set()),
        ("/static/a.css", "GET", True, set()),
        ("/static/a.css", "PUT", True, set()),
        (
            "/static/drafts/a",
            "GET",
            True,
            {"if-none-match", "if-modified-since", "range", "if-range"},
        ),
        (
            "/api",
            "GET",
            True,
            {"if-none-match", "if-modified-since", "range", "if-range"},
        ),
    ],
)
def test_what_could_confirm_a_stale_copy(
    folder: Path, target: str, method: str, partial: bool, gone: set[str]
) -> None:
    _, export = exported(EDGE.target, POLICY)
    lines = [*CONDITIONS, *(['if-range: "app"'] if partial else [])]
    server = recorder()

    with server as (port, _), EDGE.start(export, port, folder) as edge:
        send(edge, request(target, method, *lines))

    names = {line.partition(":")[0] for line in lines}
    assert {n for n in names if f"\r\n{n}: " not in server.heads[0]} == gone


ODD = "a`b \"c\" {{ .d }} #e $f \\g 'h' %s {{/* i */}} --- üñ \u2028 \x07 😀"


LONG = "/" + "long" * 500


def odd_rules() -> RuleSet:
    opened = ["/q`'\"$/x", "/e: [x], &y/z", LONG, "/n/{x}/{y:int}"]
    shut = ["/q`'\"$/**", "/ü and 😀/*.a", "/e: [x], &y", "/-", "/(a|b)+^/**"]
    rules = [Rule(path, NO_STORE, reason=ODD) for path in ("/q`", *shut[1:3])]
    rules += [
        Rule(path, PUBLIC(max_age=1), mode="override", guards=[], reason=ODD * 50)
        for path in opened
    ]
    rules += [Rule(path, NO_STORE, reason=ODD) for path in (shut[0], *shut[3:])]
    last = Rule("/**/last", PUBLIC(max_age=1), mode="override", guards=[])
    rules.append(last)
    return RuleSet(rules)


@pytest.mark.parametrize("policy_set", [POLICY, RuleSet([]), odd_rules()])
def test_traefik_accepts_it(folder: Path, policy_set: RuleSet) -> None:
    plan, export = exported(EDGE.target, policy_set)

    with origin() as port, EDGE.start(export, port, folder) as edge:
        assert errors(folder) == ""
        seen = ask(edge, "/api/items", answer=said("public, max-age=600"))

    assert seen.count
    assert seen.values("cache-control") == [plan.default.cache_control]


def test_odd_paths_are_matched(folder: Path) -> None:
    policy_set = odd_rules()
    plan, export = exported(EDGE.target, policy_set)
    asked = [
        Cell(target)
        for target in ("/q`'$/x", "/-", "/a/last", "/last", LONG, LONG + "x", "/n/b/1")
    ]

    with origin() as port, EDGE.start(export, port, folder) as edge:
        tally = run(edge, plan, policy_set, asked, decodes=False)

    assert tally.wrong == [], shown(tally)


def test_it_refuses_what_is_broken(folder: Path) -> None:
    _, export = exported(EDGE.target, POLICY)
    broken = changed(export, "PathRegexp(`(?is)^", "PathRegexp(`(?is)(^")

    assert "error parsing regexp" in EDGE.validate(broken, folder)


def changed(export: Export, old: str, new: str) -> Export:
    name, text = export.files[0]
    assert old in text
    return export._replace(files=(File(name, text.replace(old, new)),))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The check of how the path was sent.
        (f"PathRegexp(`{PLAIN}`) && ".replace("\\", "\\\\"), ""),
        # What else the app says.
        (', "nocache-silent"]', "]"),
        # What keeps stale copies from being confirmed.
        ('"nocache-fresh", ', ""),
        # What servers may take for a path.
        (
            "(?is)^/static/drafts(?:/.*|[/. ]*(?:\\\\.[^./]*)?[/. ]*)$",
            "^/static/drafts/",
        ),
        # The order.
        ("priority: 15\n", "priority: 3\n"),
        # The last router.
        ('rule: "PathRegexp(`^`)"', 'rule: "Path(`/nowhere`)"'),
    ],
    ids=["plain", "silent", "fresh", "shadows", "order", "rest"],
)
def test_the_matrix_catches(folder: Path, old: str, new: str) -> None:
    plan, export = exported(EDGE.target, POLICY)
    if old == "priority: 15\n":
        export = changed(export, "priority: 14\n", "priority: 2\n")
        export = changed(export, "priority: 13\n", "priority: 1\n")
    broken = changed(export, old, new)
    # Without the table: Traefik as it stands would need no check of what it cleans.
    asked = [
        cell
        for cell in expected(DECODED)
        if cell.method == "POST" or cell.fields in ((), EXTRAS[-2][0])
        if not is_taken(plan, cell)
    ]

    tally = judged(broken, plan, folder, asked, entry_point={"sanitizePath": False})

    assert tally.wrong != []


@pytest.mark.parametrize("target", ["/api/items", "/static/app.css", "/me", "/pages/1"])
def test_the_app_is_down(folder: Path, target: str) -> None:
    plan, export = exported(EDGE.target, POLICY)

    with EDGE.start(export, free_port(), folder) as edge:
        seen = ask(edge, target)

    assert seen.status == 502
    assert [f for f in seen.fields if f[0] == "cache-control"] == [
        ("cache-control", plan.default.cache_control)
    ]


@pytest.mark.parametrize("answer", [b"junk\r\n\r\n", b""])
def test_the_app_answers_junk(folder: Path, answer: bytes) -> None:
    plan, export = exported(EDGE.target, POLICY)

    with recorder(answer) as (port, _), EDGE.start(export, port, folder) as edge:
        seen = [ask(edge, "/static/app.css"), ask(edge, "/api/items")]

    assert {each.status for each in seen} <= {*TAKEN}
    for each in seen:
        assert each.values("cache-control") == [plan.default.cache_control]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /%zz HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /" + b"a" * 2**21 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 431),
        (b"OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 200),
    ],
)
def test_what_leaves_before_any_router(folder: Path, raw: bytes, status: int) -> None:
    """The gap, as it is told: no field, of a kind that nobody stores without one."""
    _, export = exported(EDGE.target, POLICY)

    with origin() as port, EDGE.start(export, port, folder) as edge:
        seen = send(edge, raw)

    assert (seen.status, seen.values("cache-control")) == (status, [])
    assert any(str(status) in gap or "OPTIONS *" in gap for gap in export.gaps)


@pytest.mark.parametrize("target", ["*", "http://shop.example/nowhere"])
def test_no_request_is_without_a_route(folder: Path, target: str) -> None:
    plan, export = exported(EDGE.target, POLICY)

    with origin() as port, EDGE.start(export, port, folder) as edge:
        seen = send(edge, request(target))

    assert seen.status != 404
    assert seen.values("cache-control") == [plan.default.cache_control]


def test_a_denial_of_an_encoded_character(folder: Path) -> None:
    """Entry points may refuse escapes before any router, with a bare 400."""
    _, export = exported(EDGE.target, POLICY)
    denies = {"encodedCharacters": {"allowEncodedSlash": False}}

    with (
        origin() as port,
        EDGE.start(export, port, folder, entry_point=denies) as edge,
    ):
        seen = ask(edge, "/static%2fa")

    assert (seen.status, seen.values("cache-control")) == (400, [])


def test_nothing_is_kept_here(folder: Path) -> None:
    """Traefik has no cache: what a policy opens comes from the app each time."""
    _, export = exported(EDGE.target, POLICY)

    with origin() as port, EDGE.start(export, port, folder) as edge:
        seen = [ask(edge, "/static/app.css") for _ in range(2)]

    assert seen[0].count != seen[1].count


def test_its_version_is_the_one_measured() -> None:
    assert EDGE.version().startswith("3.7.")
