"""What has changed since an earlier report, and which files are one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from check_builders import layer, route
from format_cases import HOSTILE, audit_of, finding, hostile
from html_reader import Page, section

from asgi_nocache import NO_STORE, PUBLIC, ConfigurationError, Rule
from asgi_nocache.audit.report.as_html import as_html
from asgi_nocache.audit.report.as_json import as_json
from asgi_nocache.audit.report.since import changed, kept, read_before
from asgi_nocache.audit.survey import survey
from asgi_nocache.audit.values import Audit, Kind

OLD, NEW = finding("NC201"), finding("NC202")


def audit_over(*paths: str, **given: Any) -> Audit:
    ours = layer(Rule("/public", PUBLIC(max_age=5)))
    rows = survey(route(path, ours) for path in paths)
    made = Audit(app="shop.main:app", rows=rows, findings=())
    return replace(made, looked_for=frozenset({"NC201"}), **given)


@pytest.mark.parametrize("write", [as_html, as_json])
@pytest.mark.parametrize(
    "audit", [audit_of(finding()), hostile(), audit_over()], ids=["a", "hostile", "no"]
)
def test_both_forms_are_read(write: Any, audit: Audit) -> None:
    """And come to what this audit would keep: nothing has changed."""
    before = read_before(write(audit))

    assert before == kept(audit)
    assert changed(audit, before).nothing
    text = section(Page(as_html(audit, before)), "change").text
    assert text.endswith("None: the same findings, routes and letters.")


def test_what_is_kept() -> None:
    data = kept(audit_of(OLD))

    assert data["app"] == "shop.main:app"
    assert data["findings"] == {OLD.fingerprint: ["NC201", "GET /items"]}
    assert data["rows"] == {
        "GET /items": "NNN",
        "GET /static/{path:path}": "SSS",
        "HEAD /static/{path:path}": "SSS",
        "/ws": "---",
        "POST api.example.org/bare": "NNN",
    }


def test_two_routes_of_one_name_are_both_kept() -> None:
    rows = kept(audit_over("/public", "/public"))["rows"]

    assert rows == {"GET /public": "SSS SSS"}


def test_the_change() -> None:
    before = kept(audit_over("/a", "/gone", "/public", findings=(OLD, NEW)))
    other = finding("NC402", where="rule 2")
    now = audit_over("/a", "/public", "/came", findings=(other,))
    stricter = tuple(
        replace(row, effects=now.rows[0].effects)
        if row.route.path == "/public"
        else row
        for row in now.rows
    )
    change = changed(replace(now, rows=stricter), before)

    assert change.new == (("NC402", "rule 2"),)
    assert change.fixed == (("NC201", "GET /items"),)
    assert change.unasked == (("NC202", "GET /items"),)  # nobody looked
    assert (change.came, change.went) == (("GET /came",), ("GET /gone",))
    assert change.turned == (("GET /public", "SSS", "NNN"),)
    assert (change.nothing, change.other) == (False, "")


def test_what_nobody_looked_for_is_fixed_where_the_letters_changed() -> None:
    """An open default asks for a declaration; a closed one has no need to."""
    at_a = finding("NC101", where="GET /a")
    at_b = finding("NC101", where="GET /b")
    gone = finding("NC101", where="GET /gone")
    before = kept(audit_over("/a", "/b", "/gone", findings=(at_a, at_b, gone)))
    before["rows"]["GET /a"] = "HHH"
    change = changed(audit_over("/a", "/b"), before)

    assert change.fixed == (("NC101", "GET /a"), ("NC101", "GET /gone"))
    assert change.unasked == (("NC101", "GET /b"),)


def test_the_section() -> None:
    before = kept(audit_over("/a", "/gone", "/public", findings=(OLD, NEW), app="x:y"))
    before["rows"]["GET /a"] = "SSS"
    now = audit_over("/a", "/came", findings=(finding("NC402", where="rule 2"),))
    text = section(Page(as_html(now, before)), "change").text

    for said in (
        "The earlier report was of another app: x:y .",
        "New findings 1 NC402 rule 2",
        "Fixed findings 1 NC201 GET /items",
        "this time 1 NC202 GET /items",
        "Routes that came 1 GET /came",
        "Routes that went 2 GET /gone GET /public",
        "Letters that changed: browser, shared, cdn 1 GET /a : SSS before, NNN now",
    ):
        assert said in text


def test_a_finding_that_is_suppressed_is_not_fixed() -> None:
    before = kept(audit_over("/a", findings=(OLD,)))
    now = audit_over("/a", findings=(replace(OLD, suppressed="known"),))

    assert changed(now, before).nothing


def test_without_an_earlier_report() -> None:
    text = section(Page(as_html(audit_of())), "change").text

    assert "no earlier report to compare with" in text


def test_an_earlier_report_is_foreign() -> None:
    """Its texts are cleaned and escaped like an app's."""
    before = read_before(as_json(hostile()))
    text = as_html(audit_over("/a"), before)

    assert HOSTILE not in text
    assert "<script>alert" not in text
    assert {c for c in text if not c.isprintable()} == {"\n"}
    assert Page(text).all("script")[0].attrs["id"] == "audit-data"


PAGE = {"schema": "asgi-nocache/audit-page/1", "app": "a", "findings": {}, "rows": {}}
REPORT = {"schema": "asgi-nocache/audit/1", "app": "a", "findings": [], "routes": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no report"),
        ("<!doctype html><title>Somebody's page</title>", "Somebody…' is no report"),
        ("[" * 100_000, "is no report"),
        ("[]", "schema=None is unknown"),
        ('{"schema": "asgi-nocache/audit/9"}', "schema='asgi-nocache/audit/9' is un"),
        *(
            (json.dumps({**base, **wrong}), "its content not")
            for base, wrongs in (
                (PAGE, [{"app": 3}, {"rows": 3}, {"rows": {"GET /": 3}},
                        {"findings": {"a": "b"}}, {"findings": {"a": ["b", 3]}},
                        {"findings": []}]),
                (REPORT, [{"app": 3}, {"routes": 3}, {"routes": [{}]},
                          {"findings": [3]}, {"findings": [{}]}]),
            )
            for wrong in wrongs
        ),
    ],
)  # fmt: skip
def test_what_is_no_report(text: str, said: str) -> None:
    """The value, the place and the remedy."""
    with pytest.raises(ConfigurationError) as caught:
        read_before(text, "--since old.html")

    assert caught.value.place == "--since old.html"
    assert said in str(caught.value)
    assert "--format html or json" in str(caught.value)


def test_the_smallest_reports_are_read() -> None:
    """The negative twin: what is left out above makes the difference."""
    assert read_before(json.dumps(PAGE)) == read_before(json.dumps(REPORT))


def test_a_stream_has_no_letters() -> None:
    rows = survey([route("/ws", layer(default=NO_STORE), kind=Kind.STREAM, methods=())])
    page = Page(as_html(Audit(app="a", rows=rows, findings=())))

    assert "title" in next(e for e in page.all("span") if e.text == "\N{EN DASH}").attrs
