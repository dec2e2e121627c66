"""Whatever stands in a file: it is read, or refused in words."""

from __future__ import annotations

import contextlib
import warnings
from datetime import date, datetime, time
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from asgi_nocache import ConfigurationError
from asgi_nocache.config import load_config, read_config
from asgi_nocache.config.keys import POLICY_KEYS, RULE, TOP

GOOD = """\
extends = ["base.toml"]
default = "brief"
mode = "report"
report-until = 2027-01-31
guards-off = ["cookie"]
[policies.brief]
cache-control = "private, max-age=60"
[[rules]]
path = "/a/{id:int}"
policy = { cache-control = "public, max-age=5", vary = ["Accept"] }
methods = ["GET"]
status = [200, "4xx"]
[[rules]]
path-regex = "/b[0-9]+"
policy = "no-store"
floor = true
"""

_texts = st.sampled_from(
    ["", "/a", "/**", "no-store", "GET", "report", "4xx", "max-age=5", "private", "x",
     "\x00", "é\n", "a" * 500, "(", "{", "/{x", "/<int:id>", "package:x", "../x", "*"]
)  # fmt: skip
_plain = st.one_of(
    _texts,
    st.booleans(),
    st.integers(-1, 700),
    st.sampled_from([10**30, float("nan"), float("inf"), 1.5]),
    st.just(date(2027, 1, 31)),
    st.just(datetime(2027, 1, 31)),
    st.just(time(1)),
)
_any = st.recursive(
    _plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_texts | st.sampled_from([*POLICY_KEYS]), inner, max_size=3)
    ),
    max_leaves=6,
)


def table(*names: str) -> Any:
    return st.dictionaries(st.sampled_from([*names, "zz"]), _any, max_size=4)


def reads_or_refuses(values: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with contextlib.suppress(ConfigurationError):
            read_config(values).policy_set()


@given(
    table(*TOP),
    st.lists(table(*RULE), max_size=3) | _any,
    st.dictionaries(_texts, table(*POLICY_KEYS) | _any, max_size=2) | _any,
)
def test_any_values(top: Any, rules: Any, policies: Any) -> None:
    """Of any kind, anywhere."""
    reads_or_refuses({**top, "rules": rules, "policies": policies})


@given(
    st.lists(
        st.fixed_dictionaries(
            {"policy": st.sampled_from(["no-store", {"cache-control": "private"}])},
            optional={
                "path": _texts, "path-regex": _texts, "floor": st.booleans(),
                "status": st.sampled_from([404, "5xx", [200, "4xx"]]),
                "methods": st.lists(_texts, min_size=1, max_size=2),
                "hosts": st.lists(_texts, min_size=1, max_size=2),
            },
        ),
        max_size=3,
    )
)  # fmt: skip
def test_values_of_the_right_kinds(rules: Any) -> None:
    """Past the first look, where the Python API has its own words."""
    reads_or_refuses({"rules": rules})


@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 12),
    st.text("[]{}=\"'.#\n,a1-\\\r\x00é", max_size=6),
)
@example(at=0, cut=0, typed="[[rules]]\npath.x.y = 1\n")
@example(at=0, cut=0, typed='a."b.c" = """\n[[rules]]\n"""\n')
def test_any_slip_of_the_hand(
    tmp_path_factory: Any, at: int, cut: int, typed: str
) -> None:
    """A text with something cut out and something typed in."""
    folder = tmp_path_factory.getbasetemp()
    (folder / "base.toml").write_text("")
    file = folder / "nocache.toml"
    file.write_text(GOOD[:at] + typed + GOOD[at + cut :], encoding="utf-8")
    with contextlib.suppress(ConfigurationError):
        load_config(file)
