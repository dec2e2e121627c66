"""The policy for HAProxy: one ``defaults`` section that a frontend starts from.

Which lines there are, and in which order HAProxy gets to them. How a text becomes a
word of its configuration is haproxy_words.py's.

HAProxy cannot include a file in the middle of a section, but since 2.6 a named
``defaults`` section may hold rules; they run before the frontend's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .haproxy_words import (
    INDENT,
    Conditions,
    Labels,
    acl,
    at_host,
    at_path,
    form,
    is_spelled,
    regex,
    word,
)
from .paths import PLAIN
from .plan import Answer, Case, Entry, Fact, Plan, Say
from .target import ALL, Export, File, Heading, Target
from .words import commented

FILE = "nocache.cfg"
#: On a response that was decided; HAProxy's own answers have it not. It never leaves.
_MARK = "x-nocache-decided"
#: From here on what overlaps with nothing is looked up in trees, not line by line.
_MANY = 40
_CLOSED = "never-store"

INCLUDE = f"""\
Load it before the configuration that uses it, and let the frontends start from it:

    haproxy -f /etc/haproxy/{FILE} -f /etc/haproxy/haproxy.cfg

    frontend web from nocache
        timeout client 30s     # a frontend starts from one defaults section, so
        log global             # what it had from another one stands here
        option httplog

A cache of HAProxy's own goes into that frontend, with these conditions:

        http-request cache-use NAME if {{ var(txn.nocache_cacheable) -m bool }}
        http-response cache-store NAME if {{ var(txn.nocache_cacheable) -m bool }}
"""
GAPS = (
    "What HAProxy cannot parse it answers with 400 before any rule, and neither "
    "errorfile nor http-error reaches that page: it says Cache-Control: no-cache",
    "cache-use and cache-store in a backend do not see what is decided here: keep "
    "them in the frontend, with the conditions that are shown",
    "A frontend's own http-response and http-after-response rules run after these "
    "and can undo them",
    "Several Cache-Control lines of one answer count as none that may stay, so they "
    "are never-store; only where the app decides altogether they leave as sent",
)


def write(plan: Plan, heading: Heading) -> Export:
    """Return *plan* as a ``defaults`` section called ``nocache``."""
    text = heading.commented() + "\ndefaults nocache\n"
    for line in _Section(plan).lines():
        text += (INDENT + line).rstrip() + "\n"
    return Export((File(FILE, text),), INCLUDE, GAPS)


class _Section:
    """The section, part by part in the order in which HAProxy gets to them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.conditions = Conditions()
        self._policies, self._answers = Labels(), Labels()
        #: By name; the entries of one policy share their cases.
        self.policies: dict[str, list[Entry]] = {}
        self.answers: dict[str, Answer] = {}
        self._answer(plan.default)
        self._policies.of((Case(plan.default),), _CLOSED)
        for entry in plan.entries:
            self.policies.setdefault(self.policy(entry), []).append(entry)
            for case in entry.cases:
                self._answer(case.answer)
                for condition in case.when:
                    self.conditions.add(condition)
        self.closed = [
            name for name, entries in self.policies.items() if entries[0].strict
        ]

    def policy(self, entry: Entry) -> str:
        """Return the name of what is said at *entry*."""
        looser = [case.answer for case in entry.cases if case.answer.stores]
        wanted = looser[-1].cache_control or "app-decides" if looser else _CLOSED
        return self._policies.of(entry.cases, wanted)

    def _answer(self, answer: Answer) -> str:
        kept = "kept" if answer.remove else "as-sent"
        own = {Say.NEVER: _CLOSED, Say.KEEP: kept}.get(answer.say, answer.cache_control)
        name = self._answers.of(answer, own)
        self.answers[name] = answer
        return name

    def lines(self) -> Iterator[str]:
        """Yield all lines, without their indent."""
        yield "mode http"
        yield from _title("The request: the policy of its path, as sent")
        yield from self._paths()
        yield from _title("The request: what the response's rules ask of it")
        yield from self.conditions.on_request()
        yield from _title("The request: no stale copy is confirmed, none is served")
        yield from self._stale_copies()
        yield from _title("The response: the first case of its policy that holds")
        yield from self._cases()
        yield from _title("The response: what is said, before anything stores it")
        yield from self._said()
        yield from _title("What HAProxy answers by itself: denials, redirects, errors")
        yield from self._own_answers()

    def _paths(self) -> Iterator[str]:
        yield "# Whatever could be read in two ways gets never-store."
        yield from acl("nocache_plain", "path -m reg", [regex(PLAIN)])
        yield from acl("nocache_known", "var(txn.nocache_policy) -m found")
        alone = _alone(self.plan.entries) if len(self.plan.entries) >= _MANY else []
        yield from self._trees(alone)
        numbers: Counter[int] = Counter()
        apart = {id(entry) for entry in alone}
        for entry in self.plan.entries:
            if id(entry) not in apart:
                numbers[entry.number] += 1
                yield ""
                yield from self._in_turn(entry, numbers[entry.number])
        yield ""
        yield "# Everything else"
        yield f"{_policy_is(_CLOSED)} unless nocache_known"

    def _trees(self, alone: Sequence[Entry]) -> Iterator[str]:
        """Yield what finds the entries that overlap with no other, in any order."""
        grouped: dict[str, list[Entry]] = {}
        for entry in alone:
            grouped.setdefault(self.policy(entry), []).append(entry)
        for policy, entries in grouped.items():
            name = f"nocache_tree-{policy}"
            yield ""
            for entry in entries:
                yield from _about(entry)
            paths = [entry.path.prefix or entry.path.pattern for entry in entries]
            folders = [entry.path.prefix for entry in entries if entry.path.prefix]
            yield from acl(name, "path", map(word, paths))
            if folders:
                yield from acl(name, "path_beg", [word(f"{each}/") for each in folders])
            yield f"{_policy_is(policy)} if {name} nocache_plain"

    def _in_turn(self, entry: Entry, time: int) -> Iterator[str]:
        """Yield what finds *entry*, if none before it was found."""
        name = f"nocache_rule-{entry.number}" + (f"-{time}" if time > 1 else "")
        conditions = ["!nocache_known"]
        yield from _about(entry)
        if entry.methods:
            conditions.append(f"{name}-method")
            yield from acl(conditions[-1], "method", map(word, entry.methods))
        if entry.hosts:
            conditions.append(f"{name}-host")
            yield from at_host(conditions[-1], entry.hosts)
        yield from at_path(name, entry.path)
        conditions.append(name)
        if not entry.strict:
            conditions.append("nocache_plain")
        yield f"{_policy_is(self.policy(entry))} if {' '.join(conditions)}"

    def _stale_copies(self) -> Iterator[str]:
        never = list(dict.fromkeys([_CLOSED, *self.closed]))
        yield from acl("nocache_closed", "var(txn.nocache_policy) -m str", never)
        yield from acl("nocache_if-range", "req.fhdr(if-range) -m found")
        closed = "if nocache_closed METH_GET"
        yield f"http-request del-header if-none-match {closed}"
        yield f"http-request del-header if-modified-since {closed}"
        yield f"http-request del-header range {closed} nocache_if-range"
        yield f"http-request del-header if-range {closed}"
        yield "# For cache-use and cache-store, if there is a cache"
        cacheable = "set-var(txn.nocache_cacheable) bool(true)"
        yield f"http-request {cacheable} if !nocache_closed METH_GET"
        for values, policies in self._asked_of_request().items():
            has = self.conditions.field(values)
            name = f"nocache_minds-{has.removeprefix('nocache_has-')}"
            yield from acl(name, "var(txn.nocache_policy) -m str", policies)
            yield f"http-request unset-var(txn.nocache_cacheable) if {name} {has}"

    def _asked_of_request(self) -> dict[tuple[str, ...], list[str]]:
        """Return which policies depend on which fields of the request."""
        out: dict[tuple[str, ...], list[str]] = {}
        for policy, entries in self.policies.items():
            asked = [c for case in entries[0].cases for c in case.when]
            for values in dict.fromkeys(
                c.values for c in asked if c.fact is Fact.REQUEST_FIELD
            ):
                out.setdefault(values, []).append(policy)
        return out

    def _cases(self) -> Iterator[str]:
        yield from self.conditions.on_response()
        yield from acl("nocache_said", "var(txn.nocache_say) -m found")
        for policy, entries in self.policies.items():
            name = f"nocache_on-{policy}"
            numbers = dict.fromkeys(str(entry.number) for entry in entries)
            yield ""
            yield from commented(f"{policy}: rule {', '.join(numbers)}")
            yield from acl(name, "var(txn.nocache_policy) -m str", [policy])
            for case in entries[0].cases:
                asked = [self.conditions.name(each) for each in case.when]
                conditions = " ".join(["!nocache_said", name, *asked])
                yield f"{_answer_is(self._answer(case.answer))} if {conditions}"
        yield ""
        yield "# Everything else"
        yield f"{_answer_is(_CLOSED)} unless nocache_said"

    def _said(self) -> Iterator[str]:
        answer = "var(txn.nocache_say) -m str"
        dropping: dict[str, list[str]] = {}
        for name, each in self.answers.items():
            for field in each.remove:
                dropping.setdefault(field, []).append(name)
        groups = Labels()
        for field, names in dropping.items():
            drops = f"nocache_{groups.of(tuple(names), 'drops')}"
            if field == next(f for f, n in dropping.items() if n == names):
                yield from acl(drops, answer, names)
            yield f"http-response del-header {field} if {drops}"
        for name, each in self.answers.items():
            if each.set:
                yield from acl(f"nocache_say-{name}", answer, [name])
            for field, value in each.set:
                said = f"set-header {field} {form(value)}"
                yield f"http-response {said} if nocache_say-{name}"
        never = [name for name, each in self.answers.items() if not each.stores]
        yield from acl("nocache_never", answer, never)
        yield "http-response unset-var(txn.nocache_cacheable) if nocache_never"
        yield f"http-response set-header {_MARK} 1"

    def _own_answers(self) -> Iterator[str]:
        yield from acl("nocache_marked", f"res.fhdr({_MARK}) -m found")
        rule = "http-after-response"
        for field in self.plan.default.remove:
            yield f"{rule} del-header {field} unless nocache_marked"
        for field, value in self.plan.default.set:
            yield f"{rule} set-header {field} {form(value)} unless nocache_marked"
        yield f"{rule} del-header {_MARK} if nocache_marked"


def _title(text: str) -> Iterator[str]:
    yield ""
    yield f"# --- {text} ".ljust(84, "-")


def _about(entry: Entry) -> Iterator[str]:
    why = f": {entry.reason}" if entry.reason.strip() else ""
    yield from commented(f"Rule {entry.number}, {entry.rule}{why}", then="  ")


def _policy_is(name: str) -> str:
    return f"http-request set-var(txn.nocache_policy) str({name})"


def _answer_is(name: str) -> str:
    return f"http-response set-var(txn.nocache_say) str({name})"


def _alone(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries, one path or folder each, that overlap with no other.

    Not even in what servers may take for them: heads are compared more coarsely than
    ``PathForm.may_meet`` does, and without looking at each pair.
    """
    heads = [tuple(map(_coarse, entry.path.head)) for entry in entries]
    whole = Counter(heads)
    below = Counter(head[:n] for head in heads for n in range(len(head) + 1))
    return [
        entry
        for entry, head in zip(entries, heads, strict=True)
        if is_spelled(entry)
        and below[head] == 1
        and not any(head[:n] in whole for n in range(len(head)))
    ]


def _coarse(segment: str) -> str:
    return segment.casefold().partition(".")[0].rstrip(" ")


TARGET = Target("haproxy", "HAProxy", write, ALL, real=True)
