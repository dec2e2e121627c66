"""A real Apache follows the policy: proxied, static, cached, and when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from edge_apache import EDGE, LOADED, Apache
from edge_cells import MATRIX, Lines, cells
from edge_judge import Tally, note, run
from edge_origin import origin
from edge_run import a_folder, exported, skip_unless_installed
from edge_wire import Seen, ask, send

from asgi_nocache import NO_STORE, PRIVATE, PUBLIC, REVALIDATE, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.target import Export, File

skip_unless_installed(EDGE)

NEVER = [str(NO_STORE.cache_control)]
PUBLIC_HOUR = ["public, max-age=3600"]
PLAN, EXPORT = exported(EDGE.target, MATRIX)
ODD = [
    Rule("/a b/'/**", PUBLIC(max_age=5), reason="quotes \" and ' and `, # and ;"),
    Rule("/z${HOME}/{x}", PUBLIC(max_age=5), reason="ends in a backslash \\"),
    Rule("/$1/%{path}", PRIVATE(max_age=5), reason="</IfModule>\nServerName evil"),
    Rule('/"quoted"/back', NO_STORE, reason="é ü 漢字 " * 200),
    Rule("/é/**", REVALIDATE, reason="x" * 5000),
    Rule("/**", PUBLIC(max_age=6), hosts=["*.shop.example"], methods=["GET"]),
]


@contextmanager
def _running(folder: Path, export: Export = EXPORT, own: str = "") -> Iterator[int]:
    with origin() as behind, Apache(own).start(export, behind, folder) as port:
        yield port


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with a_folder() as folder, _running(folder) as number:
        yield number


def _tally(folder: Path, export: Export) -> Tally:
    with _running(folder, export) as number:
        return run(number, PLAN, MATRIX, cells(), decodes=EDGE.decodes)


def test_every_cell_is_as_the_policy_says(folder: Path) -> None:
    tally = note("apache", f"Apache {EDGE.version()}", _tally(folder, EXPORT))

    assert tally.wrong == [], tally
    assert tally.equal > 1400, tally


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("Header always set", "Header onsuccess set"),
        ("-n %{reqenv:nocache_plain}", "1 -eq 1"),
        ("Header onsuccess unset Cache-Control", "# "),
        ("RequestHeader unset", "# "),
    ],
    ids=["not-on-errors", "any-spelling", "appended", "conditionals"],
)
def test_the_matrix_sees_what_is_missing(folder: Path, line: str, instead: str) -> None:
    (file,) = EXPORT.files
    assert line in file.text
    broken = EXPORT._replace(files=(File(file.name, file.text.replace(line, instead)),))

    assert _tally(folder, broken).wrong


@pytest.mark.parametrize("rules", [MATRIX, RuleSet(ODD), RuleSet([])])
def test_its_own_check_accepts_the_file(folder: Path, rules: RuleSet) -> None:
    _, export = exported(EDGE.target, rules)

    assert EDGE.validate(export, folder) == ""


@pytest.mark.parametrize("module", ["headers", "setenvif"])
def test_a_missing_module_stops_the_start(folder: Path, module: str) -> None:
    fewer = tuple(name for name in LOADED if name != module)

    assert f"needs mod_{module}" in EDGE.validate(EXPORT, folder, fewer)


def test_odd_patterns_mean_what_they_say(folder: Path) -> None:
    _, export = exported(EDGE.target, RuleSet(ODD))
    expected = {
        "/a%20b/'/x": ["public, max-age=5"],
        "/z$%7Bx%7D/x": ["public, max-age=5"],
        "/z$x/x": ["public, max-age=5"],
        "/$1/%25x": NEVER,
        "/other": NEVER,
    }
    with _running(folder, export) as number:
        seen = {each: ask(number, each).values("cache-control") for each in expected}
        below = ask(number, "/other", host="www.shop.example:80")

    assert seen == expected
    assert below.values("cache-control") == ["public, max-age=6"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/static/files/none", 404),
        ("/denied", 403),
        ("/static/denied/x", 403),
        ("/a%00b", 404),
        ("/" + "x" * 9000, 414),
    ],
    ids=["none", "denied", "denied-open", "nul", "long"],
)
def test_its_own_errors_are_never_stored(port: int, target: str, status: int) -> None:
    seen = ask(port, target)

    assert (seen.status, seen.count) == (status, "")
    assert seen.values("cache-control") == NEVER


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"FOO\r\n\r\n", b"GET / HTTP/9\r\n\r\n"],
)
def test_what_cannot_be_parsed_is_never_stored(port: int, request_: bytes) -> None:
    seen = send(port, request_)

    assert seen.status in (400, 505)
    assert seen.values("cache-control") == NEVER


def test_nothing_opens_its_own_error(folder: Path) -> None:
    """Neither a rule for that status nor one without guards."""
    rules = [
        Rule("/static/**", PUBLIC(max_age=60), mode="override", guards=()),
        Rule("/**", PUBLIC(max_age=60), mode="override", guards=(), status=503),
    ]
    _, export = exported(EDGE.target, RuleSet(rules))
    own = "ErrorDocument 403 /static/files/page.css"
    with _running(folder, export, own) as number:
        app = ask(number, "/x", status=503)
        missing = ask(number, "/static/files/none")
        denied = ask(number, "/static/denied/x")
    with Apache().start(export, 1, folder) as number:
        down = ask(number, "/y"), ask(number, "/static/y")

    assert app.values("cache-control") == ["public, max-age=60"]
    assert [each.status for each in (missing, denied, *down)] == [404, 403, 503, 503]
    assert [each.values("cache-control") for each in (missing, denied, *down)] == [
        NEVER
    ] * 4


def test_static_files_follow_the_rules(port: int) -> None:
    opened, closed = ask(port, "/static/files/page.css"), ask(port, "/files/page.css")

    assert opened.values("cache-control") == PUBLIC_HOUR
    assert closed.values("cache-control") == NEVER
    assert closed.body == b"p {}"


@pytest.mark.parametrize(
    "fields",
    [
        (("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"),),
        (("if-none-match", "*"),),
    ],
)
def test_stale_copies_of_files_are_not_confirmed(port: int, fields: Lines) -> None:
    seen = ask(port, "/files/page.css", fields=fields)
    opened = ask(port, "/static/files/page.css", fields=fields)

    assert (seen.status, seen.body) == (200, b"p {}")
    assert opened.values("cache-control") == PUBLIC_HOUR


def _again(port: int, target: str, fields: Lines = (), answer: Lines = ()) -> Seen:
    return ask(port, target, fields=fields, answer=answer)


def test_the_cache_is_on_and_keeps_what_may_be_kept(port: int) -> None:
    first, second = _again(port, "/static/kept"), _again(port, "/static/kept")

    assert first.count == second.count != ""
    assert second.values("age")


@pytest.mark.parametrize(
    ("target", "word"),
    [("/api/items", "public, max-age=600"), ("/static/drafts/a", "max-age=60")],
)
def test_what_is_never_stored_is_never_a_hit(port: int, target: str, word: str) -> None:
    said = (("cache-control", word),)
    first, second = (_again(port, target, answer=said) for _ in range(2))

    assert first.count != second.count


@pytest.mark.parametrize("field", ["cookie", "authorization"])
def test_who_asks_decides_before_the_cache_answers(port: int, field: str) -> None:
    said = (("cache-control", "max-age=60"),)
    target = f"/raw/{field}"
    kept = [_again(port, target, answer=said).count for _ in range(2)]
    seen = _again(port, target, ((field, "a=b"),), said)

    assert kept[0] == kept[1]
    assert seen.count not in ("", kept[0])
    assert seen.values("cache-control") == NEVER


@pytest.mark.parametrize("spelling", ["/static//s", "/static/x/../s", "//static/s"])
def test_other_spellings_do_not_reach_what_is_kept(port: int, spelling: str) -> None:
    kept = [_again(port, "/static/s").count for _ in range(2)]
    seen = _again(port, spelling)

    assert kept[0] == kept[1] != seen.count
    assert seen.values("cache-control") == NEVER


def test_without_the_storage_part_the_cache_answers(folder: Path) -> None:
    """The third kind of mutation: mod_cache must be told."""
    (file,) = EXPORT.files
    start, _, rest = file.text.partition("<IfModule mod_cache.c>")
    text = start + rest.partition("</IfModule>")[2]
    with _running(folder, EXPORT._replace(files=(File(file.name, text),))) as number:
        said = (("cache-control", "max-age=60"),)
        kept = _again(number, "/raw/x", answer=said)
        other = _again(number, "/raw/x", (("cookie", "a=b"),), said)

    assert kept.count == other.count != ""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("no-store", "public, max-age=60"), NEVER),
        (("max-age=60", "no-store"), ["max-age=60", *NEVER]),
        (("public, max-age=99999", "no-store"), [*PUBLIC_HOUR, *NEVER]),
        (("public, max-age=9", "max-age=8"), ["public, max-age=9", "max-age=8"]),
    ],
)
def test_a_second_line_cannot_loosen(
    port: int, said: tuple[str, ...], expected: list[str]
) -> None:
    answer = tuple(("cache-control", each) for each in said)
    target = f"/static/lines?{'&'.join(said).replace(' ', '')}"

    assert _again(port, target, answer=answer).values("cache-control") == expected
