"""A real nginx with the export follows the policy, and mutations of it are caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from edge_cells import MATRIX, Cell, cells
from edge_judge import Tally, note, run
from edge_nginx import EDGE, Nginx, others
from edge_run import a_folder, exported, skip_unless_installed
from edge_wire import ask, send

from asgi_nocache import (
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.target import Export

SHARED = (("cache-control", "public, max-age=600"),)
NEVER = ["no-store, no-cache, must-revalidate, private, max-age=0"]

skip_unless_installed(EDGE)

VERSIONS = [EDGE, *others()]
PLAN, EXPORT = exported(EDGE.target, MATRIX)


def judged(edge: Nginx, export: Export, app: int, folder: Path, few: int = 1) -> Tally:
    """Return what the matrix says, of every *few*-th cell."""
    with edge.start(export, app, folder) as port:
        return run(port, PLAN, MATRIX, list(cells())[::few], decodes=True)


@pytest.mark.parametrize("edge", VERSIONS, ids=lambda e: e.version())
def test_every_cell_of_the_matrix(edge: Nginx, app: int, folder: Path) -> None:
    tally = judged(edge, EXPORT, app, folder)
    note("nginx", f"nginx {edge.version()}", tally)

    assert tally.wrong == [], tally
    assert tally.equal > 1400


DOLLAR = Policy(CacheControl.parse([b"public, max-age=9, x-$a"]), "DOLLAR")

#: Patterns and reasons that must not break out of where they stand.
ODD = RuleSet(
    [
        Rule('/a "quoted" {x}/**', PUBLIC(max_age=1), reason='" ; } # { $x \\'),
        Rule("/it's/$host/**", PUBLIC(max_age=2), reason="two\nlines\r\x00\u2028 end"),
        Rule("/semi;colon/~tilde", PUBLIC(max_age=3), reason="'\\\"${nocache_rule}"),
        Rule("/ünï/**", PUBLIC(max_age=4), reason="ü" * 9000),
        Rule("/a b/**", PUBLIC(max_age=5), reason="x" * 20_000),
        Rule("/" + "long" * 400, PUBLIC(max_age=6)),
        Rule("/" + "very" * 2000, PUBLIC(max_age=7)),
        Rule("/" + "shut" * 2000 + "/**", NO_STORE_EDGE),
        Rule("/dollar", DOLLAR, mode="override"),
        Rule("/**", PRIVATE(max_age=8)),
    ]
)


@pytest.mark.parametrize("edge", VERSIONS, ids=lambda e: e.version())
@pytest.mark.parametrize("policy", [MATRIX, ODD, RuleSet()], ids=["all", "odd", "no"])
def test_nginx_accepts_the_export(edge: Nginx, policy: RuleSet, folder: Path) -> None:
    _, export = exported(edge.target, policy)

    assert edge.validate(export, folder) == ""


def test_odd_words_mean_what_they_say(app: int, folder: Path) -> None:
    _, export = exported(EDGE.target, ODD)
    said = {
        "/it's/$host/x": "public, max-age=2",
        "/semi;colon/~tilde": NEVER[0],
        "/a%20b/c": "public, max-age=5",
        "/" + "long" * 400: "public, max-age=6",
        "/" + "LONG" * 400: NEVER[0],  # a shadow
        "/dollar": "public, max-age=9, x-$a",
        "/else": "private, max-age=8",
        "/%C3%BCn%C3%AF/x": NEVER[0],
    }
    with EDGE.start(export, app, folder) as port:
        seen = {p: ask(port, p).values("cache-control") for p in said}
        missing = ask(port, "/" + "very" * 1900 + "x").values("cache-control")

    assert seen == {path: [word] for path, word in said.items()}
    assert missing == NEVER  # rule 7 is too long, and so is what servers take for it


def test_a_path_that_is_too_long_for_nginx_is_never_store() -> None:
    _, export = exported(EDGE.target, ODD)

    assert any("Rule 7 is never-store" in gap for gap in export.gaps)


def test_nginx_with_no_rules_at_all(app: int, folder: Path) -> None:
    _, export = exported(EDGE.target, RuleSet())
    with EDGE.start(export, app, folder) as port:
        seen = [ask(port, "/static/app.css", answer=SHARED) for _ in range(2)]

    assert [each.values("cache-control") for each in seen] == [NEVER, NEVER]
    assert seen[0].count != seen[1].count


#: What nginx answers by itself, in the server of the app.
OWN = """
error_page 404 /missing.html;
location /static/own/ { root /nonexistent; }
location /static/denied { deny all; }
location /static/moved { return 301 /static/; }
location /files/ { alias @FOLDER@/files/; }
location /static/files/ { alias @FOLDER@/files/; }
location /static/hidden/ { rewrite ^ /raw/app.css last; }
location /gone { return 404; }
location /raw/gone { return 404; }
location /api/shown/ { try_files /none /static/app.css; }
"""


@pytest.fixture(scope="module")
def own(app: int) -> Iterator[int]:
    with a_folder() as folder, Nginx(server=OWN).start(EXPORT, app, folder) as port:
        (folder / "files").mkdir()
        (folder / "files" / "app.css").write_text("a{}")
        yield port


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/static/own/x.css", 404, NEVER),
        ("/static/denied/x.css", 403, NEVER),
        ("/static/moved/x.css", 301, ["public, max-age=3600"]),
        ("/static/files/app.css", 200, ["public, max-age=3600"]),
        ("/static/files/none.css", 404, NEVER),
        ("/files/app.css", 200, NEVER),
        ("/files/none.css", 404, NEVER),
        ("/gone", 404, NEVER),
        ("/raw/gone", 404, NEVER),
        ("/api/shown/x", 200, NEVER),
    ],
)
def test_what_nginx_answers_by_itself(
    own: int, path: str, status: int, words: list[str]
) -> None:
    seen = ask(own, path)

    assert (seen.status, seen.values("cache-control")) == (status, words)


def test_nginx_confirms_no_file(own: int) -> None:
    sent = ask(own, "/files/app.css").values("last-modified")
    seen = ask(own, "/files/app.css", fields=[("if-modified-since", sent[0])])

    assert seen.status == 200
    assert seen.values("last-modified") == sent


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET /static/" + b"a" * 9000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 414),
        (b"GET /static/app.css HTTP/1.1\r\n\r\n", 400),
        (b"GET /static/../../x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /gone HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
    ],
)
def test_refusals_before_any_location(
    own: int, request_line: bytes, status: int
) -> None:
    seen = send(own, request_line)

    assert (seen.status, seen.values("cache-control")) == (status, NEVER)


@pytest.mark.parametrize("path", ["/static/app.css", "/gone", "/old/a.png", "/raw/x"])
def test_a_gateway_error_is_never_store(path: str, folder: Path) -> None:
    with EDGE.start(EXPORT, 9, folder) as port:
        seen = ask(port, path)

    assert (seen.status, seen.values("cache-control")) == (502, NEVER)


def test_the_own_404_of_nginx_is_not_that_of_the_app(own: int, app: int) -> None:
    assert ask(own, "/gone").values("cache-control") == NEVER


def test_the_longest_path_is_matched(app: int, folder: Path) -> None:
    path = "/static/" + "a%20.b/" * 1100
    with Nginx(server="").start(EXPORT, app, folder) as port:
        seen = ask(port, path, answer=SHARED)

    assert (seen.status, seen.values("cache-control")) == (200, ["public, max-age=600"])


def test_the_cache_of_nginx_keeps_what_may_be_kept(app: int, folder: Path) -> None:
    with EDGE.start(EXPORT, app, folder) as port:
        hits = [ask(port, "/static/a.css", answer=SHARED).count for _ in range(2)]
        closed = [ask(port, "/api/a", answer=SHARED).count for _ in range(2)]
        known = ask(
            port, "/static/a.css", fields=[("authorization", "x")], answer=SHARED
        )
        unknown = ask(port, "/static/b.css").count, ask(port, "/static/b.css").count

    assert hits[0] == hits[1]
    assert closed[0] != closed[1]
    assert known.count != hits[0]
    assert unknown[0] != unknown[1]  # the policy's own text is not for this cache


def test_what_the_cache_is_told_to_ignore_does_not_open_it(
    app: int, folder: Path
) -> None:
    greedy = "proxy_cache z; proxy_ignore_headers Cache-Control; proxy_cache_valid 1h;"
    said = (("cache-control", "private, max-age=20"),)
    with Nginx(location=greedy).start(EXPORT, app, folder) as port:
        seen = [ask(port, "/static/a.css", answer=said).count for _ in range(2)]

    assert seen[0] != seen[1]


def test_a_conditional_request_is_asked_in_full(app: int, folder: Path) -> None:
    asks = [("if-none-match", '"app"')]
    # The cache of nginx takes conditions away by itself: here is none.
    with Nginx(location="").start(EXPORT, app, folder) as port:
        closed = ask(port, "/api/a", fields=asks)
        since = ask(port, "/api/a", fields=[("if-modified-since", "x")])
        opened = ask(port, "/static/a.css", fields=asks)

    assert (closed.status, since.status, opened.status) == (200, 200, 304)
    assert closed.values("etag") == ['"app"']


def test_groups_of_a_location_stay(app: int, folder: Path) -> None:
    server = f"""
    location ~ ^/static/(.*)$ {{
        proxy_pass http://127.0.0.1:{app};
        proxy_set_header x-answer $http_x_answer;
        include @FOLDER@/nocache-proxy.conf;
        proxy_set_header Authorization $1;
        proxy_cache z;
        proxy_cache_key $1;
    }}
    """
    with Nginx(server=server).start(EXPORT, app, folder) as port:
        one = [ask(port, "/static/a", answer=SHARED).count for _ in range(2)]
        other = ask(port, "/static/b", answer=SHARED).count

    assert one[0] == one[1] != other


def test_the_way_to_the_app_may_be_another(folder: Path) -> None:
    conf = "".join(f.text for f in EXPORT.files if "gateways" in f.name)
    edge = Nginx(server="include @FOLDER@/nocache-gateways.conf;")

    assert "uwsgi_hide_header Cache-Control;" in conf
    assert edge.validate(EXPORT, folder) == ""


def without(*texts: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        for each in texts:
            text = text.replace(each, "")
        return text

    return change


def opened(text: str) -> str:
    """Return the maps without the question whether a path is plain."""
    lines = [
        '    "~." $nocache_path;' if line.endswith(" $nocache_path;") else line
        for line in text.split("\n")
    ]
    return "\n".join(lines)


MUTATIONS: dict[str, tuple[Callable[[str], str], str]] = {
    "errors": (without(" always"), "cache-control is"),
    "storage": (
        without(
            "proxy_cache_bypass $nocache_bypass;", "proxy_no_cache $nocache_no_store;"
        ),
        "from its own copy",
    ),
    "plain": (opened, "cache-control is"),
    "hidden": (without("proxy_hide_header Cache-Control;"), "cache-control is"),
    "conditions": (
        without(
            "proxy_hide_header ETag;",
            "proxy_hide_header Last-Modified;",
            "add_header ETag $nocache_etag always;",
        ),
        "304",
    ),
    "letter case": (lambda text: text.replace('"~^', '"~*^'), "cache-control is"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_caught(name: str, app: int, folder: Path) -> None:
    change, complaint = MUTATIONS[name]
    files = tuple(f._replace(text=change(f.text)) for f in EXPORT.files)
    assert files != EXPORT.files

    tally = judged(EDGE, EXPORT._replace(files=files), app, folder)

    assert any(complaint in each for each in tally.wrong), tally


@pytest.mark.parametrize(
    ("location", "wrong"),
    [
        ("add_header X-Own 1;", []),
        ("expires 1h;", None),
    ],
)
def test_the_gaps_are_as_they_are_said(
    location: str, wrong: list[str] | None, app: int, folder: Path
) -> None:
    """Both are in ``gaps``; should they close one day, the sentences go."""
    with Nginx(location=location).start(EXPORT, app, folder) as port:
        seen = ask(port, "/api/a", answer=SHARED).values("cache-control")

    assert seen == wrong if wrong is not None else len(seen) > 1


def test_the_gap_of_a_star(app: int, folder: Path) -> None:
    with EDGE.start(EXPORT, app, folder) as port:
        seen = ask(port, "/api/a", fields=[("if-none-match", "*")])

    assert seen.status == 304


def test_a_long_policy_is_the_same_policy(app: int, folder: Path) -> None:
    rules = [
        Rule(f"/{'Tenant' if n % 2 else 'app'}{n}/files/**", PUBLIC(max_age=60))
        for n in range(300)
    ]
    rules += [Rule(f"/x/item-{n}-*", PUBLIC(max_age=61)) for n in range(300)]
    rules += [Rule("/*/late", PUBLIC(max_age=62)), Rule("/app7", NO_STORE_EDGE)]
    rules += [Rule(f"/p{n}", PUBLIC(max_age=63), methods=["GET"]) for n in range(300)]
    plan, export = exported(EDGE.target, RuleSet(rules))
    paths = [
        "/app0/files", "/app10/files/x", "/Tenant7/files/x", "/tenant7/files/x",
        "/app1/files/x", "/x/item-17-y", "/x/item-17", "/x/Item-17-y", "/p9", "/p99",
        "/p999", "/app7/late", "/new/late", "/p/late", "/APP7", "/app7.css", "/p",
        "/app298/files/", "/", "/app298", "/x/item-2", "/x/item-2-", "/%61pp0/files",
    ]  # fmt: skip
    asked = [Cell(path, method) for path in paths for method in ("GET", "POST")]
    with EDGE.start(export, app, folder) as port:
        tally = run(port, plan, RuleSet(rules), asked, decodes=True)

    assert tally.wrong == []
    assert tally.equal > len(asked) // 2


@pytest.mark.parametrize("edge", VERSIONS, ids=lambda e: e.version())
def test_nginx_says_nothing_of_a_thousand_rules(edge: Nginx, folder: Path) -> None:
    rules = [Rule(f"/service{n}/files/**", PUBLIC(max_age=60)) for n in range(1000)]
    _, export = exported(edge.target, RuleSet(rules))

    assert edge.validate(export, folder) == ""
