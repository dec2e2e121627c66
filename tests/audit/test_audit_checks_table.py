"""The catalogue: complete, and each page says what it must, offline."""

import re
from pathlib import Path

import pytest

from asgi_nocache.audit.checks import CHECKS, FAMILIES, UnknownCodeError, explain
from asgi_nocache.audit.checks.catalogue import KINDS

#: The numbers of the issue's catalogue, by family; they are never given away again.
NUMBERS = {0: 7, 1: 7, 2: 7, 3: 7, 4: 8, 5: 5, 6: 4, 7: 2, 8: 4, 9: 4}
WANTED = [f"NC{f}{n:02}" for f, last in NUMBERS.items() for n in range(1, last + 1)]


def test_every_number_is_there() -> None:
    assert list(CHECKS) == WANTED
    assert {code[:3] for code in CHECKS} == set(FAMILIES)


@pytest.mark.parametrize("code", WANTED)
def test_a_page(code: str) -> None:
    """What, why, how to mend it, and an example of both."""
    text = explain(code)
    check = CHECKS[code]

    assert text.startswith(f"{code} {check.title}\n{check.severity.value}, ")
    for name in ("Why", "Fix", "Fires", "Silent", "See"):
        assert f"\n{name}:\n    " in text
    assert max(map(len, text.splitlines())) <= 88
    assert set(check.kinds) <= {kind.value for kind in KINDS}
    assert not re.search(r"\{(rule|app|endpoint|method|field)\}", text)


def test_a_page_says_who_else_finds_it() -> None:
    assert "Found by:\n    the pytest plugin" in explain("nc106")
    assert "Found by" not in explain("NC101")
    assert "; pedantic" in explain("NC102")


def test_a_whole_family() -> None:
    assert explain("NC7").count("Why:") == 2


@pytest.mark.parametrize("code", ["NC999", "", "XYZ", "nocache"])
def test_no_such_check(code: str) -> None:
    with pytest.raises(UnknownCodeError, match="there is no check"):
        explain(code)


def test_did_you_mean() -> None:
    with pytest.raises(UnknownCodeError, match=r"did you mean .*NC20"):
        explain("NC211")


def test_what_to_see_can_be_seen() -> None:
    """A section that the README has, where it is no document of others."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = {c.reference for c in CHECKS.values() if c.reference.startswith("README")}

    assert named
    for each in named:
        title = each.removeprefix("README: ")
        assert f"## {title}\n" in readme
    assert not [c.code for c in CHECKS.values() if c.reference.startswith("design")]
