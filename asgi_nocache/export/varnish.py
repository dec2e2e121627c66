"""Varnish: one file of subroutines that people call from their own VCL.

What VCL shares with Fastly's is vcl.py's and vcl_search.py's.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import vcl
from . import vcl_rules as rules
from .plan import Answer, Plan
from .target import ALL, Export, File, Heading, Target
from .vcl import MISMATCH, MORE, PATH, RULE, SAY
from .vcl_rules import Group
from .vcl_search import Search

_USE = """\
vcl 4.1;
include "nocache.vcl";
backend default { .host = "127.0.0.1"; .port = "8000"; }  # your app

sub vcl_recv { call nocache_recv; }  # nothing before it may return pass or hash
sub vcl_backend_fetch { call nocache_backend_fetch; }  # last
sub vcl_backend_response { call nocache_backend_response; }  # last
sub vcl_deliver { call nocache_deliver; }  # last
sub vcl_synth { call nocache_synth; }  # last
"""
_GAPS = (
    "A request that Varnish cannot parse, or that is too long, is answered with a "
    "bare 400 before any VCL runs: it has no fields at all.",
    "What your own VCL sends into a pipe leaves as the app sent it.",
)


def write(plan: Plan, heading: Heading) -> Export:
    """Write ``nocache.vcl``.

    Args:
        plan: The plan; it fits :data:`TARGET`.
        heading: What the file says of itself.
    """
    groups = rules.groups_of(plan)
    labels = rules.labels_of(plan, groups)
    parts = [
        heading.commented(),
        _INTRODUCTION,
        _find(plan, groups),
        _recv(groups),
        _BACKEND_FETCH,
        *_backend_response(groups, labels),
        _store(labels),
        *_deliver(plan, labels),
        _SYNTH,
    ]
    return Export((File("nocache.vcl", "\n".join(parts)),), _USE, _GAPS)


TARGET = Target("varnish", "Varnish", write, ALL, real=True)

_INTRODUCTION = """\
# Call these from your own subroutines; none of them ends one, but for nocache_recv,
# which may return (pass). Paths are compared as they were sent, and never changed.

import cookie;
import std;
"""

_BACKEND_FETCH = f"""\
# The app does not see our field. VCL has no variables: until the response is there,
# the number waits in the jar of vmod_cookie, which is this fetch's own.
sub nocache_backend_fetch {{
  if (bereq.http.{RULE}) {{
    cookie.set("{RULE}", bereq.http.{RULE});
  }}
  unset bereq.http.{RULE};
}}
"""

_SYNTH = """\
# What Varnish answers by itself is never-store.
sub nocache_synth {
  call nocache_never;
}
"""


def _find(plan: Plan, groups: list[Group]) -> str:
    names = {entry: group.name for group in groups for entry in group.entries}
    found = f'set req.http.{RULE} = "%s"; return;'
    search = Search(plan, names, f"req.http.{PATH}", found.__mod__)
    note = (
        "Which rule a request is for: the first that matches; 0 is the default. Rules "
        "that say the same share a number."
    )
    return vcl.sub("nocache_find", search.lines(), note)


def _recv(groups: list[Group]) -> str:
    body = [
        "# Nobody outside may speak for us.",
        f"unset req.http.{RULE};",
        f'set req.http.{PATH} = regsub(req.url, "\\?.*$", "");',
        "call nocache_find;",
        f"unset req.http.{PATH};",
        *rules.stripping(groups),
        *rules.passing(groups, "return (pass);"),
    ]
    return vcl.sub("nocache_recv", body, "What a request may be answered with.")


def _backend_response(groups: list[Group], labels: dict[Answer, str]) -> Iterator[str]:
    relaxed = any(not group.strict for group in groups)
    if relaxed:
        note = "What several rules ask of a response."
        yield vcl.sub("nocache_look", vcl.looking("bereq.url"), note)
    for group in groups:
        name = rules.routine("nocache_answer", group)
        yield vcl.sub(name, rules.chain(group, labels, "bereq"), group.title)
    body = [
        f'set beresp.http.{SAY} = "{vcl.NEVER}";',
        f'set beresp.http.{RULE} = cookie.get("{RULE}");',
        "std.collect(beresp.http.Cache-Control);",
        *(["call nocache_look;"] if relaxed else []),
        *rules.answering(groups, "nocache_answer"),
        f"unset beresp.http.{RULE};",
        f"unset beresp.http.{MORE};",
        f"unset beresp.http.{MISMATCH};",
        "call nocache_store;",
    ]
    yield vcl.sub("nocache_backend_response", body, "What the app's response may say.")


def _store(labels: dict[Answer, str]) -> str:
    note = (
        "What this cache keeps, and how long: what leaves says so. Varnish alone would "
        "serve ten seconds more (grace)."
    )
    body = rules.storing(
        labels,
        "set beresp.uncacheable = true; set beresp.ttl = 120s;",
        "set beresp.ttl = {}s - beresp.age; set beresp.grace = {}s;".format,
        "set beresp.grace = 0s;",
    )
    return vcl.sub("nocache_store", body, note)


def _deliver(plan: Plan, labels: dict[Answer, str]) -> Iterator[str]:
    yield vcl.sub(
        "nocache_clear", vcl.clearing(), "All that says something of caching."
    )
    never = [
        *vcl.saying(plan.default),
        "# Nor does Varnish confirm a copy that somebody has.",
        "unset req.http.If-None-Match;",
        "unset req.http.If-Modified-Since;",
    ]
    yield vcl.sub("nocache_never", never, "Never-store.")
    body = [*rules.delivering(labels), f"unset resp.http.{SAY};"]
    note = (
        "What leaves. An error that Varnish made has no word of the app's: never-store."
    )
    yield vcl.sub("nocache_deliver", body, note)
