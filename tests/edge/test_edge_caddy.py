"""A real Caddy with the export follows the policy, and mutations of it are caught."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_caddy import EDGE, PROXY
from edge_cells import MATRIX, Cell, cells, said
from edge_judge import GO, Tally, note, run
from edge_run import a_folder, exported, skip_unless_installed
from edge_wire import Seen, ask, send

from asgi_nocache import NO_STORE, NO_STORE_EDGE, PUBLIC, CacheControl, Policy, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.target import Export, File

skip_unless_installed(EDGE)

PLAN, EXPORT = exported(EDGE.target, MATRIX)
NEVER = ["no-store, no-cache, must-revalidate, private, max-age=0"]
SHARED = said("public, max-age=600")

QUOTED = Policy(CacheControl.parse([b'public, max-age=9, x="$1 \\\\ #`"']), "X")
#: Patterns, reasons and texts that must not break out of where they stand.
ODD = RuleSet(
    [
        Rule("/it's$/(x)+[y]|z/**", PUBLIC(max_age=1), reason='" } {$HOME} # { \\'),
        Rule('/a"b`c/**', PUBLIC(max_age=2), reason="two\nlines\r\x00\u2028 `end"),
        Rule("/a b/{x:int}", PUBLIC(max_age=3), reason="{args[0]} {block} {path}"),
        Rule("/ünï/**", PUBLIC(max_age=4), reason="ü € 🙂"),
        Rule("/long/**", PUBLIC(max_age=5), reason="very long " * 900),
        Rule("/quoted/**", QUOTED, mode="override", guards=()),
        Rule("/edge/deep/**", NO_STORE_EDGE),
        Rule("/edge/**", PUBLIC(max_age=6), hosts=["shop.example", "*.shop.example"]),
    ]
)


@contextlib.contextmanager
def site(text: str, app: int, export: Export = EXPORT) -> Iterator[int]:
    with a_folder() as folder, EDGE.start(export, app, folder, text) as port:
        yield port


def judged(export: Export, app: int, folder: Path, few: int = 1) -> Tally:
    """Return what the matrix says, of every *few*-th cell."""
    with EDGE.start(export, app, folder) as port:
        return run(port, PLAN, MATRIX, list(cells())[::few], decodes=True, known=GO)


def closed(seen: Seen) -> bool:
    return (
        seen.values("cache-control") == NEVER
        and seen.values("pragma") == ["no-cache"]
        and len(seen.values("expires")) == 1
        and not any(name.startswith("nocache") for name, _ in seen.fields)
    )


def test_every_cell_of_the_matrix(app: int, folder: Path) -> None:
    tally = note("caddy", f"Caddy {EDGE.version()}", judged(EXPORT, app, folder))

    assert tally.wrong == [], tally
    assert tally.known == GO
    assert tally.equal > 1400


@pytest.mark.parametrize("policy_set", [MATRIX, ODD, RuleSet([])])
def test_caddy_accepts_it_as_its_formatter_writes_it(
    policy_set: RuleSet, folder: Path
) -> None:
    _, export = exported(EDGE.target, policy_set)

    assert EDGE.validate(export, folder) == ""


def test_the_validator_and_the_formatter_can_object(folder: Path) -> None:
    text = EXPORT.files[0].text
    broken = EXPORT._replace(files=(File("nocache.caddyfile", text + "{"),))
    untidy = EXPORT._replace(files=(File("nocache.caddyfile", text.replace("\t", "")),))

    assert EDGE.validate(broken, folder) != ""
    assert "fmt" in EDGE.validate(untidy, folder)


def test_odd_rules_mean_what_they_say(app: int, folder: Path) -> None:
    plan, export = exported(EDGE.target, ODD)
    targets = (
        "/it's$/(x)+%5By%5D%7Cz/a", "/it's$/(x)+y", "/a%22b%60c/x", "/a%20b/12",
        "/a%20b/x", "/%C3%BCn%C3%AF/a", "/long/a", "/quoted/a", "/edge/deep/a",
        "/edge/a", "/edge/deep.css", "/EDGE/deep/a",
    )  # fmt: skip
    asked = [Cell(t, answer=said(w)) for t in targets for w in (None, "max-age=1")]
    with EDGE.start(export, app, folder) as port:
        tally = run(port, plan, ODD, asked, decodes=True)
        hosts = {
            host: ask(port, "/edge/a", host=host).values("cache-control")
            for host in ("a.shop.example", "SHOP.example:80", "shopXexample", "x.de")
        }
        quoted = ask(port, "/quoted/a").values("cache-control")

    assert tally.wrong == []
    assert tally.equal > 12
    assert quoted == [str(QUOTED.cache_control)]
    assert hosts == {
        "a.shop.example": ["public, max-age=6"],
        "SHOP.example:80": ["public, max-age=6"],
        "shopXexample": NEVER,
        "x.de": NEVER,
    }


def test_no_rules_at_all(app: int, folder: Path) -> None:
    plan, export = exported(EDGE.target, RuleSet([]))
    with EDGE.start(export, app, folder) as port:
        tally = run(port, plan, RuleSet([]), list(cells())[::9], decodes=True)

    assert tally.wrong == []


def test_the_errors_that_caddy_makes() -> None:
    text = f"""{PROXY}
	error /static/denied 403
	respond /gone "no" 404
	redir /moved /x
	basic_auth /static/locked/* {{
		bob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG
	}}"""
    with site(text, app=1) as port:
        seen = {
            path: ask(port, path)
            for path in (
                "/api/items", "/static/app.css", "/gone", "/static/denied",
                "/static/locked/a", "/moved",
            )
        }  # fmt: skip

    assert [each.status for each in seen.values()] == [502, 502, 404, 403, 401, 302]
    assert [path for path, each in seen.items() if not closed(each)] == []


def test_an_error_that_an_upstream_sent_is_its_own(app: int) -> None:
    with site(PROXY, app) as port:
        assert ask(port, "/gone", status=404).values("cache-control") == [
            "public, max-age=10"
        ]


def test_files_that_caddy_serves(folder: Path) -> None:
    files = folder / "static"
    files.mkdir()
    (folder / "static" / "a.css").write_text("a {}")
    (folder / "secret.css").write_text("b {}")
    folder.chmod(0o755)
    since = [("if-modified-since", "Thu, 01 Jan 2100 00:00:00 GMT")]
    with site(f"\troot {folder}\n\tfile_server", app=1) as port:
        opened, missing = ask(port, "/static/a.css"), ask(port, "/static/b.css")
        confirmed = ask(port, "/static/a.css", fields=since)
        shut = ask(port, "/secret.css", fields=since)
        odd = ask(port, "/static/%2e/a.css", fields=since)

    assert opened.values("cache-control") == ["public, max-age=3600"]
    assert confirmed.status == 304
    assert (missing.status, closed(missing)) == (404, True)
    assert (shut.status, shut.body, closed(shut)) == (200, b"b {}", True)
    assert odd.status != 304
    assert closed(odd)


@pytest.mark.parametrize("own", [None, "respond", "import"])
def test_a_handle_errors_of_the_site(own: str | None) -> None:
    """Of opened paths, only what imports ours first is closed: a gap that is told."""
    inside = {"respond": "", "import": "\t\timport nocache_errors\n"}
    text = PROXY
    if own is not None:
        text += f'\n\thandle_errors {{\n{inside[own]}\t\trespond "mine" 502\n\t}}'
    with site(text, app=1) as port:
        opened, shut = ask(port, "/static/a"), ask(port, "/api")

    assert (opened.body, shut.body) == ((b"", b"") if own is None else (b"mine",) * 2)
    assert closed(shut)
    assert closed(opened) is (own != "respond")
    assert any("handle_errors" in gap for gap in EXPORT.gaps)


def test_what_is_answered_without_the_policy(app: int) -> None:
    """The gaps are told, and are as wide as told."""
    text = f"{PROXY}\n\t@h header X-Own *\n\theader @h >Cache-Control own"
    host = b" HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n"
    with site(text, app) as port:
        unparsable = send(port, b"GET /a%zz" + host)
        server_wide = send(port, b"OPTIONS *" + host)
        long = send(port, b"GET /" + b"a" * 1_200_000 + host)
        own = ask(port, "/api", fields=[("x-own", "y")])
    with site("", app) as port:
        unanswered, opened = ask(port, "/api"), ask(port, "/static/a")

    bare = [unparsable, server_wide, long, opened]
    assert [each.status for each in bare] == [400, 200, 431, 200]
    assert [each.values("cache-control") for each in bare] == [[]] * 4
    assert own.values("cache-control") == ["own"]
    assert closed(unanswered)
    told = " ".join(EXPORT.gaps)
    assert all(word in told for word in ("400, 431", "OPTIONS *", "empty 200", ">Cach"))


def test_lines_that_caddy_reads_in_its_own_way(app: int, folder: Path) -> None:
    two = [("cache-control", "public"), ("cache-control", "max-age=5")]
    with EDGE.start(EXPORT, app, folder) as port:
        several = ask(port, "/static/a", answer=two)
        kept = ask(port, "/raw/a", answer=two)
        cookie = ask(port, "/static/a", answer=[("set-cookie", "")])
        expires = ask(port, "/static/a", answer=[("expires", "")])
        pragma = ask(port, "/static/a", answer=[("pragma", "")])

    assert closed(several)
    assert kept.values("cache-control") == ["public", "max-age=5"]
    assert cookie.values("cache-control") == ["private, max-age=3600"]
    assert closed(expires)
    assert pragma.values("cache-control") == ["public, max-age=3600"]
    assert pragma.values("pragma") == []


def test_an_app_cannot_pretend(app: int, folder: Path) -> None:
    claims = [
        ("nocache-answer", "own public, max-age=9"),
        ("nocache-error", "no"),
        ("nocache-sets-cookie", "yes"),
    ]
    with EDGE.start(EXPORT, app, folder) as port:
        shut = ask(port, "/api", answer=claims)
        error = ask(port, "/static/a", status=500, answer=claims)
        opened = ask(port, "/static/a", answer=claims)

    assert closed(shut)
    assert closed(error)
    assert opened.values("cache-control") == ["public, max-age=3600"]
    assert not any(name.startswith("nocache") for name, _ in opened.fields)


def test_range_goes_only_with_if_range(app: int, folder: Path) -> None:
    """The stripped request is shown by a site that says what it got."""
    text = '\trespond "{header.Range}|{header.If-Range}|{header.If-None-Match}"'
    asked = [("range", "bytes=0-1"), ("if-none-match", '"a"')]
    both = [*asked, ("if-range", '"a"')]
    with site(text, app) as port:
        bodies = [
            ask(port, "/api", fields=asked).body,
            ask(port, "/api", fields=both).body,
            ask(port, "/static/a", fields=both).body,
            ask(port, "/static/a%2fb", fields=both).body,
            ask(port, "/api", method="POST", fields=both).body,
        ]

    assert bodies == [
        b"bytes=0-1||", b"||", b'bytes=0-1|"a"|"a"', b"||", b'bytes=0-1|"a"|"a"',
    ]  # fmt: skip


def test_a_rewrite_of_the_site_changes_nothing(app: int, folder: Path) -> None:
    with site(f"\trewrite /api/* /static/a\n\tmethod PUT\n{PROXY}", app) as port:
        assert closed(ask(port, "/api/x"))
        assert ask(port, "/static/a").values("cache-control") == [
            "public, max-age=3600"
        ]


MUTATIONS = {
    "only where missing": ("\t>Cache-Control", "\t?Cache-Control"),
    "every path is plain": ("default odd", "default plain"),
    "old copies are confirmed": ("-If-None-Match", "-X-None"),
    "the app's words are not read": (": {http.response.header.Cache-Control}", ": "),
    "a cookie is nothing": ("match header Set-Cookie *", "match header X-Cookie *"),
    "an error is nothing": ("match status 4xx 5xx", "match status 418"),
    "any letter case is one": ("(?i:/static/drafts", "(?:/static/drafts"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_caught(name: str, app: int, folder: Path) -> None:
    old, new = MUTATIONS[name]
    text = EXPORT.files[0].text
    assert old in text
    mutated = EXPORT._replace(
        files=(File("nocache.caddyfile", text.replace(old, new)),)
    )
    few = 1 if name == "any letter case is one" else 3

    assert judged(mutated, app, folder, few).wrong


def test_a_thousand_rules(app: int, folder: Path) -> None:
    rules = [Rule(f"/shop/item{n}/**", PUBLIC(max_age=60 + n % 3)) for n in range(999)]
    policy_set = RuleSet([Rule("/shop/item5/secret", NO_STORE), *rules])
    plan, export = exported(EDGE.target, policy_set)
    asked = [Cell(f"/shop/item{n}/a") for n in (0, 500, 998, 999)]
    asked.append(Cell("/shop/item5/secret"))
    with EDGE.start(export, app, folder) as port:
        tally = run(port, plan, policy_set, asked, decodes=True)

    assert tally.wrong == []
    assert tally.equal == 5
