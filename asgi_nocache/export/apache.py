"""The policy for Apache httpd 2.4: one file that a virtual host includes.

Which lines there are, and in which order Apache gets to them. How a text becomes a
word of its configuration is apache_words.py's.

Apache knows two tables of response fields. Its own errors have only the one called
"always", and of all ``Header`` lines those run first. So what is said is decided
there, once, and both tables follow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from . import apache_words as w
from .cases import CACHING, SAYS_MORE
from .paths import PLAIN_DECODED
from .plan import Answer, Case, Entry, Fact, Plan, Say
from .target import ALL, Export, File, Heading, Target
from .words import field_name

FILE = "nocache.conf"
#: Where a decision is written down while it is made. It never leaves.
_PAD = "Nocache-Say"
_CLOSED, _OPEN = "closed", "open"
_NEEDED = ("headers", "setenvif")

INCLUDE = f"""\
Include it as the last line of each <VirtualHost>:

    <VirtualHost *:443>
        ...
        Include /etc/apache2/{FILE}
    </VirtualHost>

It needs the modules headers and setenvif (a2enmod headers setenvif). Where mod_cache is
loaded, the file says CacheQuickHandler off for this host: the quick handler answers
before anything can be asked about a request, and before access is checked.

Apache tries the rules one by one: 1,000 rules that share a policy took 0.15 ms of a
request, 100 rules with a policy each as much, 1,000 such rules 5 ms (2.4.71, one core).
"""
GAPS = (
    "A request that Apache cannot parse (400, 414) is answered by the first virtual "
    "host of the address, so include the file there, too",
    "Header lines in <Directory>, <Location> and .htaccess run after these and can "
    "undo them",
    "CacheStoreNoStore On, CacheStorePrivate On and CacheIgnoreCacheControl On make "
    "mod_cache store or reuse what must not be",
    "Where mod_cache is loaded, requests that it must not answer reach the app with "
    "Cache-Control: no-cache",
    "Of several Cache-Control lines of one answer Apache shows only the first: where "
    "that one may stay, every other line that may not is made never-store, and leaves "
    "as a second line",
    "A field without a value counts as absent",
)


class Outcome(NamedTuple):
    """What is done to a response.

    Attributes:
        answer: What the plan says.
        word: Which regular expression the app's ``Cache-Control`` had to match for
            that; ``None``: it was not asked.
    """

    answer: Answer
    word: str | None = None


def write(plan: Plan, heading: Heading) -> Export:
    """Return *plan* as one file of directives."""
    text = heading.commented() + "\n" + "\n".join(_Policy(plan).parts())
    return Export((File(FILE, text),), INCLUDE, GAPS)


class _Policy:
    """The file, part by part in the order in which Apache gets to them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.outcomes: dict[Outcome, str] = {Outcome(plan.default): _CLOSED}
        #: What is said by name, and whose; entries of one policy share their cases.
        self.policies: dict[tuple[Case, ...], str] = {
            (Case(plan.default),): _CLOSED,
        }
        self.users: dict[str, list[Entry]] = {}
        for entry in plan.entries:
            kind = _CLOSED if entry.strict else _OPEN
            name = self.policies.setdefault(entry.cases, f"{kind}-{entry.number}")
            self.users.setdefault(name, []).append(entry)
        for cases in self.policies:
            for case in cases:
                self._outcome(case)

    def _outcome(self, case: Case) -> str:
        """Return the name of what is done in *case*."""
        answer = case.answer
        words = [c.values[0] for c in case.when if c.fact is Fact.WORD]
        asked = words[0] if words and answer.stores else None
        kinds = {Say.NEVER: _CLOSED, Say.OWN: "own", Say.KEEP: "keep"}
        name = f"{kinds[answer.say]}-{len(self.outcomes)}"
        return self.outcomes.setdefault(Outcome(answer, asked), name)

    def parts(self) -> Iterator[str]:
        """Yield the sections of the file."""
        yield _modules()
        yield self._requests()
        yield self._conditionals()
        yield self._cache()
        yield self._decisions()
        yield self._removals()
        yield self._texts()

    def _requests(self) -> str:
        """Return what finds the policy of a request."""
        text = w.comment(
            "1. Which policy a request is for. What counts is the path as it was sent, "
            "not what rewriting makes of it; the first rule that matches wins. A path "
            "that could be read in two ways is none that a rule can open."
        )
        text += f'SetEnvIfExpr "%{{THE_REQUEST}} =~ m#^\\S+ ([^ ?]*)#" {w.SENT}=$1\n'
        text += (
            f'SetEnvIfExpr "unescape({w.env(w.SENT)}) =~ m#(?s)^(.*)$#" {w.PATH}=$1\n'
            f'SetEnvIfExpr "{w.env(w.SENT)} =~ m#{w.regex(PLAIN_DECODED)}#" {w.PLAIN}\n'
        )
        for entry in self.plan.entries:
            said = f"Rule {entry.number}, {entry.rule}"
            text += w.comment(f"{said}: {entry.reason}" if entry.reason else said)
            policy = self.policies[entry.cases]
            text += f'SetEnvIfExpr "{w.at(entry)}" {w.RULE}={policy}\n'
        return text

    def _conditionals(self) -> str:
        """Return what keeps stale copies from being confirmed."""
        asked = f"{w.env(w.RULE)} !~ /^{_OPEN}/"
        asked += " && %{REQUEST_METHOD} in { 'GET', 'HEAD' }"
        condition = w.expression(asked)
        ranges = w.expression(f"{asked} && -n %{{req_novary:If-Range}}")
        return (
            w.comment("2. Where nothing may be stored, no copy is confirmed (304).")
            + f"RequestHeader unset Range {ranges}\n"
            + "".join(
                f"RequestHeader unset {name} {condition}\n"
                for name in ("If-Range", "If-None-Match", "If-Modified-Since")
            )
        )

    def _cache(self) -> str:
        """Return what keeps mod_cache from storing, and from answering."""
        text = w.comment(
            "3. mod_cache stores nothing where nothing may be stored, nor for requests "
            "that a rule makes a difference for. What it may have already is kept back "
            "by the request's no-cache, which the app sees, too; the quick handler "
            "would answer before any of this is asked."
        )
        text += "<IfModule mod_cache.c>\n    CacheQuickHandler off\n"
        text += f'    SetEnvIfExpr "{w.env(w.RULE)} !~ /^{_OPEN}/" no-cache\n'
        for asked, names in self._asked_of_requests().items():
            policy = w.one_of(w.env(w.RULE), names)
            text += f'    SetEnvIfExpr "{policy} && {asked}" no-cache\n'
        bypass = w.expression(f"-n {w.env('no-cache')}")
        text += f"    RequestHeader merge Cache-Control no-cache {bypass}\n"
        return text + "</IfModule>\n"

    def _asked_of_requests(self) -> dict[str, list[str]]:
        """Return what policies ask of a request, and which policies do."""
        found: dict[str, list[str]] = {}
        for cases, name in self.policies.items():
            asked = [c for case in cases for c in case.when if w.asks_request(c)]
            if asked and name.startswith(_OPEN):
                texts = [w.holds(each) for each in dict.fromkeys(asked)]
                found.setdefault(w.any_of(texts), []).append(name)
        return found

    def _decisions(self) -> str:
        """Return what decides: the first line that holds writes it down."""
        text = w.comment(
            "4. What is said about a response. The first line that holds counts; "
            "Apache's own errors are never opened, nor is what no line is for."
        )
        asked = {each for cases in self.policies for c in cases for each in c.when}
        if SAYS_MORE in asked:
            text += _noted(w.MORE, [w.carries(SAYS_MORE.values)])
        if any(each.fact is Fact.MISMATCH for each in asked):
            text += _noted(w.DYNAMIC, [w.dynamic()])
            text += _noted(w.MISMATCH, w.mismatches())
        # An error page of Apache's has a type that no field says, and an ErrorDocument
        # is reached by an internal redirect.
        own = (
            "%{REQUEST_STATUS} -ge 400 && -n %{CONTENT_TYPE} && -z %{resp:Content-Type}"
            " || %{reqenv:REDIRECT_STATUS} -ge 400"
        )
        text += _write_down(_CLOSED, own)
        for cases, name in self.policies.items():
            if name != _CLOSED:
                text += self._policy(name, cases)
        text += f"# All else.\n{_write_down(_CLOSED)}"
        return text + _note_down(w.SAY)

    def _policy(self, name: str, cases: tuple[Case, ...]) -> str:
        numbers = [str(n) for n in dict.fromkeys(e.number for e in self.users[name])]
        rules = "rule" if len(numbers) == 1 else "rules"
        text = w.comment(f"{name}: {rules} {', '.join(numbers)}")
        for case in cases:
            asked = [f"{w.env(w.RULE)} == '{name}'", *map(w.holds, case.when)]
            text += _write_down(self._outcome(case), " && ".join(asked))
        return text

    def _where(self, chosen: Collection[Outcome]) -> str:
        """Return the condition for the outcomes that are *chosen*, ready to append."""
        names = [name for each, name in self.outcomes.items() if each in chosen]
        others = [name for each, name in self.outcomes.items() if each not in chosen]
        if not others:
            return ""
        said = w.note(w.SAY)
        if len(others) < len(names):
            return " " + w.expression(f"! ({w.one_of(said, others)})")
        return " " + w.expression(w.one_of(said, names))

    def _removals(self) -> str:
        """Return what takes away the app's fields, from both tables."""
        fields = dict.fromkeys(CACHING)
        for outcome in self.outcomes:
            fields |= dict.fromkeys(_gone(outcome))
        text = w.comment("5. What the app said instead goes, from both tables.")
        for field in fields:
            condition = self._where({o for o in self.outcomes if field in _gone(o)})
            for table in ("onsuccess", "always"):
                text += f"Header {table} unset {field_name(field)}{condition}\n"
        return text

    def _texts(self) -> str:
        """Return what is said, outcome by outcome."""
        text = w.comment(
            "6. What is said. Where the app's own Cache-Control was read, it is "
            "changed line by line, since only its first line was seen."
        )
        for outcome, name in self.outcomes.items():
            only = " " + w.expression(f"{w.note(w.SAY)} == '{name}'")
            text += "".join(line + only + "\n" for line in self._lines(outcome))
        return text

    def _lines(self, outcome: Outcome) -> Iterator[str]:
        answer, word = outcome
        never = w.replacement(self.plan.default.cache_control)
        for name, said in answer.set:
            if name != "cache-control" or not word:
                yield f"Header always set {field_name(name)} {w.value(said)}"
        if word is None:
            return
        others = f"^(?!(?:{w.regex(word)})$).*$" if word else "^.+$"
        yield f'Header onsuccess edit Cache-Control "{others}" {never}'
        if word and answer.say is Say.OWN:
            own = w.replacement(answer.cache_control)
            line = f"^(?:{w.regex(word)})$"
            yield f'Header onsuccess edit Cache-Control "{line}" {own}'


def _gone(outcome: Outcome) -> tuple[str, ...]:
    """Return the fields that the app's own lines of are taken away."""
    answer, word = outcome
    names = (*answer.remove, *dict(answer.set))
    return names if word is None else tuple(n for n in names if n != "cache-control")


def _modules() -> str:
    text = w.comment("Without these modules the policy would be silently off.")
    for name in _NEEDED:
        text += (
            f"<IfModule !mod_{name}.c>\n"
            f'    Error "the cache policy needs mod_{name}: a2enmod {name}"\n'
            "</IfModule>\n"
        )
    return text


def _write_down(what: str, asked: str = "") -> str:
    condition = f" {w.expression(asked)}" if asked else ""
    return f"Header always setifempty {_PAD} {what}{condition}\n"


def _note_down(name: str) -> str:
    return f"Header always note {_PAD} {name}\nHeader always unset {_PAD}\n"


def _noted(name: str, asked: list[str]) -> str:
    """Return what keeps in the note *name* whether any of *asked* holds."""
    return "".join(_write_down("yes", each) for each in asked) + _note_down(name)


TARGET = Target(
    name="apache",
    title="Apache httpd",
    write=write,
    can=ALL,
    real=True,
)
