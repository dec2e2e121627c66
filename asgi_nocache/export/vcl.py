"""What Varnish and Fastly have in common: strings, comments, conditions.

Text only. The search for a path is vcl_search.py's, what the rules say vcl_rules.py's;
each of the two has a module that puts the pieces into subroutines of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .cases import CACHING, MISMATCHES, SAYS_MORE
from .plan import Answer, Condition, Fact, Say
from .words import WIDTH, commented, field_name

#: Fields of our own, on the way through: none comes from a client or goes to one.
RULE, PATH, SAY = "X-Nocache-Rule", "X-Nocache-Path", "X-Nocache-Say"
MORE, MISMATCH = "X-Nocache-More", "X-Nocache-Mismatch"
#: The rule's number where no rule is, and what leaves where nobody says otherwise.
DEFAULT, NEVER = "0", "never"


def comment(text: str) -> str:
    """Return *text* as a comment that nothing in it can end."""
    return "".join(f"{line}\n" for line in commented(text))


def string(text: str) -> str:
    """Return *text* as a VCL string; Fastly's reads ``%`` in short ones."""
    if '"' not in text:
        return f'{{"{text}"}}' if "%" in text else f'"{text}"'
    parts = (f"{string(part)}" for part in text.split('"'))
    return ' + {"""} + '.join(parts)


def regex(text: str) -> str:
    """Return the regular expression *text* as a VCL string."""
    return '"' + text.replace('"', r"\x22").replace("%", r"\x25") + '"'


def one_of(names: Iterable[str]) -> str:
    """Return a VCL regular expression for exactly one of *names*."""
    return regex(f"^(?:{'|'.join(names)})$")


def sub(name: str, body: Iterable[str], note: str = "") -> str:
    """Return the subroutine *name* with the lines of *body*, and what it is for."""
    inner = "".join(f"  {line}\n" for line in body)
    return f"{comment(note)}sub {name} {{\n{inner}}}\n"


def when(parts: Iterable[str], operator: str, keyword: str = "if") -> Iterator[str]:
    """Yield *keyword* and *parts*, up to the brace, on as many lines as they need."""
    tests = list(parts)
    line = f"{keyword} ({f' {operator} '.join(tests)}) {{"
    if len(line) <= WIDTH - 2 or len(tests) == 1:
        yield line
        return
    yield f"{keyword} ("
    yield f"    {tests[0]}"
    yield from (f"    {operator} {test}" for test in tests[1:])
    yield ") {"


def condition(asked: Condition, request: str) -> str:
    """Return what *asked* asks, where the response is ``beresp``.

    Args:
        asked: The condition.
        request: What the request is called there.
    """
    said = _condition(asked, request)
    return f"!({said})" if asked.negated else said


def _condition(asked: Condition, request: str) -> str:
    values = asked.values
    match asked.fact:
        case Fact.METHOD:
            return f"{request}.method ~ {one_of(values)}"
        case Fact.REQUEST_FIELD:
            return any_of(f"{request}.http.{field_name(name)}" for name in values)
        case Fact.RESPONSE_FIELD if values == SAYS_MORE.values:
            return f"beresp.http.{MORE}"
        case Fact.RESPONSE_FIELD:
            return any_of(f"beresp.http.{field_name(name)}" for name in values)
        case Fact.STATUS:
            return any_of(_status(each) for each in values)
        case Fact.MISMATCH:
            return f"beresp.http.{MISMATCH}"
        case Fact.MEDIA_TYPE:
            return f"beresp.http.Content-Type ~ {_media_type(values)}"
        case _:  # Fact.WORD
            if not values[0]:
                return "!beresp.http.Cache-Control"
            return f"beresp.http.Cache-Control ~ {regex(f'^(?:{values[0]})$')}"


def _status(bounds: str) -> str:
    low, _, high = bounds.partition("-")
    if low == high:
        return f"beresp.status == {low}"
    return f"beresp.status >= {low} && beresp.status <= {high}"


def _media_type(values: Iterable[str]) -> str:
    types = "|".join(each.replace(".*", "[^;]*") for each in values)
    return regex(f"(?i)^[ \\t]*(?:{types})[ \\t]*(?:;|$)")


def any_of(parts: Iterable[str]) -> str:
    """Return the expression that one of *parts* holds."""
    return " || ".join(braced(list(parts), " && "))


def all_of(parts: Iterable[str]) -> str:
    """Return the expression that all of *parts* hold."""
    return " && ".join(braced(list(parts), " || "))


def braced(parts: Sequence[str], other: str) -> Sequence[str]:
    """Return *parts*, in brackets where they hold the operator *other*."""
    if len(parts) == 1:
        return parts
    return [f"({part})" if other in part else part for part in parts]


def looking(path: str) -> Iterator[str]:
    """Yield what takes note of what several rules ask of a response.

    Args:
        path: What holds the path, a query behind it or not.
    """
    yield f"unset beresp.http.{MORE};"
    yield f"unset beresp.http.{MISMATCH};"
    yield "# What says something of caching beside Cache-Control."
    names = [f"beresp.http.{field_name(name)}" for name in SAYS_MORE.values]
    yield from when(names, "||")
    yield f'  set beresp.http.{MORE} = "yes";'
    yield "}"
    yield "# Dynamic content where a path looks static."
    dynamic = _holding(MISMATCHES[0].dynamic)
    yield f"if (beresp.http.Content-Type ~ {dynamic}) {{"
    for each in MISMATCHES:
        ends = rf"(?i)^[^?]*\.(?:{'|'.join(each.extensions)})(?:\?|$)"
        expected = f"beresp.http.Content-Type !~ {_holding(each.expected)}"
        tests = when([f"{path} ~ {regex(ends)}", expected], "&&")
        yield from (f"  {line}" for line in tests)
        yield f'    set beresp.http.{MISMATCH} = "yes";'
        yield "  }"
    yield "}"


def _holding(types: Iterable[str]) -> str:
    parts = (each.removeprefix(".*").removesuffix(".*") for each in types)
    return regex(f"(?i)^[^;]*(?:{'|'.join(parts)})")


def clearing() -> Iterator[str]:
    """Yield what takes every field of caching from ``resp``."""
    yield from (f"unset resp.http.{field_name(name)};" for name in CACHING)


def saying(answer: Answer) -> Iterator[str]:
    """Yield what makes ``resp`` say *answer*."""
    if answer.say is not Say.KEEP:
        yield "call nocache_clear;"
    for name in answer.remove:
        if answer.say is Say.KEEP or name not in CACHING:
            yield f"unset resp.http.{field_name(name)};"
    yield from (f"set resp.http.{field_name(n)} = {string(v)};" for n, v in answer.set)
