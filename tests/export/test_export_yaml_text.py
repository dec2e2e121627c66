"""YAML by hand: what a reader finds in it is what was written, comments aside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_nocache.export.yaml_text import Flow, Noted, block, comment, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('a "b" \\c', '"a \\"b\\" \\\\c"'),
        ("{{ x }}", '"{\\x7b x }}"'),
        ("{{{", '"{\\x7b\\x7b"'),
        ("a\nb\u2028\x85", '"a\\u000ab\\u2028\\u0085"'),
        ("ü 😀", '"ü 😀"'),
        ("\U000e0001", '"\\U000e0001"'),
    ],
)
def test_a_text(value: str, written: str) -> None:
    assert text(value) == written


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_a_text_reads_back_and_no_template_begins_in_it(value: str) -> None:
    written = text(value)

    assert json.loads(written.replace("\\x7b", "\\u007b")) == value
    assert "{{" not in written


@given(st.text())
def test_a_comment_is_one_line_without_a_template(value: str) -> None:
    said = comment(value, 2)

    assert said.startswith("  #")
    assert said.splitlines() == [said[:-1]]
    assert "{{" not in said


def test_all_kinds() -> None:
    value = {
        "a": [{"b": 1, "c": True}, Noted(("why", "so"), "x"), ["y"], []],
        "no": Noted(("note",), {"d": {}, "e-f": False}),
        "1:2": Flow(("g", "h")),
        "i": Flow(()),
    }

    assert block(value) == (
        'a:\n  - b: 1\n    c: true\n  # why\n  # so\n  - "x"\n  - - "y"\n  - []\n'
        '# note\n"no":\n  d: {}\n  e-f: false\n"1:2": ["g", "h"]\ni: []\n'
    )
