"""Comments that nothing ends, and names as people write them."""

import pytest

from asgi_nocache.export.words import WIDTH, commented, field_name, plain

HOSTILE = "a\nb\r\x00\x0b\x1c\x85\u2028\u2029\u202e c" + " long" * 40 + " " + "x" * 200


@pytest.mark.parametrize(("indent", "then"), [("", ""), ("\t", ""), ("    ", "  ")])
def test_a_comment_ends_with_its_lines(indent: str, then: str) -> None:
    lines = commented(HOSTILE, indent, then)

    assert len(lines) > 3
    for number, line in enumerate(lines):
        assert line.startswith(f"{indent}# {then if number else ''}")
        assert len(line) <= WIDTH
        assert line.lstrip("\t").isprintable()
        assert line.splitlines() == [line]


def test_nothing_is_no_comment() -> None:
    assert commented(" \n ") == []


def test_plain() -> None:
    assert plain(" a\n\n b\x00c ") == "a b c"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("etag", "ETag"),
        ("cache-control", "Cache-Control"),
        ("cdn-cache-control", "CDN-Cache-Control"),
        ("netlify-cdn-cache-control", "Netlify-CDN-Cache-Control"),
        ("x-accel-expires", "X-Accel-Expires"),
    ],
)
def test_names(name: str, written: str) -> None:
    assert field_name(name) == written
