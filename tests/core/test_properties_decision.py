"""Properties of decide(): only what says so in words ever loosens."""

from typing import Any

from core_strategies import (
    floors,
    marks,
    modes,
    plain_responses,
    policies,
    presets,
    requests,
    responses,
    rule_set,
    rules,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PUBLIC,
    CacheControl,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.decision import Decision
from asgi_nocache._core.edits import VALIDATORS, Edits
from asgi_nocache._core.guards import GUARDS
from asgi_nocache._core.policy import is_side_field
from asgi_nocache._core.rules import Mode
from asgi_nocache._core.selection import Mark
from asgi_nocache._core.sent import CACHING_FIELDS, read_sent

some_rules = st.lists(rules(mode=st.none() | modes) | floors, max_size=3)
sets: Any = st.builds(rule_set, some_rules, default=policies, mode=modes)
closed_sets: Any = st.builds(
    rule_set, st.lists(rules() | floors, max_size=3), default=policies
)
#: Policies under which a cookie means the same in the second pass as in the first.
preset_sets: Any = st.builds(rule_set, some_rules, default=presets, mode=modes)


def values(fields: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [v for k, v in fields if k.lower() == name]


def sent_in_full(response: ResponseFacts) -> CacheControl:
    return read_sent(response, None).cache_control


def counts_as_nothing(decision: Decision, response: ResponseFacts) -> bool:
    """Tell whether the app's ``no-cache`` was taken for Flask's send_file."""
    said = values(list(response.fields), b"cache-control")
    return said == [b"no-cache"] and not decision.sent.values(b"cache-control")


@given(requests, responses, preset_sets)
@settings(max_examples=400)
def test_twice_is_once(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """The middleware applied to its own answer changes nothing."""
    first = decide(request, response, policy_set)
    once = first.apply(response.fields)
    again = decide(request, ResponseFacts(response.status, tuple(once)), policy_set)

    assert again.apply(once) == once


def test_a_floor_takes_away_what_the_app_said_of_shared_caches() -> None:
    """So its s-maxage no longer speaks for a request with a cookie."""
    policy_set = rule_set(
        [Rule(None, PUBLIC(60), floor=True)], default=NO_STORE, mode="if-missing"
    )
    request = RequestFacts(path="/a", fields=[(b"cookie", b"a")])
    sent = [(b"Cache-Control", b"s-maxage=9, max-age=60, ")]
    once = decide(request, ResponseFacts(200, sent), policy_set).apply(sent)

    assert once == [(b"cache-control", b"private, max-age=9")]
    assert decide(request, ResponseFacts(200, once), policy_set).apply(once) == once


@given(requests, responses, sets)
@settings(max_examples=300)
def test_unrelated_lines_keep_bytes_and_order(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """Only the fields of caching are touched."""
    touched = CACHING_FIELDS | VALIDATORS | {b"vary", b"clear-site-data"}
    left = decide(request, response, policy_set).apply(response.fields)

    def unrelated(fields: Any) -> list[Any]:
        return [
            line
            for line in fields
            if line[0].lower() not in touched and not is_side_field(line[0].lower())
        ]

    assert unrelated(left) == unrelated(response.fields)


@given(requests, responses, sets)
@settings(max_examples=300)
def test_one_line_leaves(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """Exactly one, lower case and not empty, unless nothing is edited."""
    decision = decide(request, response, policy_set)
    assume(decision.edits != Edits())
    left = decision.apply(response.fields)
    lines = [line for line in left if line[0].lower() == b"cache-control"]

    if decision.mode == "if-missing" and decision.policy is None and not lines:
        return  # the app spoke, in other fields; only Vary was merged
    assert len(lines) == 1
    assert lines[0][0] == b"cache-control"
    assert lines[0][1] == lines[0][1].lower() != b""


@given(requests, responses, sets)
@settings(max_examples=300)
def test_what_leaves_says_what_was_decided(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """The text permits no more than the value."""
    decision = decide(request, response, policy_set)
    left = ResponseFacts(response.status, tuple(decision.apply(response.fields)))

    assert sent_in_full(left).covers(decision.cache_control)


@given(requests, responses, sets)
@settings(max_examples=300)
def test_no_side_field_says_more(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """At never-store, no field that outranks Cache-Control lets anyone store."""
    decision = decide(request, response, policy_set)
    assume(decision.never_store and decision.edits != Edits())

    for name, value in decision.apply(response.fields):
        if is_side_field(name.lower()):
            assert value in (b"no-store", b"no-store, max-age=0", b"0")


@given(requests, responses, closed_sets)
@settings(max_examples=400)
def test_stricter_covers_app_and_policies(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """Nothing but ``override``, ``if-missing`` and APP_DECIDES ever loosens."""
    decision = decide(request, response, policy_set)

    for policy in decision.selection.policies:
        assert decision.cache_control.covers(policy.cache_control or CacheControl())
    if not counts_as_nothing(decision, response):
        assert decision.cache_control.covers(sent_in_full(response))


@given(requests, responses)
def test_app_decides_never_loosens(
    request: RequestFacts, response: ResponseFacts
) -> None:
    """Nor does APP_DECIDES, seen from the app."""
    decision = decide(request, response, APP_DECIDES)

    assert decision.cache_control.covers(sent_in_full(response))


@given(requests, responses, sets)
@settings(max_examples=300)
def test_guards_never_lower(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """In every mode, what fired is reached, and without guards it is no stricter."""
    decision = decide(request, response, policy_set)

    for guard in GUARDS:
        if guard.name in decision.guards:
            assert decision.cache_control.covers(guard.raises_to)


@given(
    requests,
    plain_responses,
    st.lists(rules(path=st.none(), mode=st.none() | modes), max_size=1),
    rules(path=st.none(), floor=st.just(True)),
    presets,
    modes,
)
@settings(max_examples=600)
def test_a_floor_never_loosens(
    request: RequestFacts,
    response: ResponseFacts,
    given_rules: list[Rule],
    floor: Rule,
    default: Policy,
    mode: Mode,
) -> None:
    """Whatever it says, wherever it stands, and whatever the mode."""
    options: Any = {"default": default, "mode": mode}
    without = decide(request, response, rule_set(given_rules, **options))
    with_it = decide(request, response, rule_set([*given_rules, floor], **options))

    assert with_it.cache_control.covers(without.cache_control)


@given(requests, responses, marks, marks)
def test_a_further_mark_never_loosens(
    request: RequestFacts, response: ResponseFacts, first: Mark, second: Mark
) -> None:
    """Marks are joined."""
    assume(first.policy != APP_DECIDES)
    facts = response.status, response.fields
    one = decide(request, ResponseFacts(*facts, marks=(first,)))
    two = decide(request, ResponseFacts(*facts, marks=(first, second)))

    assert two.cache_control.covers(one.cache_control)


@given(requests, responses, sets)
def test_the_default_closes(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """Without rules every response is never-store, in exactly the default's text."""
    assume(not values(list(response.fields), b"no-transform"))
    decision = decide(request, response)

    assert decision.never_store
    assert decision.policy is NO_STORE


@given(requests, responses, sets)
def test_report_edits_nothing(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """But proposes what the default mode would do."""
    options = {"default": policy_set.default}
    reported = decide(request, response, rule_set((), mode="report", **options))
    applied = decide(request, response, rule_set((), **options))

    assert reported.edits == Edits()
    assert reported.proposed == applied.edits


@given(requests, responses, sets)
def test_input_is_left_as_it_was(
    request: RequestFacts, response: ResponseFacts, policy_set: Any
) -> None:
    """The app's own list is never changed in place."""
    fields = [*response.fields]
    decide(request, response, policy_set).apply(fields)

    assert tuple(fields) == response.fields
