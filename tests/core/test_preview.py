"""Preview: what the request alone says of the policies that can be selected."""

import pytest

from asgi_nocache import NO_STORE, PUBLIC, RequestFacts, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache._core.selection import Preview, preview

PUBLIC_60 = PUBLIC(max_age=60)
GET = RequestFacts(path="/a")


@pytest.mark.parametrize(
    ("rules", "options", "expected"),
    [
        ([], {}, Preview(True, False)),
        ([], {"default": PUBLIC_60}, Preview(False, False)),
        ([], {"mode": "report"}, Preview(False, False, heeds_marks=False)),
        ([Rule("/a", PUBLIC_60)], {}, Preview(False, False)),
        ([Rule("/b", PUBLIC_60)], {}, Preview(True, False)),
        ([Rule("/a", PUBLIC_60, credentials=True)], {}, Preview(True, False)),
        ([Rule("/a", PUBLIC_60, status=200)], {}, Preview(True, False)),
        ([Rule("/a", NO_STORE, status=404)], {"default": PUBLIC_60},
         Preview(False, False)),
        ([Rule("/a", NO_STORE, status=304)], {"default": PUBLIC_60},
         Preview(True, False, True)),
        ([Rule("/a", PUBLIC_60), Rule("/**", NO_STORE)], {}, Preview(False, False)),
        ([Rule("/a", PUBLIC_60), Rule("/**", NO_STORE, floor=True)], {},
         Preview(True, True, True)),
        ([Rule("/a", NO_STORE, mode="report")], {}, Preview(False, False)),
    ],
)  # fmt: skip
def test_preview(
    rules: list[Rule], options: dict[str, object], expected: Preview
) -> None:
    """Never-store if any policy that can still be selected is."""
    assert preview(GET, RuleSet(rules, **options)) == expected  # type: ignore[arg-type]


def test_a_rule_is_told_from_the_default() -> None:
    """An instance inside replaces the default of the outer one, not its rules."""
    assert preview(GET, RuleSet([Rule("/a", NO_STORE)])).ruled
    assert not preview(GET, RuleSet()).ruled
