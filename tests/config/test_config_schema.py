"""The JSON Schema: it takes what the reader takes, as far as a schema can say."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_nocache.config import schema
from asgi_nocache.config.document import Document, check
from asgi_nocache.config.keys import POLICY_KEYS, PRESETS, RULE, TOP

VALIDATOR = jsonschema.Draft202012Validator(
    schema(), format_checker=jsonschema.FormatChecker()
)


def takes(values: dict[str, Any]) -> bool:
    """Tell whether the schema takes *values*, as an editor would see them."""
    seen = json.loads(json.dumps(values, default=lambda day: day.isoformat()))
    return VALIDATOR.is_valid(seen)


def reads(values: dict[str, Any]) -> bool:
    """Tell whether the reader takes the kinds of *values*."""
    document = Document("x", values)
    check(document)
    return not document.problems


def test_it_is_a_schema():
    """Of the draft that it names, and every key has words for an editor to show."""
    jsonschema.Draft202012Validator.check_schema(schema())
    made = schema()
    for keys, place in (
        (TOP, made),
        (RULE, made["$defs"]["rule"]),
        (POLICY_KEYS, made["$defs"]["policy"]),
    ):
        assert keys.keys() <= place["properties"].keys()
        assert all(each["description"] for each in place["properties"].values())


def test_an_editor_can_complete_the_presets():
    made = schema()

    for each in (made["properties"]["default"], made["$defs"]["rule"]["properties"]):
        found = each.get("policy", each)
        assert {"enum": list(PRESETS)} in found["anyOf"]


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "report"},
        {"rules": [{"path": "/a", "policy": "no-store", "mode": "report"}]},
    ],
)
def test_mode_report_needs_an_end(values):
    """At the top, and for a rule."""
    assert not takes(values)
    assert takes({**values, "report-until": date(2027, 1, 31)})


_texts = st.sampled_from(["", "GET", "/a", "no-store", "report", "cookie", "4xx", "x"])
_values = st.one_of(
    _texts,
    st.booleans(),
    st.sampled_from([0, 99, 100, 404, 600, 1.5, -1]),
    st.lists(_texts, max_size=2),
    st.just(date(2027, 1, 31)),
    st.lists(st.sampled_from([200, "5xx", "6xx", True]), max_size=2),
    st.just({"cache-control": "private"}),
    st.just({}),
)


def table(*names: str) -> Any:
    """Return a strategy of tables with some of *names*, and values of any kind."""
    return st.dictionaries(st.sampled_from(names), _values, max_size=3)


@given(
    table(*TOP, "zzz"),
    st.lists(table(*RULE, "zzz"), max_size=2),
    st.dictionaries(
        st.sampled_from(["brief", "one-hour", "Odd_name"]),
        table(*POLICY_KEYS, "acme-cdn-cache-control", "no-vary-search"),
        max_size=2,
    ),
)
def test_schema_and_reader_agree(top, rules, policies):
    """On every key and every kind of value."""
    values = {**top, "report-until": date(2027, 1, 31), "rules": rules}
    values["policies"] = policies
    # TOML has dates of its own, which JSON has not.
    odd = [v for t in (top, *rules, *policies.values()) for v in t.values()]
    if any(isinstance(value, date) for value in odd):
        return

    assert takes(values) == reads(values)


def test_what_both_take():
    """So that the property is not about refusals only."""
    values = {
        "default": "revalidate",
        "mode": "report",
        "report-until": date(2027, 1, 31),
        "guards-off": [],
        "policies": {"brief": {"cache-control": "private", "x-accel-expires": "0"}},
        "rules": [{"status": ["4xx", 200], "policy": {"cache-control": "private"}}],
    }

    assert takes(values)
    assert reads(values)
