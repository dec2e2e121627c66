"""nginx: the policy as maps, and the lines of a server that use them.

Decisions are maps only; a server needs one line. How nginx is written is
nginx_words.py's, which rule applies nginx_paths.py's, what it says nginx_answers.py's.
"""

from __future__ import annotations

from .cases import CACHING, VALIDATORS
from .nginx_answers import Answers
from .nginx_paths import Choice, choosing, fits
from .nginx_words import (
    DOLLAR,
    Line,
    commented,
    header_variable,
    mapped,
    quoted,
    titled,
)
from .paths import PLAIN_DECODED
from .plan import Case, Plan
from .target import ALL, Export, File, Heading, Target
from .words import field_name

HTTP, SERVER, PROXY = "nocache-http.conf", "nocache.conf", "nocache-proxy.conf"
GATEWAYS = "nocache-gateways.conf"

_INCLUDE = f"""\
http {{
    variables_hash_max_size 4096;            # for the names of the maps
    variables_hash_bucket_size 128;
    include {HTTP};               # once
    server {{                                # each, also the default server
        include {SERVER};                # first, before any rewrite
        location / {{
            proxy_pass http://app;
            include {PROXY};      # wherever proxy_set_header lines are
        }}
    }}
}}
With fastcgi_pass, uwsgi_pass or scgi_pass include {GATEWAYS}, too, after
{SERVER}."""

_GAPS = (
    "NC804: a location with an add_header of its own loses all of the server's, this "
    "policy included, unless it says include nocache.conf again (from 1.29.3 "
    "add_header_inherit merge keeps both); so it is with proxy_hide_header, "
    "proxy_no_cache and proxy_cache_bypass, and an expires line adds a second "
    "Cache-Control",
    "What the http block says in add_header, proxy_hide_header, proxy_no_cache or "
    "proxy_cache_bypass no longer reaches a server that includes nocache.conf; repeat "
    "it there",
    "The app may answer 304 to a conditional request where a location has "
    "proxy_set_header lines but not nocache-proxy.conf",
    "If-None-Match: * is answered with 304 by nginx itself; no cache asks so",
    "No file is confirmed with 304, since only a whole location can allow it: etag on; "
    "if_modified_since exact; where all is cacheable",
    "Before 1.23 nginx shows only the first of several Cache-Control lines of the app, "
    "and only that one stays; later versions join them",
    "A field that is there without a value counts as absent",
    "error_page with =200 and cookies that nginx sets itself are not seen as errors "
    "and cookies of the app",
    "Refusals before the Host field is read, such as 400 and 414, come from the "
    "default server, so it must include nocache.conf, too",
    "Paths are those that the client sent, whatever rewrite and proxy_pass make of "
    "them",
    "nginx's own cache keeps what the app's own fields allow, and not what the policy "
    "adds; subrequests (auth_request, SSI) follow the rule of their request",
    "The unnamed groups ($1) of a server_name are lost: name them",
)


def write(plan: Plan, heading: Heading) -> Export:
    """Return the files for nginx: its maps, a server's lines, a location's lines."""
    left_out = [e for e in plan.entries if not fits(Choice(e, ""))]
    gaps = tuple(
        f"Rule {e.number} is never-store: nginx reads no pattern that long"
        for e in left_out
    )
    policy = _Policy(plan)
    top = "".join(commented(line) or "#\n" for line in heading.lines)
    http = policy.http()
    if "${nocache_dollar}" in http:
        http = f"\n{DOLLAR}{http}"
    return Export(
        (
            File(HTTP, f"{top}#\n{commented(_ABOUT_HTTP)}{http}"),
            File(SERVER, top + policy.server()),
            File(PROXY, top + _PROXY),
            File(GATEWAYS, top + _gateways()),
        ),
        _INCLUDE,
        (*_GAPS, *gaps),
    )


_ABOUT_HTTP = (
    "Included in the http block. Nothing here does anything by itself: the maps are "
    "asked by nocache.conf and nocache-proxy.conf."
)
_PROXY = """
# What must not be confirmed is asked for as a whole. Included wherever there are
# proxy_set_header lines: nginx takes none from further out where there is one.
proxy_set_header If-None-Match     $nocache_if_none_match;
proxy_set_header If-Modified-Since $nocache_if_modified_since;
proxy_set_header If-Range          $nocache_if_range;
proxy_set_header Range             $nocache_range;
"""
_CONDITIONALS = ("if-none-match", "if-modified-since", "if-range")


#: The same for a target with its query. It can be read in one way only, so nothing
#: is tried again: the longest path is read as fast, and within a small stack.
_PLAIN = PLAIN_DECODED.replace("*)+", "*+)++").removesuffix("$") + r"(?:\?|$)"


class _Policy:
    """One plan, on its way into nginx."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        names: dict[tuple[Case, ...], str] = {(Case(plan.default),): "0"}
        self._choices: list[Choice] = []
        for entry in plan.entries:
            cases = entry.cases
            if _is_default(cases, plan):
                cases = (Case(plan.default),)
            if cases not in names:
                names[cases] = _free(str(entry.number), {*names.values()})
            choice = Choice(entry, names[cases])
            if fits(choice):
                self._choices.append(choice)
        profiles = {name: cases for cases, name in names.items() if name != "0"}
        self._strict = [c.value for c in self._choices if c.entry.strict]
        self._answers = Answers(plan, profiles)
        self._fields = list(self._answers.fields())

    def http(self) -> str:
        """Return the maps."""
        answers = self._answers
        out = titled("1. Which rule applies, by number; 0 is the default.")
        out += self._rule()
        out += titled("2. What is asked of the request and of the response.")
        out += answers.facts()
        out += titled(
            "3. What is said: never (the default), app (what the app sent), or the "
            "words themselves. Marks stand before the colon, the app's Cache-Control "
            "after it."
        )
        out += answers.cases()
        out += titled("4. The fields that leave; an empty one does not.")
        out += "".join(text for _, text in self._fields)
        out += titled("5. What is not stored here, and what is asked for as a whole.")
        out += answers.guards() + answers.stored() + self._conditionals()
        return out

    def _rule(self) -> str:
        line = Line(f"~{_PLAIN}", "$nocache_path")
        odd = [c for c in self._choices if c.entry.strict]
        elsewhere = "0"
        out = ""
        if any(choice.value != "0" for choice in odd):
            elsewhere = "$nocache_odd"
            out += choosing(odd, "nocache_odd")
        out += choosing(self._choices, "nocache_path") if self._choices else ""
        lines = [line] if self._choices else []
        out += "\n# Only a path that nobody reads in two ways may be more than 0.\n"
        out += mapped("$request_uri", "$nocache_rule", elsewhere, lines).lstrip("\n")
        return out

    def _conditionals(self) -> str:
        values = dict.fromkeys(["0", *self._strict])
        lines = [Line(f"{m}:{v}", "1") for m in ("GET", "HEAD") for v in values]
        source = "$request_method:$nocache_rule"
        out = mapped(source, "$nocache_whole", '""', lines)
        for name in _CONDITIONALS:
            sent = header_variable("http", name)
            variable = header_variable("nocache", name)
            out += mapped("$nocache_whole", variable, sent, [Line("1", '""')])
        # A part, if the copy is still the same: without the condition, the whole.
        lines = [Line("1", "$nocache_part")]
        out += mapped(
            "$http_if_range", "$nocache_part", '""', [Line("", "$http_range")]
        )
        return out + mapped("$nocache_whole", "$nocache_range", "$http_range", lines)

    def server(self) -> str:
        """Return the lines of a server."""
        fixed = "".join(["$nocache_rule", *self._answers.fixed])
        out = _SERVER.format(fixed=quoted(fixed))
        out += "".join(_hidden("proxy"))
        out += "\n# What leaves instead, whoever made the response.\n"
        for name in dict.fromkeys(name for name, _ in self._fields):
            shown = field_name(name)
            out += f"add_header {shown} {header_variable('nocache', name)} always;\n"
        out += "\n# The cache of nginx itself, if there is one.\n"
        return out + _stored("proxy")


_SERVER = """
# Included in each server, first of all. Fixed here, before anything rewrites the path.
set $nocache_fixed {fixed};

# nginx confirms nothing and adds nothing by itself.
etag off;
if_modified_since off;
expires off;

# What the app says of caching stays here: the maps have read it.
"""


def _gateways() -> str:
    """Return what nocache.conf says of proxy_pass, for the other ways to an app."""
    out = "\n# The same as in nocache.conf, for other ways to reach the app.\n"
    for protocol in ("fastcgi", "uwsgi", "scgi"):
        out += "\n" + "".join(_hidden(protocol)) + _stored(protocol)
    return out


def _stored(protocol: str) -> str:
    out = f"{protocol}_cache_bypass $nocache_bypass;\n"
    return f"{out}{protocol}_no_cache $nocache_no_store;\n"


def _hidden(protocol: str) -> list[str]:
    names = (*CACHING, *VALIDATORS)
    return [f"{protocol}_hide_header {field_name(name)};\n" for name in names]


def _is_default(cases: tuple[Case, ...], plan: Plan) -> bool:
    return all(case.answer == plan.default for case in cases)


def _free(name: str, taken: set[str]) -> str:
    tries = (f"{name}_{n}" if n > 1 else name for n in range(1, len(taken) + 2))
    return next(each for each in tries if each not in taken)


TARGET = Target("nginx", "nginx", write, ALL, real=True)
