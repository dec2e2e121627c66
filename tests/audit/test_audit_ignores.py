"""Comments that suppress: at the endpoint, with a code and a reason, and in use."""

from pathlib import Path
from typing import Any

import pytest
from check_builders import APP, layer, route, told

from asgi_nocache import APP_DECIDES
from asgi_nocache.audit.checks import run_checks
from asgi_nocache.audit.ignores import find_ignores, with_ignores
from asgi_nocache.audit.survey import survey
from asgi_nocache.audit.values import Finding, Place, Survey

SOURCE = '''"""A module."""


@app.get("/items")
@timed  # nocache: ignore[NC101] public on purpose
def items(
    limit: int = 10,
):
    text = "# nocache: ignore[NC101] no comment"
    return text
'''


def looked(file: Path, source: str, line: int = 4) -> Survey:
    file.write_text(source, encoding="utf-8")
    place = Place(str(file), line)
    rows = survey([route("/items", layer(default=APP_DECIDES), place=place)])
    return Survey(app=APP, rows=rows)


def results(at: Survey, **given: Any) -> tuple[Finding, ...]:
    return with_ignores(run_checks(at), find_ignores(at.rows), **given)


def counting(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings if not finding.suppressed]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.py"


def test_suppresses(file: Path) -> None:
    found = results(looked(file, SOURCE))

    assert [(f.code, f.suppressed) for f in found] == [("NC101", "public on purpose")]
    assert told(looked(file, SOURCE), "NC101")[0].suppressed == ""


@pytest.mark.parametrize(
    "comment",
    [
        "# nocache: ignore[NC101] because",
        "#nocache:ignore[nc101]: because",
        "# nocache: ignore [NC101] - because",
    ],
)
@pytest.mark.parametrize("where", ["@app.get('/')  {}\n", "", "@a  # noqa {}\n"])
def test_forms(file: Path, comment: str, where: str) -> None:
    head = where.format(comment) or "@app.get('/')\n"
    tail = "" if where else comment
    source = f"{head}async def items():  {tail}\n    return 1\n"
    found = results(looked(file, source, 1))

    wanted = ["NC101"] if "noqa" in where else []
    assert counting(found) == wanted
    assert [f.suppressed for f in found if f.suppressed] == ["because"] * (not wanted)


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ignore[NC101]", "gives no reason"),
        ("ignore", "names no code"),
        ("ignore[] because", "names no code"),
        ("ignore because", "names no code"),
        ("ignore[NC101, NC999] because", "names NC999, which is no check"),
    ],
)
def test_faults(file: Path, comment: str, message: str) -> None:
    source = SOURCE.replace("ignore[NC101] public on purpose", comment)
    found = results(looked(file, source))

    assert counting(found) == ["NC101", "NC007"]
    assert f"the comment at {file}:5 {message}" in found[-1].message


def test_a_finding_without_a_place_is_at_no_endpoint(file: Path) -> None:
    at = looked(file, SOURCE.replace("NC101]", "NC001]"))
    found = with_ignores(run_checks(Survey(app=APP, rows=())), find_ignores(at.rows))

    assert counting(found) == ["NC001", "NC006"]


def test_unused(file: Path) -> None:
    source = SOURCE.replace("NC101] public", "NC101, NC305] public")
    found = results(looked(file, source))

    assert counting(found) == ["NC006"]
    assert found[-1].message == f"the comment at {file}:5 suppresses no NC305"
    assert counting(results(looked(file, source), looked_for={"NC101"})) == []


@pytest.mark.parametrize("line", [7, 9])
def test_in_a_body_it_is_at_no_endpoint(file: Path, line: int) -> None:
    lines = SOURCE.replace("  # nocache: ignore[NC101] public on purpose", "")
    body = [*lines.splitlines(), ""]
    body.insert(line, "    # nocache: ignore[NC101] too late")
    found = results(looked(file, "\n".join(body), 4))

    at = [f.message for f in found if f.code == "NC006"]
    assert len(at) == (line == 9)
    assert all("which is at no endpoint" in each for each in at)


def test_another_endpoint(file: Path) -> None:
    other = "\n\n@app.get('/b')\ndef other():\n    return 1\n"

    assert counting(results(looked(file, SOURCE + other, 13))) == ["NC101", "NC006"]
    assert counting(results(looked(file, SOURCE, 0))) == ["NC101", "NC006"]


def test_a_method_in_a_class(file: Path) -> None:
    source = (
        "class Items:\n"
        "    def get(self):  # nocache: ignore[NC101] because\n"
        "        return 1\n"
    )

    assert counting(results(looked(file, source, 2))) == []
    assert counting(results(looked(file, source, 1))) == ["NC101", "NC006"]


def test_suppressions_are_not_suppressed(file: Path) -> None:
    at = looked(file, SOURCE.replace("NC101]", "NC006]"))

    assert counting(results(at)) == ["NC101", "NC006"]


@pytest.mark.parametrize(
    "source",
    ["def broken(:  # nocache: ignore[NC101] x\n", "x = 1\n", "\0 nocache: ignore\n"],
)
def test_what_says_nothing(file: Path, source: str) -> None:
    assert find_ignores(looked(file, source).rows) == ()


def test_what_cannot_be_read(file: Path) -> None:
    at = looked(file, SOURCE)
    file.write_bytes(b"\xff")
    assert find_ignores(at.rows) == ()

    file.unlink()
    assert find_ignores(at.rows) == ()
    assert find_ignores(survey([route("/")])) == ()
