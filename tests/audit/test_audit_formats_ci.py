"""Reports for CI: GitHub's annotations, and JUnit's XML read back."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from format_cases import HOSTILE, audit_of, finding, hostile, routes

from asgi_nocache.audit.report.as_github import as_github
from asgi_nocache.audit.report.as_junit import as_junit
from asgi_nocache.audit.values import Audit, Confidence, Place, Severity


def test_github_names_file_line_and_title() -> None:
    text = as_github(audit_of(finding(route=routes()[0])))

    assert text == (
        "::error file=shop/items.py,line=7,title=NC201 GET /items::"
        'GET /items may be stored. Fix: Rule("/items", NO_STORE)\n'
    )


@pytest.mark.parametrize(
    ("severity", "command"),
    [("info", "notice"), ("warning", "warning"), ("error", "error")],
)
def test_github_commands(severity: str, command: str) -> None:
    text = as_github(audit_of(finding(severity=Severity(severity))))

    assert text.startswith(f"::{command} title=NC201 GET /items::")


def test_github_leaves_out_what_is_suppressed() -> None:
    assert as_github(audit_of(finding(suppressed="known"))) == ""


def test_github_files_are_seen_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    route = routes()[0]
    object.__setattr__(route, "place", Place(str(tmp_path / "a" / "b.py")))

    assert "file=a/b.py,line=1," in as_github(audit_of(finding(route=route)))


def test_github_escapes() -> None:
    """A line end would begin a command, a comma or colon another property."""
    text = as_github(
        audit_of(finding(where="a:b,c%d\r\n::stop", message="m%0A:,\n::x", fix="f\x1b"))
    )

    assert text == (
        "::error title=NC201 a%3Ab%2Cc%25d%0D%0A%3A%3Astop::"
        "m%250A:,%0A::x Fix: f\\x1b\n"
    )


def test_github_hostile() -> None:
    text = as_github(hostile())

    assert text.count("\n") == len(text.splitlines()) == 1
    assert not set(text) & {"\x1b", "\x00", "\r", "\u202e"}


def suite(audit: Audit) -> ET.Element:
    root = ET.fromstring(as_junit(audit))
    assert root.tag == "testsuites"
    (only,) = root
    return only


def test_junit_has_a_case_for_each_row_and_place() -> None:
    found = suite(audit_of(finding(), finding(where="the app")))

    assert found.attrib == {
        "name": "asgi-nocache audit shop.main:app",
        "tests": "6",
        "failures": "2",
    }
    assert [case.get("name") for case in found] == [
        "GET /items",
        "GET /static/{path:path}",
        "HEAD /static/{path:path}",
        "/ws",
        "POST api.example.org/bare",
        "the app",
    ]


def test_junit_fails_with_all_the_errors_of_a_place() -> None:
    first, second = finding(message="one"), finding("NC202", message="two")
    (failure,) = suite(audit_of(first, second))[0]

    assert failure.get("message") == "one"
    assert failure.text
    assert "NC201 one" in failure.text
    assert "NC202 two\n  A copy outlives the login.\n  Fix: Rule(" in failure.text


@pytest.mark.parametrize(
    "given", [{"severity": Severity.WARNING}, {"confidence": Confidence.GUESS}]
)
def test_junit_only_tells_of_the_rest(given: dict[str, object]) -> None:
    found = suite(audit_of(finding(**given)))
    (said,) = found[0]

    assert found.get("failures") == "0"
    assert said.tag == "system-out"
    assert said.text
    assert "NC201" in said.text


def test_junit_passes_what_is_suppressed() -> None:
    found = suite(audit_of(finding(suppressed="known")))

    assert found.get("failures") == "0"
    assert [*found[0]] == []


def test_junit_takes_any_character() -> None:
    found = suite(hostile())
    shown = HOSTILE
    for character in "\x1b\x00\udc80":
        shown = shown.replace(character, "\N{REPLACEMENT CHARACTER}")

    assert {case.get("name") for case in found} == {f"GET {shown}", shown}
    assert found.get("failures") == "1"
    as_junit(hostile()).encode()
