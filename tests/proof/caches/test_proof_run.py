"""A whole run, with caches made of nothing: from the command line to the record.

What real caches do is measured by ``make proof``, not here.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import proof_probe
import pytest
from proof_cases import CASES, Case
from proof_naive import Careless, Direct
from proof_record import Proof, load
from proof_run import run, run_one

BY_NAME = {case.name: case for case in CASES}
NEVER_STORE = ("no-store", "no-store-minimal", "no-store-edge", "legacy-2014")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caches here have no clock."""
    monkeypatch.setattr(proof_probe, "PAUSE", 0.0)
    monkeypatch.setattr(proof_probe, "STALE_AFTER", 0.0)


def some(*names: str) -> list[Case]:
    return [BY_NAME[name] for name in names]


@pytest.mark.usefixtures("hurried")
def test_a_careless_cache_is_caught() -> None:
    """By each kind of case."""
    cases = some("max-age-3600", "404-bare", "authorization-bare", "stored-etag")
    made = run({"careless": Careless}, lambda *_: None, cases)
    wrong = {(c.policy, c.case): c.letter for c in made.cells if c.wrong}

    assert {wrong[p, case.name] for p in NEVER_STORE for case in cases} == {"R", "L"}
    assert wrong["private", "404-bare"] == "R"
    assert "bare" not in {policy for policy, _ in wrong}


@pytest.mark.usefixtures("hurried")
def test_no_cache_is_not_enough() -> None:
    """What never stores does less than it may."""
    cases = some("bare", "max-age-3600", "stored-etag-lm", "post-get", "star")
    made = run({"direct": Direct}, lambda *_: None, cases)
    wrong = {(c.policy, c.case): c.wrong for c in made.wrong}

    assert {cell.letter for cell in made.cells} == {"."}
    assert wrong.pop(("bare", "max-age-3600")) == "the control is not reused"
    assert set(wrong.values()) == {"fresh, though it may be reused"}
    assert {policy for policy, _ in wrong} == {"private", "public"}


@pytest.mark.usefixtures("hurried")
def test_a_proof_can_be_read_back(tmp_path: Path) -> None:
    cases = some("etag", "cookie-max-age", "stored-etag")
    made = run({"careless": Careless, "direct": Direct}, lambda *_: None, cases)
    made.save(tmp_path / "proof.json")

    assert load(tmp_path / "proof.json") == made
    assert isinstance(made, Proof)
    assert made.cells[0].steps[0].origin[0].request


class Absent(Direct):
    name = "absent"

    def missing(self) -> str:
        return "it is not installed"


class Broken(Direct):
    name = "broken"

    def start(self, origin: int, folder: Path) -> None:
        raise RuntimeError("no such option")


def test_what_cannot_run_is_a_column_that_says_why() -> None:
    absent, none = run_one(Absent(), lambda *_: None, some("bare"))
    broken, nor = run_one(Broken(), lambda *_: None, some("bare"))

    assert (absent.skipped, none) == ("it is not installed", ())
    assert (broken.skipped, nor) == ("RuntimeError: no such option", ())


# From the command line

Main = Callable[..., int]


@pytest.fixture
def main(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hurried: None
) -> Callable[..., int]:
    """``python tests/proof/caches``, which has four caches and asks little."""
    pytest.importorskip("rich", reason="is of the extra 'proof'")
    path = Path(proof_probe.__file__).with_name("__main__.py")
    spec = importlib.util.spec_from_file_location("proof_main", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    there = {"direct": Direct, "careless": Careless, "absent": Absent, "broken": Broken}
    monkeypatch.setattr(module, "ALL", there)
    monkeypatch.setattr(module, "CASES", some("max-age-3600", "etag"))
    monkeypatch.delenv("PROOF_REQUIRE", raising=False)

    def call(*arguments: str) -> int:
        line = ["proof", *arguments, "--output", str(tmp_path / "out")]
        monkeypatch.setattr(sys, "argv", line)
        return int(module.main())

    return call


def test_a_run_that_finds_something(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both lanes of it; the record, the page and the matrix are there."""
    assert main("--caches", "careless, absent") == 1

    made = load(tmp_path / "out" / "proof.json")
    page = (tmp_path / "out" / "proof.html").read_text()
    assert [column.name for column in made.columns] == ["careless", "absent"]
    assert {cell.cache for cell in made.wrong} == {"careless"}
    assert "careless" in page
    said = capsys.readouterr()
    assert "careless" in said.out
    assert "absent: skipped, it is not installed" in said.err


def test_a_cache_that_is_required(
    main: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing or broken, it is an error where it is required, and seen elsewhere."""
    assert main("--caches", "absent,broken") == 0

    monkeypatch.setenv("PROOF_REQUIRE", "all")
    assert main("--caches", "absent,broken") == 1
    assert "required, but not run: absent, broken" in capsys.readouterr().err


def test_a_name_that_is_not_there(main: Main) -> None:
    with pytest.raises(SystemExit, match="no cache called ngnix; have: direct, care"):
        main("--caches", "direct,ngnix")


def test_a_requirement_that_is_not_known(
    main: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROOF_REQUIRE", "yes")
    with pytest.raises(SystemExit):
        main("--caches", "direct")

    assert "PROOF_REQUIRE='yes'; set 'all' or 'none'" in capsys.readouterr().err
