"""The HTML page: what it says, that it is well formed, and that nothing gets out."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import format_cases
import pytest
from check_builders import layer, route
from format_cases import HOSTILE, audit_of, finding, hostile
from html_reader import Page, section

from asgi_nocache import APP_DECIDES, NO_STORE, PUBLIC, Rule
from asgi_nocache.audit.checks import CHECKS
from asgi_nocache.audit.effects import LETTERS, WORDS
from asgi_nocache.audit.report.as_html import as_html
from asgi_nocache.audit.report.matrix import SHARED_FROM, brief
from asgi_nocache.audit.report.page import OPEN_FINDINGS
from asgi_nocache.audit.survey import layers_of, rule_hits, survey
from asgi_nocache.audit.values import (
    Audit,
    Confidence,
    Kind,
    Observed,
    Place,
    Route,
    Severity,
)

ALL = frozenset(CHECKS)


def audit_over(*routes: Route, **given: Any) -> Audit:
    rows = survey(routes)
    made = Audit(
        app="shop.main:app",
        rows=rows,
        findings=(),
        layers=layers_of(rows),
        hits=rule_hits(rows),
    )
    return replace(made, **given)


def many(count: int) -> Audit:
    """Return an audit of so many routes, each with a finding."""
    ours = layer(*(Rule(f"/api/things{n}/**", PUBLIC(max_age=5)) for n in range(40)))
    routes = [
        route(
            f"/api/things{n}/{{id}}",
            ours,
            place=Place("shop/things.py", n),
            endpoint=as_html,  # anything with a name of such a length
        )
        for n in range(count)
    ]
    found = [
        finding(where=f"GET {r.path}", fix=f"Rule({r.path!r}, NO_STORE)", route=r)
        for r in routes
    ]
    return audit_over(*routes, findings=tuple(found))


def every_letter() -> Audit:
    """Return an audit whose matrix has each letter."""
    ours = layer(
        Rule("/s", PUBLIC(max_age=60)),
        Rule("/h", APP_DECIDES),
        Rule("/x", PUBLIC(max_age=60)),
        Rule("/r", PUBLIC(max_age=0)),
    )
    bare = route("/bang", auth=("HTTPBearer",))
    return audit_over(*(route(f"/{c}", ours) for c in "nshr"), bare)


def trust(audit: Audit) -> str:
    return section(Page(as_html(audit)), "trust").text


AUDITS = {
    "plain": lambda: audit_of(),
    "a finding": lambda: audit_of(finding()),
    "hostile": hostile,
    "many": lambda: many(70),
    "letters": every_letter,
    "nothing": lambda: audit_over(),
    "driven": lambda: audit_of(seen=Observed(200, (("ETag", "x"), ("a", "b")))),
    "silent": lambda: audit_of(seen=Observed(0, (), "KeyError: 'x'")),
}


@pytest.mark.parametrize("name", AUDITS)
def test_well_formed(name: str) -> None:
    """Each id once, each link leads somewhere, no heading is skipped."""
    text = as_html(AUDITS[name]())
    page = Page(text)
    ids = [e.attrs["id"] for e in page.elements if "id" in e.attrs]
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h\d", e.tag)]

    assert text.startswith("<!doctype html>\n")
    assert len(ids) == len(set(ids))
    links = {a.attrs["href"] for a in page.all("a")} - {"#_"}
    assert links <= {f"#{each}" for each in ids}
    assert [*levels[:2], levels.count(1)] == [1, 2, 1]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert [s.attrs["aria-labelledby"] for s in page.all("section")] == [
        *("trust", "matrix", "findings", "rules", "change")
    ]


@pytest.mark.parametrize("name", AUDITS)
def test_it_is_on_its_own(name: str) -> None:
    """Nothing is fetched, nothing runs, and the browser is told so."""
    page = Page(as_html(AUDITS[name]()))
    (policy,) = [
        e.attrs["content"] for e in page.all("meta") if "http-equiv" in e.attrs
    ]
    (script,) = page.all("script")
    attributes = {name for e in page.elements for name in e.attrs}

    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert script.attrs == {"type": "application/json", "id": "audit-data"}
    assert not page.all("link")
    assert not {a for a in attributes if a.startswith("on")}
    assert not attributes & {"src", "srcset", "style", "action"}
    assert all(e.attrs["href"][0] == "#" for e in page.elements if "href" in e.attrs)
    assert not re.search(r"url\(|@import|https?:", page.all("style")[0].text)


@pytest.mark.parametrize("name", AUDITS)
def test_tables_and_landmarks(name: str) -> None:
    page = Page(as_html(AUDITS[name]()))

    assert [len(page.all(tag)) for tag in ("header", "main", "nav", "h1")] == [1] * 4
    assert len(page.all("caption")) == len(page.all("table"))
    assert {e.attrs["scope"] for e in page.all("th")} <= {"row", "col"}
    assert page.all("html")[0].attrs == {"lang": "en"}
    assert page.all("a")[0].attrs["class"] == "skip"
    for details in page.all("details"):
        after = page.elements[page.elements.index(details) + 1]
        assert after.tag == "summary"


# Hostile


def shapes(audit: Audit) -> set[tuple[str, ...]]:
    """Return each tag with its attributes' names."""
    return {(e.tag, *e.attrs) for e in Page(as_html(audit)).elements}


def test_hostile_text_adds_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """No element and no attribute that a page of mild text has not."""
    hostile_audit = hostile()
    text = as_html(hostile_audit)
    monkeypatch.setattr(format_cases, "HOSTILE", "/mild")
    # Of a hostile path no rule has a say; here one has none either.
    unused = audit_over(route("/a", layer(Rule("/b", NO_STORE))))
    mild = shapes(format_cases.hostile()) | shapes(unused)

    assert shapes(hostile_audit) <= mild
    assert text.count("<script") == 1
    assert not set(text) & {"\x00", "\x1b", "\r", "\udc80", "\u202e"}
    assert {c for c in text if not c.isprintable()} == {"\n"}


def test_hostile_text_is_told() -> None:
    """As what it is, wherever it stands."""
    page = Page(as_html(hostile()))
    shown = HOSTILE.encode("unicode_escape").decode()

    for place in (page.all("h1")[0], section(page, "trust"), section(page, "matrix")):
        assert shown in place.text


def test_the_data_block_cannot_be_left() -> None:
    (script,) = Page(as_html(hostile())).all("script")

    assert json.loads(script.words[0])["app"] == HOSTILE
    assert not set(script.words[0]) & set("<>&")
    assert script.words[0].isascii()


# The verdict


def test_it_passes() -> None:
    page = Page(as_html(audit_of(finding(severity=Severity.WARNING))))
    head = page.all("header")[0].text

    assert page.all("h1")[0].text == "shop.main:app passes"
    assert page.all("title")[0].text == "shop.main:app passes: asgi-nocache audit"
    assert "0 errors, 1 warning" in head
    assert "3 of 4 routes \N{MULTIPLICATION SIGN} methods" in head
    assert "wrapped: default NO_STORE, mode stricter, 1 rule" in head
    assert "Asked no" in head
    assert re.search(r"asgi-nocache \d+\.\d+", head)


def test_it_fails() -> None:
    one = Page(as_html(audit_of(finding()))).all("header")[0].text
    two = Page(as_html(audit_of(finding(), finding("NC202")))).all("header")[0].text

    assert "fails 1 finding is an error that is certain or likely." in one
    assert "2 findings are errors that are certain or likely." in two


def test_nothing_fails() -> None:
    page = Page(as_html(audit_over()))

    assert page.all("h1")[0].text == "shop.main:app fails"
    assert "No routes were found" in page.all("header")[0].text
    assert not page.all("table")
    assert "none found" in page.all("header")[0].text


def test_all_that_is_counted() -> None:
    guess = finding(confidence=Confidence.GUESS)
    told = [finding(severity=Severity.INFO), guess, finding(suppressed="known")]
    head = Page(as_html(audit_of(*told))).all("header")[0].text
    more = Page(as_html(audit_of(guess, guess))).all("header")[0].text

    assert "passes" in head
    assert "0 errors, 0 warnings, 1 info, 1 guess, 1 suppressed" in head
    assert "2 guesses" in more


def test_a_layer_below_says_where() -> None:
    ours = layer(root_path="/admin", form="install()")
    head = Page(as_html(audit_over(route("/a", ours)))).all("header")[0].text

    assert "install() at /admin: default NO_STORE" in head


# Can it be trusted?


def test_a_pass_without_doubt() -> None:
    audit = audit_over(route("/a", layer()), driven=True, looked_for=ALL)
    seen = Observed(200, (("cache-control", "no-store"),))
    rows = tuple(replace(row, observed=seen) for row in audit.rows)

    assert "Nothing speaks against it" in trust(replace(audit, rows=rows))


def test_doubts() -> None:
    ours = layer(mode="report")
    routes = (
        route("/apps", ours, kind=Kind.OPAQUE),
        route("/odd", ours, kind=Kind.UNKNOWN),
        route("/bare"),
        route("/ws", kind=Kind.STREAM, methods=()),
    )
    told = [finding(suppressed="known", where=f"GET /{n}") for n in range(2)]
    guess = finding(confidence=Confidence.GUESS)
    text = trust(audit_over(*routes, findings=(*told, guess)))

    assert "2 mounts cannot be seen into" in text
    assert "1 row (route and method) without middleware around" in text
    assert "The mode is report" in text
    assert "The app was not asked" in text
    assert "2 findings suppressed, with these reasons known (2)" in text
    assert "1 finding a guess" in text
    assert re.search(r"\d\d checks not looked for", text)
    assert "NC801" not in text  # for another command


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Observed(401, ()), "GET /items: 401"),
        (Observed(403, ()), "GET /items: 403"),
        (Observed(503, ()), "GET /items: 503"),
        (Observed(200, (), "OSError: x"), "GET /items: 200: OSError: x"),
        (Observed(0, (), "OSError: x"), "GET /items: OSError: x"),
        (Observed(404, ()), ""),
    ],
)
def test_answers_that_say_little(seen: Observed, said: str) -> None:
    text = trust(audit_of(seen=seen))

    assert ("1 answer refused" in text) is bool(said)
    assert said in text
    assert "1 row (route and method) not asked" in text  # POST /bare
    assert "The app was not asked" not in text


# The matrix


def lines(page: Page) -> list[str]:
    rows = [e for e in page.all("tr") if "table" in e.inside and "tbody" in e.inside]
    return [row.text for row in rows]


def test_methods_that_are_treated_alike_share_a_line() -> None:
    page = Page(as_html(audit_of()))
    first, static, ws, bare, *_ = lines(page)

    assert first.startswith("GET /items")
    assert "shop/items.py:7" in first
    assert static.startswith("GET, HEAD /static/{path:path} static files")
    assert static.endswith("rule 1 PUBLIC(max_age=3600) S 1h S 1h S 1h")
    assert ws.startswith("\N{EN DASH} /ws websocket")
    assert ws.endswith("not HTTP \N{EN DASH} \N{EN DASH} \N{EN DASH}")
    assert bare.startswith("POST api.example.org/bare")


def test_each_letter_has_words_and_a_reason() -> None:
    page = Page(as_html(every_letter()))
    cells = [a for a in page.all("a") if "title" in a.attrs]

    assert {a.text[0] for a in cells} >= set("NSHR!")
    for cell in cells:
        words = WORDS[cell.text[0]].partition(" {")[0]
        note = page.by_id(cell.attrs["href"][1:])
        assert cell.attrs["title"].startswith(words) or "reused" in cell.attrs["title"]
        assert re.fullmatch(r".* (browser|shared|cdn)\b.*: .* \(.+\) Close", note.text)
        assert note.text[0] == cell.text[0]
    key = next(e for e in page.all("p") if e.attrs.get("class") == "key").text
    used = {a.text[0] for a in cells}
    assert [letter for letter in LETTERS if f"{letter} " in key] == [
        letter for letter in LETTERS if letter in used
    ]


def test_a_route_tells_its_story() -> None:
    seen = Observed(200, (("ETag", "x"), ("Content-Length", "5")), "OSError: gone")
    audit = audit_of(finding(), seen=seen, via=("Mount /shop", "Flask app"))
    first = lines(Page(as_html(audit)))[0]

    assert "via Mount /shop, Flask app" in first
    assert "leaves cache-control: no-store" in first
    assert "because default selects NO_STORE; mode stricter" in first
    assert "asked GET: 200, OSError: gone etag: x " in first
    assert "content-length" not in first
    assert "default NO_STORE NC201 N N N" in first


def test_letters_for_those_who_may_ask() -> None:
    """Where a guard raises what leaves for them, the line says so."""
    public = layer(Rule("/a", PUBLIC(max_age=60)), Rule("/b", PUBLIC(max_age=60)))
    guarded = route("/a", public, auth=("HTTPBearer",))
    closed, open_ = lines(Page(as_html(audit_over(guarded, route("/b", public)))))[:2]

    assert "leaves cache-control: public, max-age=60" in closed
    assert "but with credentials" in closed
    assert closed.endswith("S 1min P P")
    assert "but" not in open_
    assert open_.endswith("S 1min S 1min S 1min")


def test_what_was_not_said_when_asked() -> None:
    mute = lines(Page(as_html(audit_of(seen=Observed(204, ())))))[0]
    dead = lines(Page(as_html(audit_of(seen=Observed(0, (), "OSError: x")))))[0]

    assert "GET: 204, no field about caching" in mute
    assert "GET: no answer, OSError: x" in dead


def test_an_app_that_decides() -> None:
    ours = layer(Rule("/a", APP_DECIDES), Rule("/a/**", NO_STORE, floor=True))
    audit = audit_over(route("/a", layer(default=APP_DECIDES)), route("/a/b", ours))
    open_, floored = lines(Page(as_html(audit)))[:2]

    assert "leaves what the app sends" in open_
    assert "default , floor 2" in floored


def test_a_decision_of_many_is_told_once() -> None:
    page = Page(as_html(many(40 + SHARED_FROM)))
    few = Page(as_html(many(39 + SHARED_FROM)))

    assert lines(page)[-1 - 41].endswith("as decision 1 default NO_STORE NC201 N N N")
    assert "leaves cache-control: no-store" in page.by_id("d1").text
    assert "as decision" not in section(few, "matrix").text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0s"), (5, "5s"), (90, "90s"), (600, "10min"), (7200, "2h"),
     (86400, "1d"), (31536000, "1y"), (0.5, "0.5s")],
)  # fmt: skip
def test_times_are_brief(seconds: float, said: str) -> None:
    assert brief(seconds) == said


# Findings and rules


def test_findings_by_family() -> None:
    told = [
        finding("NC402", severity=Severity.WARNING, why="A typo.", fix="mend it"),
        finding("NC201", where="GET /a", route=route("/a", place=Place("a.py", 4))),
        finding("NC201", where="GET /b", message="it", fix="one\ntwo"),
    ]
    page = Page(as_html(audit_of(*told)))
    heads = [h.text for h in page.all("h3")]
    private, rules = page.all("article")

    assert heads.index("NC2 private data") < heads.index("NC4 rules")
    assert private.text.startswith(f"NC201 error {CHECKS['NC201'].title} 2 times")
    assert "A copy outlives the login. (RFC 9111 section 3)" in private.text
    assert "a.py:4; error, certain" in private.text
    assert "it GET /b; error, certain one two" in private.text
    assert "NC402 warning" in rules.text
    assert page.by_id("f1").text.startswith("GET /items may be stored.")
    assert [p.text for p in page.all("pre") if p.attrs.get("class") == "fix"] == [
        *('Rule("/items", NO_STORE)', "one two", "mend it")
    ]


def test_one_fix_for_all_is_told_once() -> None:
    text = as_html(audit_of(finding(where="a"), finding(where="b")))

    assert len([p for p in Page(text).all("pre") if "fix" in p.attrs.values()]) == 1


def test_many_findings_are_folded() -> None:
    def folded(count: int) -> bool:
        told = [finding(where=f"GET /{n}") for n in range(count)]
        page = Page(as_html(audit_of(*told)))
        return any("article" in e.inside for e in page.all("details"))

    assert [folded(OPEN_FINDINGS), folded(OPEN_FINDINGS + 1)] == [False, True]


def test_suppressed_findings_are_folded() -> None:
    page = Page(as_html(audit_of(finding(suppressed="until May"))))
    text = section(page, "findings").text

    assert not page.all("article")
    assert "1 suppressed finding" in text
    assert "May stay: until May" in text


def test_a_code_of_no_family() -> None:
    page = Page(as_html(audit_of(finding("XX1"))))

    assert "XX1" in [h.text for h in page.all("h3")]
    assert page.all("h4")[0].text == "XX1 error"


def test_rules_and_what_they_decide() -> None:
    ours = layer(Rule("/a", NO_STORE), Rule("/nothing", NO_STORE))
    page = Page(as_html(audit_over(route("/a", ours))))

    assert page.by_id("r1").text == "rule 1, Rule('/a', NO_STORE) 1"
    assert page.by_id("r2").text.endswith("none: not used")
    bare = Page(as_html(audit_over(route("/a"))))
    assert "no middleware stands around" in section(bare, "rules").text


# Size and cost


def test_500_routes_are_small() -> None:
    """Each with a finding and a place; what they share is written once."""
    assert len(as_html(many(500)).encode()) < 500_000
    assert len(as_html(replace(many(500), findings=())).encode()) < 300_000


def test_only_the_page_loads_jinja2() -> None:
    script = (
        "import sys\n"
        "from asgi_nocache.audit import command\n"
        "from asgi_nocache.audit.report import WRITERS\n"
        "from asgi_nocache.audit.values import Audit\n"
        "audit = Audit(app='a', rows=(), findings=())\n"
        "for name, write in WRITERS.items():\n"
        "    write(audit)\n"
        "    print(name, 'jinja2' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loads = dict(line.split() for line in done.stdout.splitlines())

    assert [name for name, loaded in loads.items() if loaded == "True"] == ["html"]
