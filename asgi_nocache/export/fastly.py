"""Fastly: VCL snippets, one for each place of a service, and one with the subroutines.

What VCL shares with Varnish's is vcl.py's, vcl_rules.py's and vcl_search.py's.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import vcl
from . import vcl_rules as rules
from .plan import Answer, Plan
from .target import ALL, Export, File, Heading, Target
from .vcl import DEFAULT, MISMATCH, MORE, NEVER, RULE, SAY
from .vcl_rules import Group
from .vcl_search import Search

_PASS, _ERROR = "X-Nocache-Pass", "X-Nocache-Error"
#: Where each stands among the snippets of its type: lower numbers come first.
_PRIORITIES = {
    "init": 10,
    "recv": 10,
    "hit": 10,
    "miss": 10,
    "pass": 190,
    "fetch": 190,
    "error": 190,
    "deliver": 190,
}
_GAPS = (
    "Nobody has run this on Fastly: the project's tests compare its text only.",
    "What Fastly answers before vcl_recv, or when VCL itself fails, leaves without it.",
    "A 304 of the app renews what is kept by the app's own fields, since Fastly runs "
    "no vcl_fetch for it.",
    "A snippet of yours that returns from vcl_hit or vcl_miss before these, or from "
    "vcl_fetch, decides by itself what is kept.",
)


def write(plan: Plan, heading: Heading) -> Export:
    """Write the snippets.

    Args:
        plan: The plan; it fits :data:`TARGET`.
        heading: What the files say of themselves.
    """
    groups = rules.groups_of(plan)
    labels = rules.labels_of(plan, groups)
    bodies = {**_SNIPPETS, "init": "\n".join(_subroutines(plan, groups, labels))}
    files = tuple(
        File(f"nocache_{kind}.vcl", _head(kind, heading) + bodies[kind])
        for kind in _PRIORITIES
    )
    return Export(files, _INCLUDE, _GAPS)


TARGET = Target("fastly", "Fastly", write, ALL)

_INCLUDE = "".join(
    f"fastly vcl snippet create --version latest --autoclone --name nocache_{kind}"
    f" --type {kind} --priority {priority} --content nocache_{kind}.vcl\n"
    for kind, priority in _PRIORITIES.items()
)

_DROP = f"""\
# The app does not see our fields.
unset bereq.http.{RULE};
unset bereq.http.{_PASS};
"""
#: A snippet that returns from vcl_recv cuts off what Fastly generates behind it: the
#: backend's choice, forced TLS and shielding. So what passes is decided there and
#: done here.
_PASSES = f"""\
# Not in vcl_recv: the backend's choice, forced TLS and shielding come behind snippets.
if (req.http.{_PASS}) {{
  return (pass);
}}
"""
_SNIPPETS = {
    "recv": """\
if (req.method != "FASTLYPURGE") {
  call nocache_recv;
}
""",
    "hit": _PASSES,
    "miss": _PASSES + _DROP,
    "pass": _DROP,
    "fetch": "call nocache_fetch;\n",
    "error": f"""\
# What Fastly answers by itself is never-store, behind a shield, too.
unset obj.http.{SAY};
set obj.http.{_ERROR} = "yes";
""",
    "deliver": f"""\
# A shield hands on what the app said: only the node that meets the client rewrites it.
if (fastly.ff.visits_this_service == 0) {{
  call nocache_deliver;
  unset resp.http.{_ERROR};
}}
unset resp.http.{SAY};
""",
}


def _head(kind: str, heading: Heading) -> str:
    return (
        f"{heading.commented()}"
        f"# Snippet nocache_{kind}: type {kind}, priority {_PRIORITIES[kind]}.\n"
        "# Try it on a service that serves nobody yet.\n\n"
    )


def _subroutines(
    plan: Plan, groups: list[Group], labels: dict[Answer, str]
) -> Iterator[str]:
    names = {entry: group.name for group in groups for entry in group.entries}
    search = Search(plan, names, "req.url.path", 'return "%s";'.__mod__)
    yield vcl.sub(
        "nocache_find STRING",
        search.lines(),
        "Which rule a request is for: the first that matches; 0 is the default. Rules "
        "that say the same share a number. The path is compared as it was sent.",
    )
    yield vcl.sub("nocache_recv", _received(groups), "What a request may be answered.")
    relaxed = any(not group.strict for group in groups)
    if relaxed:
        note = "What several rules ask of a response."
        yield vcl.sub("nocache_look", vcl.looking("req.url"), note)
    for group in groups:
        name = rules.routine("nocache_answer", group)
        yield vcl.sub(name, rules.chain(group, labels, "req"), group.title)
    note = "What the app's response may say, and how long it is kept."
    yield vcl.sub("nocache_fetch", _fetched(groups, labels, relaxed=relaxed), note)
    yield vcl.sub(
        "nocache_clear", vcl.clearing(), "All that says something of caching."
    )
    never = [
        *vcl.saying(plan.default),
        "# Nor does Fastly confirm a copy that somebody has.",
        "unset req.http.If-None-Match;",
        "unset req.http.If-Modified-Since;",
    ]
    yield vcl.sub("nocache_never", never, "Never-store.")
    note = (
        "What leaves. What the app did not answer has no word of its own: never-store."
    )
    yield vcl.sub("nocache_deliver", rules.delivering(labels), note)


def _received(groups: list[Group]) -> Iterator[str]:
    yield "# Nobody outside may speak for us."
    yield f"unset req.http.{_PASS};"
    yield f"set req.http.{RULE} = nocache_find();"
    yield from rules.stripping(groups)
    yield from rules.passing(groups, f'set req.http.{_PASS} = "yes";')
    yield "# Nobody waits for an answer that is not shared."
    yield f"if (req.http.{_PASS}) {{"
    yield "  set req.hash_always_miss = true;"
    yield "  set req.hash_ignore_busy = true;"
    yield "}"


def _fetched(
    groups: list[Group], labels: dict[Answer, str], *, relaxed: bool
) -> Iterator[str]:
    yield f'set beresp.http.{SAY} = "{NEVER}";'
    yield f"set beresp.http.{RULE} = req.http.{RULE};"
    yield "# A shield's own error is not the app's answer."
    yield f"if (beresp.http.{_ERROR}) {{"
    yield f'  set beresp.http.{RULE} = "{DEFAULT}";'
    yield "}"
    yield "std.collect(beresp.http.Cache-Control);"
    if relaxed:
        yield "call nocache_look;"
    yield from rules.answering(groups, "nocache_answer")
    for name in (RULE, MORE, MISMATCH):
        yield f"unset beresp.http.{name};"
    yield "# Fastly subtracts no Age from a lifetime that is set."
    yield from rules.storing(
        labels,
        "return (pass);",
        (
            "set beresp.cacheable = true; set beresp.ttl = {}s; "
            "set beresp.ttl -= std.atoi(beresp.http.Age); "
            "set beresp.stale_while_revalidate = {}s; set beresp.stale_if_error = 0s;"
        ).format,
        "set beresp.stale_while_revalidate = 0s; set beresp.stale_if_error = 0s;",
    )
