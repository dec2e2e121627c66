"""decide(): facts and rules make a Decision.

Pure: the only clock is the argument *now*. Which policies speak is
selection.py's, what the app said is sent.py's, what raises them is guards.py's,
and what then happens to the fields is edits.py's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from . import fields as f
from .cache_control import CacheControl
from .edits import Edits, edit, vary_only
from .facts import RequestFacts, ResponseFacts
from .guards import GUARDS, Guard, Situation
from .policy import Policy
from .rules import Mode, Rule, RuleSet
from .selection import Selection, nested, select
from .sent import Sent, read_sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was concluded for one response, and why.

    Attributes:
        selection: The policies that spoke, and the readings of the path.
        mode: How they met what the app sent.
        sent: What the app had sent.
        guards: The guards that fired.
        cache_control: What the response permits now.
        policy: Whose text it carries; ``None``: joined, or the app's own.
        edits: What to do; empty under mode ``report``.
        proposed: What would be done; equal to *edits* in every other mode.
        reasons: One sentence for each step.
    """

    selection: Selection
    mode: Mode
    sent: Sent
    guards: tuple[str, ...]
    cache_control: CacheControl
    policy: Policy | None
    edits: Edits
    proposed: Edits
    reasons: tuple[str, ...]

    @property
    def never_store(self) -> bool:
        """Whether no cache may store the response."""
        return self.cache_control.no_store

    @property
    def discards(self) -> bool:
        """Whether the app asked for more caching than it gets."""
        sent = self.sent.cache_control
        return bool(sent) and not sent.covers(self.cache_control)

    @property
    def loosens(self) -> bool:
        """Whether the app asked for never-store and gets less."""
        return self.sent.cache_control.no_store and not self.never_store

    def headers(self) -> list[tuple[str, str]]:
        """Return the fields to set, as text, for hosts that are not ASGI.

        Lines of these names that the response already has are to be removed,
        and so are those named in ``edits.remove``.
        """
        return [(n.decode("ascii"), v.decode("latin-1")) for n, v in self.edits.add]

    def apply(self, fields: Iterable[f.Field]) -> list[f.Field]:
        """Return *fields* as they are to leave."""
        return self.edits.apply(fields)


def decide(
    request: RequestFacts,
    response: ResponseFacts,
    policy_set: RuleSet | Iterable[Rule] | Policy = (),
    *,
    now: float | None = None,
) -> Decision:
    """Return what the response may allow, and the edits that say so.

    Args:
        request: What is known of the request.
        response: What the app sent.
        policy_set: A rule set, rules over the closed default, or one policy.
        now: Seconds since the epoch, to read an ``Expires`` without ``Date``.

    Raises:
        ConfigurationError: The rules are wrong.
    """
    rules = _rule_set(policy_set)
    selection = nested(response.inner, select(request, response, rules))
    sent = read_sent(response, selection.declared, now)
    wanted, as_sent = _met(selection, sent)
    floored = wanted if selection.floor is None else wanted.join(selection.floor)
    fired = _fired(request, response, selection, sent, floored, rules)
    default = rules.default.cache_control
    raises = [selection.floor, *(guard.raises_to or default for guard in fired)]
    raised = [control for control in raises if control is not None]
    wanted = reduce(CacheControl.join, raised, wanted)
    as_sent = as_sent and not raised
    if as_sent:
        decides = selection.declared is None  # the bytes go out as they are
        edits = Edits() if decides else vary_only(response, selection, sent)
        policy, proposed = None, edits
    else:
        policy = _spokesman(selection, wanted, rules)
        proposed = edit(request, response, selection, sent, wanted, policy)
    mode = selection.mode
    return Decision(
        selection=selection,
        mode=mode,
        sent=sent,
        guards=tuple(guard.name for guard in fired),
        cache_control=wanted,
        policy=policy,
        edits=Edits() if mode == "report" else proposed,
        proposed=proposed,
        reasons=tuple(_reasons(selection, mode, sent, fired, as_sent=as_sent)),
    )


def _met(selection: Selection, sent: Sent) -> tuple[CacheControl, bool]:
    """Return what those that decide and the app come to, as the mode wants it.

    Also whether the app's own lines say it, so that they can stay.
    """
    declared, mode = selection.declared, selection.mode
    if declared is None:
        return sent.cache_control, True
    if mode == "if-missing":
        if not sent.says_anything:
            return declared, False
        # Caches differ in which of several lines they take; one line leaves.
        lines = len(sent.values(b"cache-control"))
        return sent.cache_control, lines == 0 or (
            lines == 1 and not selection.depends_on_credentials
        )
    if mode == "override" and not selection.app_speaks:
        return declared, False
    return declared.join(sent.cache_control), False


def _rule_set(given: RuleSet | Iterable[Rule] | Policy) -> RuleSet:
    if isinstance(given, RuleSet):
        return given
    if isinstance(given, Policy):
        return RuleSet(default=given, place="decide()")
    return RuleSet(given, place="decide()")


def _fired(
    request: RequestFacts,
    response: ResponseFacts,
    selection: Selection,
    sent: Sent,
    left: CacheControl,
    rules: RuleSet,
) -> list[Guard]:
    situation = Situation(
        request=request,
        response=response,
        paths=selection.readings.spellings,
        ambiguous=selection.ambiguous and rules.default.cache_control is not None,
        sent=sent.cache_control,
        left=left.canonical(),
        said_public=all(
            p.cache_control is not None and p.cache_control.public
            for p in selection.policies
        ),
        shared_with_credentials=all(
            p.shared_with_credentials for p in selection.policies
        ),
    )
    on = selection.guards
    return [g for g in GUARDS if g.name in on and g.fires(situation)]


def _spokesman(
    selection: Selection, wanted: CacheControl, rules: RuleSet
) -> Policy | None:
    """Return the policy whose own text says *wanted*."""
    if wanted.no_store:
        return selection.never_store_policy(rules.default)
    return next((p for p in selection.policies if _says(p, wanted)), None)


def _says(policy: Policy, wanted: CacheControl) -> bool:
    control = policy.cache_control
    return control is not None and control.canonical() == wanted.canonical()


def _reasons(
    selection: Selection,
    mode: Mode,
    sent: Sent,
    fired: Iterable[Guard],
    *,
    as_sent: bool,
) -> Iterable[str]:
    for choice in selection.choices:
        why = f" ({choice.reason})" if choice.reason else ""
        yield f"{choice.source} selects {choice.policy!r}{why}"
    yield from selection.problems
    if sent.lines:
        said = "; ".join(
            f"{n.decode('latin-1')}: {v.decode('latin-1')}" for n, v in sent.lines
        )
        yield f"the app sent {said}"
    yield "what the app sent stands" if as_sent else f"mode {mode}"
    for guard in fired:
        yield f"guard {guard.name}: {guard.reason} ({guard.reference})"
