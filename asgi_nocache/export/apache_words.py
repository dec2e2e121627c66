"""What the policy says, word by word, in Apache's configuration language.

Comments, quoted texts, regular expressions and single conditions. Which lines there
are, and in which order, is apache.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .cases import MISMATCHES, SAYS_MORE
from .paths import PathForm
from .plan import Condition, Entry, Fact
from .words import commented, field_name

#: Of one request, before anything is answered: the path as it was sent, the same
#: decoded once, whether it is plain, and which policy it is for.
SENT, PATH, PLAIN, RULE = "nocache_sent", "nocache_path", "nocache_plain", "nocache"
#: Of one response: what is said, and what is asked more than once.
SAY, MORE = "nocache_say", "nocache_more"
DYNAMIC, MISMATCH = "nocache_dynamic", "nocache_mismatch"

_REQUEST = (Fact.METHOD, Fact.REQUEST_FIELD)


def comment(text: str) -> str:
    """Return *text* as a comment that nothing in it can end.

    A backslash at the end of a line would continue it on the next one.
    """
    lines = commented(text)
    return "".join(line + (" .\n" if line.endswith("\\") else "\n") for line in lines)


def quoted(text: str) -> str:
    """Return *text* as one argument of a directive."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def value(text: str) -> str:
    """Return *text* as the value of a field; a percent sign begins a format."""
    return quoted(text.replace("%", "%%"))


def replacement(text: str) -> str:
    """Return *text* as what ``Header edit`` puts in; ``$1`` would be a group."""
    return value(re.sub(r"([\\$&])", r"\\\1", text))


def regex(text: str) -> str:
    """Return the regular expression *text* so that no quoting can change it.

    Not by ``#``, which ends it, nor by a quote; by backslashes in pairs, of which the
    configuration takes one; nor by ``${``, which a variable may begin. Apache matches
    bytes, so what is not ASCII is written as those of UTF-8.
    """
    text = text.replace(r"\\", r"\x5c")
    return "".join(
        f"\\x{byte:02x}" if byte in b'"#' or not 32 <= byte < 127 else chr(byte)
        for byte in text.encode()
    )


def expression(text: str) -> str:
    """Return the expression *text* as the last argument of ``Header``."""
    return f'"expr={text}"'


def env(name: str) -> str:
    """Return what reads the environment variable *name* of the request."""
    return f"%{{reqenv:{name}}}"


def note(name: str) -> str:
    """Return what reads the note *name* of the request."""
    return f"%{{note:{name}}}"


def one_of(subject: str, names: Iterable[str]) -> str:
    """Return the condition that *subject* is one of *names*, plain words."""
    listed = [f"'{name}'" for name in names]
    if len(listed) == 1:
        return f"{subject} == {listed[0]}"
    return f"{subject} in {{ {', '.join(listed)} }}"


def any_of(conditions: Sequence[str]) -> str:
    """Return the condition that one of *conditions* holds."""
    return conditions[0] if len(conditions) == 1 else f"({' || '.join(conditions)})"


def at(entry: Entry) -> str:
    """Return the condition that a request is for *entry*."""
    asked = [f"-z {env(RULE)}"]
    if not entry.strict:
        asked.append(f"-n {env(PLAIN)}")
    if entry.methods:
        asked.append(one_of("%{REQUEST_METHOD}", entry.methods))
    if entry.hosts:
        hosts = "|".join(map(_host, entry.hosts))
        asked.append(rf"%{{HTTP_HOST}} =~ m#^(?:{hosts})\.?(?::[0-9]*)?$#i")
    asked.append(f"{env(PATH)} =~ {_path(entry.path)}")
    return " && ".join(asked)


def _host(name: str) -> str:
    any_below = ".*" if name.startswith("*.") else ""
    return any_below + regex(re.escape(name.removeprefix("*")))


def _path(form: PathForm) -> str:
    if form.shadowed:
        return f"m#(?s){regex(form.regex)}#i"
    return f"m#{regex(form.regex)}#"


def holds(condition: Condition) -> str:
    """Return *condition* as an expression."""
    text = _is_so(condition)
    return f"! ({text})" if condition.negated else text


def _is_so(condition: Condition) -> str:
    values = condition.values
    match condition.fact:
        case Fact.METHOD:
            return one_of("%{REQUEST_METHOD}", values)
        case Fact.REQUEST_FIELD:
            return any_of([f"-n %{{req_novary:{field_name(name)}}}" for name in values])
        case Fact.STATUS:
            return any_of([_between(each) for each in values])
        case Fact.RESPONSE_FIELD:
            more = values == SAYS_MORE.values
            return f"-n {note(MORE)}" if more else carries(values)
        case Fact.MISMATCH:
            return f"-n {note(MISMATCH)}"
        case Fact.MEDIA_TYPE:
            return f"%{{CONTENT_TYPE}} =~ {_media(values)}"
        case _:
            if values == ("",):
                return "-z %{resp:Cache-Control}"
            return f"%{{resp:Cache-Control}} =~ m#^(?:{regex(values[0])})$#"


def asks_request(condition: Condition) -> bool:
    """Tell whether *condition* is known before the response is."""
    return condition.fact in _REQUEST


def carries(names: Sequence[str]) -> str:
    """Return the condition that the response has one of the fields *names*."""
    return any_of([f"-n %{{resp:{field_name(name)}}}" for name in names])


def dynamic() -> str:
    """Return the condition that a page or an API answered."""
    return f"%{{CONTENT_TYPE}} =~ {_media(MISMATCHES[0].dynamic)}"


def mismatches() -> list[str]:
    """Return what makes a static-looking path and dynamic content contradict."""
    return [
        f"-n {note(DYNAMIC)}"
        f" && {env(PATH)} =~ m#\\.(?:{'|'.join(each.extensions)})$#i"
        f" && %{{CONTENT_TYPE}} !~ {_media(each.expected)}"
        for each in MISMATCHES
    ]


def _between(bounds: str) -> str:
    low, high = bounds.split("-")
    if low == high:
        return f"%{{REQUEST_STATUS}} -eq {low}"
    return f"(%{{REQUEST_STATUS}} -ge {low} && %{{REQUEST_STATUS}} -le {high})"


def _media(regexes: Sequence[str]) -> str:
    # Parameters are no part of the type, so nothing may reach over the semicolon.
    inner = [text.removeprefix(".*").removesuffix(".*") for text in regexes]
    if all(f".*{part}.*" == text for part, text in zip(inner, regexes, strict=True)):
        return f"m#^[^;]*(?:{'|'.join(map(regex, inner))})#i"
    types = "|".join(regex(text).replace(".*", "[^;]*") for text in regexes)
    return f"m#^\\s*(?:{types})\\s*(?:;|$)#i"
