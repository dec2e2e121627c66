"""Caddy 2.11: one file with the snippet ``nocache``, in the Caddyfile's own words.

Layout only; tokens and flags are caddy_words.py's. Caddy has no words for "if the
app said so", but two of its parts are late (measured on 2.11.7): a ``map`` is worked
out when its placeholder is read, and a deferred ``header`` reads placeholders when
the answer is about to leave. So regular expressions over the app's Cache-Control are
possible, for whatever answers: a proxied app, files, ``respond``, ``redir``. The
verdict is left in a response field for a moment, since the first field that is set
would change what the next one reads. Deferred handlers run from the last to the
first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .caddy_words import (
    METHOD,
    PATH,
    TARGET_AS_SENT,
    block,
    comment,
    flags_of,
    grouped,
    literal,
    pattern,
    request,
    response_field,
    token,
)
from .cases import ERRORS
from .paths import PLAIN_DECODED
from .plan import Answer, Case, Entry, Fact, Plan, Say
from .target import ALL, Export, File, Heading, Target
from .words import field_name

_ANSWER = "Nocache-Answer"
_TEXT = "{nocache_text}"
_OWN_ERROR = "{nocache_own_error}"
#: Set once an upstream has answered, and only then.
_LATENCY = "{http.reverse_proxy.upstream.latency}"
_NEVER = "never"
#: Texts that a map can pass on; any other stands in a block of its own.
_SIMPLE = re.compile(r"[A-Za-z0-9 ,=_-]+")
_LABELS = {Say.NEVER: _NEVER, Say.OWN: "own", Say.KEEP: "keep"}

_INCLUDE = """\
import nocache.caddyfile

shop.example {
	import nocache
	reverse_proxy 127.0.0.1:8000
}

The first import stands outside of all sites; the second is the first line of a site,
above its own header lines. A handle_errors of the site's own must be merged by hand:
write "import nocache_errors" as its first line."""

_GAPS = (
    "What Caddy cannot read as a request (400, 431), and OPTIONS *, is answered "
    "before a site is known, without any field",
    "A host that no site is for gets an empty 200 from Caddy, without the policy",
    "Where a site has a handle_errors of its own, the errors of opened paths leave "
    'without the policy, unless "import nocache_errors" stands first in it',
    "Where a rule opens a path and no handler of the site answers, Caddy's empty 200 "
    "has no Cache-Control",
    "A deferred header line of the site with a matcher (header /x >Cache-Control y) "
    "comes after the policy and wins",
    "To a proxied answer with Pragma: no-cache and no Cache-Control, Caddy adds "
    "Cache-Control: no-cache before the policy sees it",
    "Several Cache-Control lines in one answer count as one that nobody can read; "
    "they stay only where the app decides",
    "Pragma and targeted fields without a value count as not sent",
)


class _Shape(NamedTuple):
    """What answers share, but for the text of Cache-Control."""

    say: Say
    lines: tuple[tuple[str, str], ...]
    remove: tuple[str, ...]
    shared: bool


def _shape(answer: Answer) -> _Shape:
    text = answer.cache_control
    shared = answer.say is Say.OWN and bool(_SIMPLE.fullmatch(text))
    lines = tuple(x for x in answer.set if not shared or x[0] != "cache-control")
    return _Shape(answer.say, lines, answer.remove, shared)


class _Writer:
    """One plan, written down."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.lists: dict[tuple[Case, ...], str] = {(Case(plan.default),): _NEVER}
        self.rules: dict[str, list[Entry]] = {}
        for entry in plan.entries:
            name = f"rule_{entry.number}"
            if name in self.rules:  # it says another thing where it is shadowed
                name += "_other"
            name = self.lists.setdefault(entry.cases, name)
            self.rules.setdefault(name, []).append(entry)
        cases = [case for cases in self.lists for case in cases]
        asked = [each for case in cases for each in case.when]
        self.flags = flags_of([ERRORS, *asked])
        self.shapes: dict[_Shape, str] = {}
        for case in [Case(plan.default), *cases]:
            self._label(case.answer)
        #: Else all that leaves is the default's.
        self.reads = len(self.shapes) > 1

    def _label(self, answer: Answer) -> str:
        shape = _shape(answer)
        if shape not in self.shapes:
            kind = _LABELS[shape.say]
            same = sum(label.split("-")[0] == kind for label in self.shapes.values())
            self.shapes[shape] = f"{kind}-{same + 1}" if same else kind
        return self.shapes[shape]

    def _verdict(self, answer: Answer) -> str:
        """Return the text that stands for *answer* until it is carried out."""
        label = self._label(answer)
        return f"{label} {answer.cache_control}" if _shape(answer).shared else label

    def sections(self) -> Iterator[list[str]]:
        """Yield the parts of the snippet."""
        if self.plan.entries:
            yield self._spelling()
            yield self._rules()
        rule = "{nocache_rule}" if self.plan.entries else _NEVER
        yield [f"\tvars nocache_rule {rule}"]
        yield self._requests()
        if self.reads:
            yield [
                *comment('The text in an answer such as "own public, max-age=60".'),
                *block(
                    f"map {response_field(_ANSWER)} {_TEXT}",
                    [pattern("^[^ ]+ (.*)$") + ' "${1}"'],
                ),
            ]
            yield from self._facts()
            yield from self._answers()
        yield from self._endings()
        yield [
            *comment("Errors skip all that is above: Caddy runs this in its place."),
            *block("handle_errors", ["import nocache_errors"]),
        ]

    def _spelling(self) -> list[str]:
        plain = PLAIN_DECODED.removesuffix("$") + "(?:[?]|$)"
        lines = [f"{pattern(plain)} plain", "default odd"]
        return [
            *comment(
                "The path as it was sent: plain, or odd, that is with anything that "
                "servers read in two ways. What is odd is never opened."
            ),
            *block(f"map {TARGET_AS_SENT} {{nocache_spelling}}", lines),
        ]

    def _rules(self) -> list[str]:
        entries = self.plan.entries
        methods = any(entry.methods for entry in entries)
        hosts = any(entry.hosts for entry in entries)
        parts = ["{nocache_spelling}", *([METHOD] if methods else ())]
        parts += ["{http.request.host}"] if hosts else []
        lines: list[str] = []
        seen: set[str] = set()
        for entry in entries:
            regex = pattern(request(entry, methods=methods, hosts=hosts))
            if regex not in seen:  # the first counts, and Caddy refuses a second
                seen.add(regex)
                reason = f": {entry.reason}" if entry.reason else ""
                lines += comment(f"{entry.number}. {entry.rule}{reason}", "")
                lines.append(f"{regex} {self.lists[entry.cases]}")
        head = f"map {token(' '.join([*parts, PATH]))} {{nocache_rule}}"
        return [
            *comment("The rule: the first that matches, on the decoded path."),
            *block(head, [*lines, f"default {_NEVER}"]),
        ]

    def _requests(self) -> list[str]:
        """Return what is done with the request."""
        strict = [
            name
            for cases, name in self.lists.items()
            if all(case.answer.say is Say.NEVER for case in cases)
        ]
        lines = [
            *comment(
                "What is never stored is never confirmed from an old copy either. "
                "Range goes only with If-Range: alone it is media seeking."
            ),
            *block(
                "@nocache_never",
                [f"vars nocache_rule {' '.join(strict)}", "method GET HEAD"],
            ),
            *block(
                "@nocache_part",
                [
                    f"vars nocache_rule {' '.join(strict)}",
                    "method GET HEAD",
                    "header If-Range *",
                ],
            ),
            "\trequest_header @nocache_part -Range",
            "\trequest_header @nocache_never -If-Range",
            "\trequest_header @nocache_never -If-None-Match",
            "\trequest_header @nocache_never -If-Modified-Since",
            "",
            *comment("Not deferred, for a site where no handler answers."),
            f"\t@nocache_closed vars nocache_rule {' '.join(strict)}",
        ]
        own = [f"{field_name(n)} {literal(v)}" for n, v in self.plan.default.set]
        return [*lines, *block("header @nocache_closed", own)]

    def _facts(self) -> Iterator[list[str]]:
        """Yield what is asked of the exchange, one flag each."""
        for flag in self.flags.values():
            lines: list[str] = []
            if flag.condition.fact is Fact.REQUEST_FIELD:
                for number, name in enumerate(flag.condition.values, 1):
                    matcher = f"@nocache_{flag.name}_{number}"
                    lines.append(f"\t{matcher} header {field_name(name)} *")
                    lines.append(f"\tvars {matcher} nocache_{flag.name} yes")
            yield [*lines, *flag.mapped()]
        words = "".join(flag.placeholder for flag in self.flags.values())
        if not all(map(_shuts_errors, self.lists)):
            source = self.flags[ERRORS].placeholder + _LATENCY
            words = _OWN_ERROR + words
            yield [
                *comment("An error that no upstream sent is Caddy's own."),
                *block(
                    f"map {token(source)} {_OWN_ERROR}",
                    [f'{pattern("^error $")} "own_error "', 'default ""'],
                ),
            ]
        control = response_field("cache-control")
        yield [
            *comment("All that holds, then a colon and what the app says of caching."),
            *block(
                "map - {nocache_facts}",
                [f'default "{words}: {control}"'],
            ),
        ]

    def _answers(self) -> Iterator[list[str]]:
        """Yield one map for each list of cases, and the one that chooses."""
        default = self._verdict(self.plan.default)
        chosen = []
        for cases, name in self.lists.items():
            if name == _NEVER:
                continue
            chosen.append(f"{name} {{nocache_{name}}}")
            lines = {} if _shuts_errors(cases) else {pattern("^own_error "): default}
            for case in cases:
                lines.setdefault(self._case(case), token(self._verdict(case.answer)))
            about = dict.fromkeys(str(e.number) for e in self.rules[name])
            rules = ", ".join(about)
            yield [
                *comment(f"What leaves under rule {rules}."),
                *block(
                    f"map {{nocache_facts}} {{nocache_{name}}}",
                    [" ".join(line) for line in lines.items()],
                ),
            ]
        yield block(
            "map {vars.nocache_rule} {nocache_answer}", [*chosen, f"default {default}"]
        )

    def _case(self, case: Case) -> str:
        """Return the map's input for *case*; of two alike the first counts."""
        if not case.when:
            return "default"
        flags = [f for asked, f in self.flags.items() if asked in case.when]
        regex = "^" + "".join(rf"[^:]*\b{flag.name}\b" for flag in flags)
        for asked in case.when:
            if asked.fact is Fact.WORD:
                regex += f"[^:]*: {grouped(asked.values[0])}$"
        return pattern(regex)

    def _endings(self) -> Iterator[list[str]]:
        """Yield what writes the fields, from what runs last to what runs first."""
        if not self.reads:
            yield block("header", _fields(_shape(self.plan.default)))
            return
        yield [
            *comment("The answer is carried out; read upwards, the last runs first."),
            *block("header", [f"-{_ANSWER}"]),
        ]
        for shape, label in self.shapes.items():
            if fields := _fields(shape):
                wanted = f'"{label} *"' if shape.shared else label
                yield block("header", [f"match header {_ANSWER} {wanted}", *fields])
        asked = [flag for flag in self.flags.values() if flag.matcher]
        told = [f"-{flag.field}" for flag in asked]
        yield block("header", [f">{_ANSWER} {{nocache_answer}}", *told])
        for flag in asked:
            yield block("header", [f"match {flag.matcher}", f">{flag.field} yes"])
        yield block("header", told)


def _shuts_errors(cases: tuple[Case, ...]) -> bool:
    """Tell whether no error is opened, whoever made it."""
    first = cases[0]
    return first.answer.say is Say.NEVER and first.when in ((), (ERRORS,))


def _fields(shape: _Shape) -> list[str]:
    lines = [f">{field_name(name)} {literal(value)}" for name, value in shape.lines]
    lines += [f">Cache-Control {_TEXT}"] if shape.shared else []
    return [*lines, *(f"-{field_name(name)}" for name in shape.remove)]


def _write(plan: Plan, heading: Heading) -> Export:
    writer = _Writer(plan)
    closed = [
        *comment("For handle_errors: whatever is answered there is never stored."),
        *block("header", _fields(_shape(plan.default))),
    ]
    inside = "\n\n".join("\n".join(lines) for lines in writer.sections())
    text = "\n".join(
        [
            heading.commented(),
            "(nocache) {",
            inside,
            "}",
            "",
            "(nocache_errors) {",
            *closed,
            "}",
            "",
        ]
    )
    return Export((File("nocache.caddyfile", text),), _INCLUDE, _GAPS)


TARGET = Target(name="caddy", title="Caddy", write=_write, can=ALL, real=True)
