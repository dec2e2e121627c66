"""What an edge says under one policy: its cases, from the loudest "no" to its own text.

Every text is taken from ``decide()``, asked about a response that says nothing, so
an edge cannot word anything differently than the middleware. Which paths a policy
is for is compile.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .._core.cache_control import CacheControl
from .._core.decision import decide
from .._core.facts import RequestFacts, ResponseFacts
from .._core.fields import Fields
from .._core.guards import DYNAMIC_PARTS, STATIC_EXTENSIONS
from .._core.policy import REVALIDATE, SIDE_FIELDS, Policy
from .._core.rules import Mode, RuleSet
from .._core.strictness import OPEN, Level
from .paths import at_most, escaped
from .plan import Answer, Case, Condition, Fact, Say

#: The targeted fields (RFC 9213) of CDNs that have one of their own.
_VENDORS = ("akamai", "cloudflare", "fastly", "netlify", "vercel")
#: What outranks Cache-Control somewhere, and all that sets caching; lower case.
SIDES = (
    *(name.decode() for name in SIDE_FIELDS),
    *(f"{vendor}-cdn-cache-control" for vendor in _VENDORS),
)
CACHING = ("cache-control", "pragma", "expires", *SIDES)
VALIDATORS = ("etag", "last-modified")

ERRORS = Condition(Fact.STATUS, ("400-599",))
QUIET = Condition(Fact.METHOD, ("GET", "HEAD", "OPTIONS"))
SETS_COOKIE = Condition(Fact.RESPONSE_FIELD, ("set-cookie",))
AUTHORIZED = Condition(Fact.REQUEST_FIELD, ("authorization",))
#: What says something beside Cache-Control, and Expires, which says it without.
SAYS_MORE = Condition(Fact.RESPONSE_FIELD, ("pragma", *SIDES))
EXPIRES = Condition(Fact.RESPONSE_FIELD, ("expires",))
HAS_COOKIE = Condition(Fact.REQUEST_FIELD, ("cookie",))

#: What raises to "private caches only", with a request and a response that show it.
_RAISES: tuple[tuple[str, Condition, Fields, Fields], ...] = (
    ("set_cookie", SETS_COOKIE, (), ((b"set-cookie", b"a=b"),)),
    ("authorization", AUTHORIZED, ((b"authorization", b"x"),), ()),
    ("cookie", HAS_COOKIE, ((b"cookie", b"a=b"),), ()),
)


_MISMATCH = Condition(Fact.MISMATCH, ())
_WITH_CONTENT = Condition(Fact.STATUS, ("200-200", "203-203", "206-206"))


class Mismatch(NamedTuple):
    """Static-looking extensions, and the media types that contradict them.

    Attributes:
        extensions: Without their dot, in any letter case.
        dynamic: What a page or an API answers with; regular expressions as those
            of ``MEDIA_TYPE``.
        expected: What is no contradiction all the same.
    """

    extensions: tuple[str, ...]
    dynamic: tuple[str, ...]
    expected: tuple[str, ...]


def _mismatches() -> Iterator[Mismatch]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, expected in STATIC_EXTENSIONS.items():
        groups.setdefault(expected, []).append(name)
    dynamic = _holding(DYNAMIC_PARTS)
    for expected, names in groups.items():
        yield Mismatch(tuple(sorted(names)), dynamic, _holding(expected))


def _holding(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(f".*{escaped(part)}.*" for part in parts)


#: What ``Fact.MISMATCH`` means, for targets to write down once.
MISMATCHES = tuple(_mismatches())


def word(regex: str) -> Condition:
    """Return the condition that the app's ``Cache-Control`` is wholly *regex*."""
    return Condition(Fact.WORD, (regex,))


SILENT = word("")
#: What the middleware writes where no shared cache may store, and nothing else.
_CLOSED = word("(?:no-store|private)(?:, [a-z-]+(?:=[0-9]+)?)*")
#: A lifetime for all caches, as the middleware or a careful app writes it.
_LIFETIME = word("(?:public, )?max-age=[0-9]+")
_PUBLIC_LIFETIME = word("public, max-age=[0-9]+")
#: What the app may add by itself, and what only tightens.
_STRICTER = "(?:must-revalidate, )?"
_SHARED_IN_WORDS = word(".*(?:public|s-maxage).*")


def cases_of(
    policy: Policy,
    mode: Mode,
    guards: frozenset[str],
    closed: Policy,
    *,
    names_errors: bool = False,
) -> tuple[Case, ...]:
    """Return what is said under *policy*, the first that holds.

    Args:
        policy: The rule's, or the default.
        mode: ``"stricter"`` or ``"override"``.
        guards: The names of those that are on.
        closed: The never-store policy whose text refusals take.
        names_errors: Whether the rule is for error statuses in words.
    """
    said = _Said(policy, mode, guards)
    if policy.never_store:
        return (Case(said.answer()),)
    never = never_answer(closed)
    cases = [Case(never, when) for when in _shut(guards, names_errors=names_errors)]
    if policy.cache_control is None:
        cases += _of_the_app(said, never)
    elif mode == "override":
        cases += [Case(answer, (fact,)) for fact, answer in said.raised()]
        cases.append(Case(said.answer()))
    else:
        cases += _stricter(said, policy.cache_control, never)
    return _shortest(cases)


def _shortest(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return *cases* without those that say what the ones after them say anyway."""
    out = [*dict.fromkeys(cases)]
    while len(out) > 1 and out[-2].answer == out[-1].answer:
        del out[-2]
    return tuple(out)


def never_answer(policy: Policy) -> Answer:
    """Return what *policy*, which is never-store, says."""
    return _Said(policy, "override", frozenset()).answer()


class _Said:
    """What ``decide()`` says for one policy."""

    def __init__(self, policy: Policy, mode: Mode, guards: frozenset[str]) -> None:
        self.policy = policy
        self.guards = guards
        self._rules = RuleSet(default=policy, mode=mode, guards=guards)

    def answer(self, request: Fields = (), response: Fields = ()) -> Answer:
        """Return what is done to a response that says nothing of caching."""
        decision = decide(
            RequestFacts("GET", "/", request), ResponseFacts(200, response), self._rules
        )
        lines = tuple(
            (name.decode(), value.decode("latin-1"))
            for name, value in decision.edits.add
        )
        own = {name for name, _ in lines}
        gone = [name for name in CACHING if name not in own]
        if self.policy.strip_validators:
            gone += VALIDATORS
        if not lines:
            return Answer(Say.KEEP)
        say = Say.NEVER if decision.never_store else Say.OWN
        return Answer(say, lines, tuple(gone))

    def raised(self) -> Iterator[tuple[Condition, Answer]]:
        """Yield what raises, and what then is said where the app says nothing."""
        own = self.answer()
        for name, condition, request, response in _RAISES:
            if name in self.guards:
                answer = self.answer(request, response)
                if answer != own:
                    yield condition, answer


def _shut(
    guards: frozenset[str], *, names_errors: bool
) -> Iterator[tuple[Condition, ...]]:
    """Yield what the guards shut altogether."""
    if "error_status" in guards and not names_errors:
        yield (ERRORS,)
    if "unsafe_method" in guards:
        yield (Condition(QUIET.fact, QUIET.values, negated=True),)
    if "extension_mismatch" in guards:
        yield (_MISMATCH, _WITH_CONTENT)


def _of_the_app(said: _Said, never: Answer) -> Iterator[Case]:
    """Yield the cases where the app's own words stand (``APP_DECIDES``)."""
    keep = Answer(Say.KEEP)
    raised = list(said.raised())
    for condition, _ in raised:
        yield Case(never, (condition, SAYS_MORE))
    yield Case(keep, (_CLOSED,))
    for condition, answer in raised:
        yield Case(never, (condition, SILENT, EXPIRES))
        yield Case(answer, (condition, SILENT))
        if condition == HAS_COOKIE:
            yield Case(keep, (condition, _SHARED_IN_WORDS))
        yield Case(never, (condition,))
    yield Case(keep)


def _stricter(said: _Said, control: CacheControl, never: Answer) -> Iterator[Case]:
    """Yield the cases where the policy is joined with what the app sent.

    What is written as the middleware writes it is compared; anything else may say
    more than an edge can read, so it is never stored.
    """
    own = said.answer()
    keep = Answer(Say.KEEP, (), tuple(n for n in own.remove if n != "cache-control"))
    yield Case(never, (SAYS_MORE,))
    yield Case(never, (SILENT, EXPIRES))
    for text in _private_words(own.cache_control, control):
        yield Case(keep, (word(text),))
    for condition, answer in said.raised():
        yield Case(answer, (condition, SILENT))
        yield Case(never, (condition,))
    yield Case(own, (SILENT,))
    longer = _LIFETIME
    if control.strictness == OPEN:
        yield Case(keep, (word(escaped(own.cache_control)),))
        # Without "public" the policy's text would say more than the app did.
        longer = _PUBLIC_LIFETIME if control.public else _LIFETIME
        public = "(?:public, )?" if control.public else ""
        yield Case(keep, (word(f"{public}{_STRICTER}max-age={_limit(control)}"),))
    elif control.strictness.private is Level.FRESH:
        yield Case(never, (word(f"(?:public, )?max-age={_limit(control)}"),))
    # Where shared caches get a lifetime of their own, the policy's text is no answer to
    # one lifetime of the app's: one of the two may be the longer one, and s-maxage
    # shares what asks for a login, too.
    if control.s_maxage is None:
        yield Case(own, (longer,))
    yield Case(never)


def _private_words(own: str, control: CacheControl) -> Iterator[str]:
    """Yield what may stay whoever asked: nothing of it is for shared caches."""
    yield escaped(str(REVALIDATE.cache_control))
    if control.strictness.private is Level.FRESH:
        yield f"private, {_STRICTER}max-age={_limit(control)}"
    if control.private:
        yield escaped(own)


def _limit(control: CacheControl) -> str:
    """Return what a lifetime may be at most, whichever cache reads it."""
    limits = [n for n in (control.max_age, control.s_maxage) if n is not None]
    return at_most(min(limits)) if limits else "[0-9]+"
