"""A Caddyfile's words: tokens, comments, blocks, and the flags that cases ask for.

What is asked of an exchange becomes a flag: one word in a line of facts. Which flags
make which answer, and the layout of the file, are caddy.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from .cases import (
    AUTHORIZED,
    ERRORS,
    EXPIRES,
    HAS_COOKIE,
    MISMATCHES,
    QUIET,
    SAYS_MORE,
    SETS_COOKIE,
)
from .losses import NotExpressibleError
from .paths import escaped
from .plan import Condition, Entry, Fact
from .words import commented, field_name

#: The raw target; of all placeholders of a path the only one that is not decoded.
TARGET_AS_SENT = "{http.request.orig_uri}"
#: The rest of the request line as it came: a site may rewrite the others.
PATH = "{http.request.orig_uri.path}"
METHOD = "{http.request.orig_method}"
#: How the fields begin that are there only while an answer is written.
_FIELD = "Nocache"

#: What the conditions that every policy asks for are called.
_NAMES = {
    ERRORS: "error",
    replace(QUIET, negated=True): "unsafe",
    SETS_COOKIE: "sets_cookie",
    AUTHORIZED: "authorized",
    HAS_COOKIE: "cookie",
    SAYS_MORE: "says_more",
    EXPIRES: "expires",
    Condition(Fact.MISMATCH, ()): "mismatch",
}
_KINDS = {
    Fact.METHOD: "method",
    Fact.REQUEST_FIELD: "asked",
    Fact.STATUS: "status",
    Fact.RESPONSE_FIELD: "sent",
    Fact.MEDIA_TYPE: "type",
}
#: How long the name of a flag may be before it gets a number.
_SHORT = 20


def token(text: str) -> str:
    """Return *text* as one token of a Caddyfile, quoted where it must be.

    Placeholders in it stay placeholders.
    """
    if re.fullmatch(r"[A-Za-z0-9_./*@{}:>-]+", text):
        return text
    if '"' in text and "`" not in text:
        return f"`{text}`"
    # A quoted token knows no other escape than that of the quote.
    return '"' + text.replace('"', r"\"") + '"'


def literal(text: str) -> str:
    """Return *text*, which has no placeholders, as one token.

    Raises:
        NotExpressibleError: NC802, it has a brace. Caddy 2.11.7 put the path in for
            an escaped ``{path}``, and the environment is read before anything else.
    """
    if "{" in text or "}" in text:
        message = (
            f"NC802 the text {text!r} has braces, which Caddy reads; leave them out"
        )
        raise NotExpressibleError("export caddy", [message])
    return token(text)


def pattern(regex: str) -> str:
    r"""Return what ``map`` takes for a regular expression, as one token.

    Quotes, braces and control characters become ``\x22`` and the like, so nothing
    in a rule can end the token, name a placeholder or an environment variable.
    """

    def safe(found: re.Match[str]) -> str:
        character = found[1] or found[0]
        if character in '"`{}' or character < " " or character == "\x7f":
            return f"\\x{ord(character):02x}"
        return found[0]

    return (
        '"~' + re.sub(r"\\(.)|[\"`\x00-\x1f\x7f]", safe, regex, flags=re.DOTALL) + '"'
    )


def grouped(regex: str) -> str:
    """Return *regex* so that something may follow it."""
    return f"(?:{regex})" if "|" in regex else regex


def comment(text: str, indent: str = "\t") -> list[str]:
    """Return *text* as comment lines; nothing in it is read, not even ``{$HOME}``."""
    # The environment is put in before comments are known, line ends and all.
    return commented(text.replace("{$", "{ $"), indent)


def block(opening: str, lines: Iterable[str], indent: str = "\t") -> list[str]:
    """Return the lines of a block."""
    inside = [f"{indent}\t{line}" if line else "" for line in lines]
    return [f"{indent}{opening} {{", *inside, f"{indent}}}"]


class Flag(NamedTuple):
    """One word of the facts.

    Attributes:
        name: The word.
        condition: What it stands for.
    """

    name: str
    condition: Condition

    @property
    def placeholder(self) -> str:
        """What has the word and a blank after it, or nothing."""
        return f"{{nocache_{self.name}}}"

    @property
    def matcher(self) -> str:
        """What a response matcher can see of it, and no placeholder; ``""``.

        A field without a value is there, though its placeholder is empty.
        """
        fact, values = self.condition.fact, self.condition.values
        if fact is Fact.STATUS:
            return f"status {statuses(values)}"
        if fact is Fact.RESPONSE_FIELD and len(values) == 1:
            return f"header {field_name(values[0])} *"
        return ""

    @property
    def field(self) -> str:
        """The field that says what the matcher saw, while an answer is written."""
        return f"{_FIELD}-{self.name.replace('_', '-').title()}"

    def mapped(self) -> list[str]:
        """Return the ``map`` that says whether it is so."""
        source, lines = _asked(self)
        words = (f'"{self.name} "', '""')
        yes, no = reversed(words) if self.condition.negated else words
        inside = [f"{line} {yes if holds else no}" for line, holds in lines]
        head = f"map {token(source)} {self.placeholder}"
        return block(head, [*inside, f"default {no}"])


def flags_of(conditions: Iterable[Condition]) -> dict[Condition, Flag]:
    """Return a flag for each of the *conditions*, words of the app's excepted."""
    out: dict[Condition, Flag] = {}
    for asked in conditions:
        if asked.fact is not Fact.WORD and asked not in out:
            out[asked] = Flag(_name(asked, len(out)), asked)
    return out


def _name(asked: Condition, number: int) -> str:
    if asked in _NAMES:
        return _NAMES[asked]
    kind = _KINDS[asked.fact]
    said = re.sub(r"[^0-9a-z]+", "_", "_".join(asked.values).lower())
    if asked.fact is Fact.STATUS:
        said = statuses(asked.values).replace(" ", "_")
    short = len(said) < _SHORT and asked.fact is not Fact.MEDIA_TYPE
    return f"{kind}_{said}" if short and not asked.negated else f"{kind}_n{number + 1}"


def _asked(flag: Flag) -> tuple[str, list[tuple[str, bool]]]:
    """Return what is looked at, and the inputs that say yes or no."""
    values = flag.condition.values
    if flag.matcher:
        return response_field(flag.field), [("yes", True)]
    match flag.condition.fact:
        case Fact.METHOD:
            return METHOD, [(pattern(f"^(?:{'|'.join(values)})$"), True)]
        case Fact.REQUEST_FIELD:
            return f"{{vars.nocache_{flag.name}}}", [("yes", True)]
        case Fact.RESPONSE_FIELD:
            return "".join(map(response_field, values)), [(pattern("."), True)]
        case Fact.MEDIA_TYPE:
            types = "|".join(each.replace(".*", "[^;,]*") for each in values)
            regex = rf"(?i)^(?:.*,)?[ \t]*(?:{types})[ \t]*(?:;.*)?$"
            return response_field("content-type"), [(pattern(regex), True)]
        case _:
            # A plain path has no semicolon, and only those are asked about.
            return f"{PATH};{response_field('content-type')}", list(_mismatches())


def _mismatches() -> Iterator[tuple[str, bool]]:
    """Yield what is no contradiction, and then what is."""
    for each in MISMATCHES:
        ends, parts = "|".join(each.extensions), _parts(each.expected)
        regex = rf"(?i)^[^;]*\.(?:{ends});[^;,]*(?:{parts})[^;,]*(?:;[^,]*)?$"
        yield pattern(regex), False
    for dynamic in dict.fromkeys(each.dynamic for each in MISMATCHES):
        ends = "|".join(e for m in MISMATCHES if m.dynamic == dynamic for e in m[0])
        regex = rf"(?i)^[^;]*\.(?:{ends});(?:.*,)?[^;]*(?:{_parts(dynamic)})"
        yield pattern(regex), True


def _parts(regexes: Iterable[str]) -> str:
    return "|".join(each.removeprefix(".*").removesuffix(".*") for each in regexes)


def response_field(name: str) -> str:
    """Return the placeholder of a field, read while the answer is written."""
    return f"{{http.response.header.{field_name(name)}}}"


def request(entry: Entry, *, methods: bool, hosts: bool) -> str:
    """Return the regular expression for "spelling method host path"."""
    words = ["[a-z]+" if entry.strict else "plain"]
    if methods:
        words.append(grouped("|".join(entry.methods)) or "[^ ]+")
    if hosts:
        names = "|".join(map(_host, entry.hosts))
        words.append(f"(?i:{names})[.]?" if names else "[^ ]*")
    path = entry.path.regex.removeprefix("^").removesuffix("$")
    words.append(f"(?i:{path})" if entry.path.shadowed else path)
    return f"(?s)^{' '.join(words)}$"


def _host(name: str) -> str:
    return "[^ ]*" + escaped(name[1:]) if name.startswith("*") else escaped(name)


def statuses(ranges: Iterable[str]) -> str:
    """Return the codes of *ranges* as a response matcher takes them."""
    out: list[str] = []
    for each in ranges:
        first, last = map(int, each.split("-"))
        code = first
        while code <= last:
            whole = code % 100 == 0 and code + 99 <= last
            out.append(f"{code // 100}xx" if whole else str(code))
            code += 100 if whole else 1
    return " ".join(out)
