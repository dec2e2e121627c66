"""HAProxy runs the export: the matrix, its own answers, its cache, and mutations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from edge_cells import MATRIX, Cell, cells, said
from edge_haproxy import EDGE
from edge_judge import Tally, note, run
from edge_run import a_folder, exported, skip_unless_installed
from edge_wire import Seen, ask, send

from asgi_nocache import NO_STORE, NO_STORE_EDGE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.plan import Plan
from asgi_nocache.export.target import Export

NEVER = str(NO_STORE.cache_control)
#: What would break out of quotes, comments or formats, if anything did.
ODD = 'it\'s "q" {x} %[src] # $HOME \\ é \n    http-request deny\n' + "long " * 2000


skip_unless_installed(EDGE)


@pytest.fixture(scope="module")
def told() -> tuple[Plan, Export]:
    return exported(EDGE.target, MATRIX)


@pytest.fixture(scope="module")
def edge(told: tuple[Plan, Export], app: int) -> Iterator[int]:
    with a_folder() as folder, EDGE.start(told[1], app, folder) as port:
        yield port


def lines(tally: Tally) -> str:
    return "\n".join([f"{len(tally.wrong)} of {tally.cells}", *tally.wrong[:20]])


def is_closed(seen: Seen) -> bool:
    caching = ("cache-control", "pragma", "expires")
    return [seen.values(name) for name in caching] == [
        [NEVER],
        ["no-cache"],
        ["Thu, 01 Jan 1970 00:00:01 GMT"],
    ]


def test_the_matrix(told: tuple[Plan, Export], edge: int) -> None:
    tally = run(edge, told[0], MATRIX, cells(), decodes=EDGE.decodes)
    note("haproxy", f"HAProxy {EDGE.version()}", tally)

    assert tally.wrong == [], lines(tally)
    assert tally.equal > 1400


@pytest.mark.parametrize(
    "policy_set",
    [
        MATRIX,
        RuleSet(),
        RuleSet(default=NO_STORE_EDGE),
        RuleSet(
            [
                Rule("/a'b/**", PUBLIC(max_age=1), reason=ODD),
                Rule('/a"b/*.x[0]+', PUBLIC(max_age=1), reason="# ' \""),
                Rule("/a b/$HOME/{x}", PRIVATE(max_age=1), reason="é \\"),
                Rule("/a%b/*", PUBLIC(max_age=1), hosts=["*.shop.example"]),
                Rule("/ü/**", NO_STORE, reason="ünïcode"),
                Rule("/**", PUBLIC(max_age=1), media_types=["text/*", "a/b+c"]),
            ]
        ),
    ],
    ids=["matrix", "none", "edge", "odd"],
)
def test_haproxy_accepts_it(policy_set: RuleSet, folder: Path) -> None:
    _, export = exported(EDGE.target, policy_set)

    assert EDGE.validate(export, folder) == ""


def test_what_haproxy_objects_to_is_told(folder: Path) -> None:
    _, export = exported(EDGE.target, MATRIX)
    broken = changed(export, lambda text: text.replace("mode http", "mode it's"))

    assert EDGE.validate(broken, folder)


ODD_RULES = RuleSet(
    [
        Rule("/it's/**", PUBLIC(max_age=1), reason=ODD, mode="override"),
        Rule("/$HOME/**", PUBLIC(max_age=2), mode="override"),
        Rule("/a(b)/*+c", PUBLIC(max_age=3), mode="override"),
        Rule("/host/**", PUBLIC(max_age=4), hosts=["*.shop.example"], mode="override"),
        Rule("/type", PUBLIC(max_age=5), media_types=["text/*"], mode="override"),
        Rule("/**", NO_STORE),
    ]
)


def test_odd_characters_mean_themselves(app: int, folder: Path) -> None:
    plan, export = exported(EDGE.target, ODD_RULES)
    paths = ["/it's/x", "/its/x", "/$HOME/x", "/HOME/x", "/a(b)/x+c", "/ab/xc", "/x"]
    types = ["text/html; charset=utf-8", "Text/Plain ", "image/png; x=text/html"]
    asked = [Cell(path) for path in paths]
    asked += [Cell("/type", answer=(("content-type", each),)) for each in types]
    with EDGE.start(export, app, folder) as port:
        tally = run(port, plan, ODD_RULES, asked, decodes=EDGE.decodes)
        hosts = [
            ask(port, "/host/a", host=host).values("cache-control")
            for host in ("a.shop.example", "A.Shop.Example.:80", "shop.example", "b")
        ]

    assert tally.wrong == [], lines(tally)
    assert hosts == [["public, max-age=4"]] * 2 + [[NEVER]] * 2


def many() -> RuleSet:
    rules = [
        Rule(f"/f{n}/**", PUBLIC(max_age=n % 7), mode="override") for n in range(500)
    ]
    rules += [Rule(f"/p{n}", PRIVATE(max_age=9), mode="override") for n in range(480)]
    rules += [
        Rule("/deep/a/b/**", NO_STORE),
        Rule("/deep/a/**", PUBLIC(max_age=1), mode="override"),
        Rule("/deep/**", PUBLIC(max_age=2), mode="override"),
        Rule("/deep/a/c", PUBLIC(max_age=3), mode="override"),
        Rule("/f7/**", PUBLIC(max_age=4), mode="override", methods=["GET"]),
    ]
    return RuleSet(rules)


def test_a_thousand_rules_keep_their_order(app: int, folder: Path) -> None:
    """Trees find the longest, the policy the first: only what is apart is in one."""
    with pytest.warns(UserWarning, match="never"):
        policy_set = many()
    plan, export = exported(EDGE.target, policy_set)
    paths = (
        "/f0", "/f0/", "/f499/x", "/f4/x", "/f4", "/f44/a/b.css", "/f500/x", "/F4/x",
        "/f4//x", "/f4/%41", "/p0", "/p479", "/p47", "/p480", "/p4/", "/p4.css",
        "/deep/a/b/c", "/deep/A/b/c", "/deep/a/c", "/deep/a", "/deep/x",
        "/deep/a/b.css", "/f7/x", "/", "/f", "/f4x",
    )  # fmt: skip
    asked = [Cell(path, method) for path in paths for method in ("GET", "HEAD")]
    with EDGE.start(export, app, folder) as port:
        tally = run(port, plan, policy_set, asked, decodes=EDGE.decodes)

    assert tally.wrong == [], lines(tally)


def test_its_own_answers_are_never_stored(edge: int) -> None:
    denied = ask(edge, "/denied")
    gone = ask(edge, "/gone", fields=[("x-edge", "1")])
    moved = ask(edge, "/static/moved")
    late = ask(edge, "/static/a", answer=[("x-leak", "1"), *said("public, max-age=9")])

    assert [s.status for s in (denied, gone, moved, late)] == [403, 404, 302, 502]
    assert [is_closed(s) for s in (denied, gone, moved, late)] == [True] * 4
    assert not any(s.count for s in (denied, gone, moved, late))


def test_an_app_that_is_down(told: tuple[Plan, Export], folder: Path) -> None:
    with EDGE.start(told[1], 1, folder) as port:
        seen = [ask(port, path) for path in ("/static/a.css", "/api", "/gone")]

    assert [(s.status, is_closed(s)) for s in seen] == [(503, True)] * 3


@pytest.mark.parametrize(
    "request_",
    [
        b"NOT HTTP\r\n\r\n",
        b"GET /static/%s HTTP/1.1\r\nhost: a\r\n\r\n" % (b"a" * 40_000),
        b"GET /static/\xc3 HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
    ids=["junk", "too long", "not ASCII"],
)
def test_what_it_cannot_parse_is_the_gap(
    told: tuple[Plan, Export], edge: int, request_: bytes
) -> None:
    seen = send(edge, request_)

    assert (seen.status, seen.values("cache-control")) == (400, ["no-cache"])
    assert "Cache-Control: no-cache" in told[1].gaps[0]


def test_large_fields_leave_room_for_these(edge: int) -> None:
    """HAProxy keeps tune.maxrewrite free for them, 1 kB unless set otherwise."""
    large = [(f"x-large-{n}", "x" * 1000) for n in range(14)]
    seen = ask(edge, "/api", answer=[*large, *said("public, max-age=9")])

    assert seen.status == 200
    assert len(seen.values("x-large-13")[0]) == 1000
    assert is_closed(seen)


def test_nothing_of_the_mark_leaves(edge: int) -> None:
    forged = ask(edge, "/api", answer=[("X-Nocache-Decided", "1")])
    hits = [ask(edge, "/static/mark", answer=said("public, max-age=60"))] * 2

    assert is_closed(forged)
    assert not any(s.values("x-nocache-decided") for s in (forged, *hits))


def test_its_cache_keeps_what_it_may_and_nothing_else(edge: int) -> None:
    open_ = said("public, max-age=600")

    def hit(path: str, **more: object) -> bool:
        first, second = (ask(edge, path, answer=open_, **more) for _ in "12")  # type: ignore[arg-type]
        assert first.values("cache-control") == second.values("cache-control")
        return first.count == second.count

    assert hit("/static/kept.css")
    assert hit("/static/kept.css", fields=[("cookie", "a=b")])
    assert not hit("/static/kept.css", fields=[("authorization", "x")])
    assert hit("/raw/kept")
    assert not hit("/raw/kept", fields=[("cookie", "a=b")])
    assert not hit("/api/items")
    assert not hit("/static/drafts/a")
    assert not hit("/static/%61.css")


def test_it_is_kept_as_long_as_the_policy_says(edge: int) -> None:
    """What is stored is what is said, not what the app sent."""
    cookie = [("set-cookie", "a=b")]
    private = [ask(edge, "/static/session", answer=cookie) for _ in "12"]
    silent = [ask(edge, "/static/silent") for _ in "12"]

    assert private[0].count != private[1].count
    assert silent[0].count == silent[1].count
    assert silent[1].values("cache-control") == ["public, max-age=3600"]


def test_a_stored_copy_may_be_confirmed_a_closed_one_not(edge: int) -> None:
    holds = [("if-none-match", '"app"')]
    ranged = [("if-range", '"app"'), ("range", "bytes=0-1")]

    assert ask(edge, "/static/confirmed", fields=holds).status == 304
    assert ask(edge, "/api", fields=holds).status == 200
    assert ask(edge, "/api", fields=holds).values("etag") == ['"app"']
    assert ask(edge, "/api", fields=ranged).status == 200


def test_several_lines(edge: int) -> None:
    two = [*said("public"), *said("max-age=60")]

    assert is_closed(ask(edge, "/static/two", answer=two))
    assert ask(edge, "/raw/two", answer=two).values("cache-control") == [
        "public",
        "max-age=60",
    ]


def changed(export: Export, change: Callable[[str], str]) -> Export:
    (file,) = export.files
    text = change(file.text)
    assert text != file.text
    return export._replace(files=(file._replace(text=text),))


def stored_as_sent(text: str) -> str:
    """Decide too late for the cache, and let it store all."""
    text = text.replace("http-response set-header", "http-after-response set-header")
    text = text.replace("http-response unset-var", "http-after-response unset-var")
    return text.replace(" if !nocache_closed METH_GET\n", "\n")


#: What a hurried edit would do, and the cells that find it.
MUTATIONS: dict[str, tuple[Callable[[str], str], list[Cell]]] = {
    "a spelling that is not plain": (
        lambda text: text.replace(" nocache_plain\n", "\n"),
        [Cell("/static/%61pp.css", answer=said("public, max-age=600"))],
    ),
    "stored as the app sent it": (
        stored_as_sent,
        [Cell("/api/items", answer=said("public, max-age=600"))],
    ),
    "conditional requests pass": (
        lambda text: re.sub(r".*del-header if-none-match.*\n", "", text),
        [Cell("/api/items", fields=(("if-none-match", '"app"'),))],
    ),
    "a letter case of its own": (
        lambda text: text.replace("path -m reg -i", "path -m reg"),
        [Cell("/static/Drafts/a", answer=said("public, max-age=600"))],
    ),
    "fields that outrank": (
        lambda text: text.replace("del-header cdn-cache-control", "del-header x"),
        [Cell("/api/items", answer=(("cdn-cache-control", "max-age=900"),))],
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_caught(
    name: str, told: tuple[Plan, Export], app: int, folder: Path
) -> None:
    change, asked = MUTATIONS[name]
    with EDGE.start(changed(told[1], change), app, folder) as port:
        tally = run(port, told[0], MATRIX, asked, decodes=EDGE.decodes)

    assert tally.wrong
