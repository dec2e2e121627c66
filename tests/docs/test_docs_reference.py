"""The pages of the reference say what the code has, all of it."""

import inspect
import re

import pytest
import reference_pages
from page_blocks import DOCS

import asgi_nocache
from asgi_nocache import testing
from asgi_nocache._core.policy import Policy

PYTHON = (DOCS / "reference/python.md").read_text()
POLICIES = (DOCS / "reference/policies.md").read_text()
PRESETS = [
    n for n in asgi_nocache.__all__ if isinstance(getattr(asgi_nocache, n), Policy)
]


@pytest.mark.parametrize("name", ["command.md", "checks.md"])
def test_a_list_is_what_the_code_has(name: str) -> None:
    """If not, ``make docs`` writes it anew."""
    written = (DOCS / "reference" / name).read_text()

    assert written == reference_pages.pages()[name], "run: make docs"


@pytest.mark.parametrize("name", asgi_nocache.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert f"::: asgi_nocache.{name}\n" in PYTHON


@pytest.mark.parametrize("name", testing.__all__)
def test_every_helper_for_tests_is_there(name: str) -> None:
    assert f"::: asgi_nocache.testing.{name}\n" in PYTHON


@pytest.mark.parametrize("path", re.findall(r"^::: (\S+)$", PYTHON, re.MULTILINE))
def test_what_is_there_exists_and_is_documented(path: str) -> None:
    module, _, name = path.rpartition(".")
    found = getattr(__import__(module, fromlist=[name]), name)

    assert inspect.getdoc(found)


@pytest.mark.parametrize("name", PRESETS)
def test_a_policy_sends_what_the_page_says(name: str) -> None:
    """Its row has its ``Cache-Control``, or names the policy that it adds to."""
    row = next(r for r in POLICIES.splitlines() if r.startswith(f"| `{name}`"))
    said = str(getattr(asgi_nocache, name).cache_control or "what the app sent")

    assert said in row or "`NO_STORE`" in row
