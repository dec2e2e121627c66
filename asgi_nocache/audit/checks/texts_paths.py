"""The texts of the catalogue about NC6 paths, NC7 validators, NC8 edges, NC9 sightings.

Texts only; what looks for them is in the modules of the same families.
"""

from __future__ import annotations

from ..values import Confidence, Severity
from .catalogue import Check

E, W = Severity.ERROR, Severity.WARNING
SURE, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
_EXPORT = "asgi-nocache export --check"
_READ = "asgi-nocache check --edge-config nginx.conf"
_CHECK = "asgi-nocache check URL"

PATHS = (
    Check(
        code="NC601",
        severity=E,
        confidence=LIKELY,
        kinds="S",
        title="a private page answers under the name of a static file",
        why="A link to /account/x.css lets a cache that goes by extensions store the "
        "victim's page for whoever asks next (web cache deception).",
        fix=(
            'leave "extension_mismatch" in guards, or '
            'Rule({rule}, NO_STORE, floor=True, reason="web cache deception")'
        ),
        reference="ASVS 5.0 14.2.5, CWE-525",
        fires='"/account/{rest:path}" with a login, under a rule with guards=[]',
        silent='"/account/{rest:path}" with a login, under NO_STORE',
    ),
    Check(
        code="NC602",
        severity=W,
        confidence=LIKELY,
        kinds="S",
        title="a private route is named like a static file",
        why="CDNs store by extension, and this one is on their lists.",
        fix='Rule({rule}, NO_STORE, reason="private, whatever its name")',
        reference="ASVS 5.0 14.2.5, CWE-525",
        fires="/export.csv with a login, under PRIVATE(max_age=60)",
        silent="/export.csv with a login, under NO_STORE",
    ),
    Check(
        code="NC603",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="another spelling of the path gets a looser policy",
        why="Rules with a path join what all spellings would get. A callable or a "
        "regular expression that reads the request's target does not, and whoever "
        "asks chooses the spelling.",
        fix='Rule({rule}, NO_STORE, floor=True, reason="however it is spelled")',
        reference="ASVS 5.0 14.2.5, CWE-436",
        fires='when=lambda request, response: request.target == "/account"',
        silent='when=lambda request, response: request.path == "/account"',
    ),
    Check(
        code="NC604",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="the redirect to the other slash may be stored, the route may not",
        why="The framework answers it, not the endpoint, so neither the endpoint's "
        "mark nor a rule for the exact path covers it.",
        fix='Rule({rule}, NO_STORE, floor=True, reason="its redirects, too")',
        reference="RFC 9110 15.4.8",
        fires="@nocache on /account, under default=PUBLIC(max_age=60)",
        silent="@nocache on /account, under the never-store default",
    ),
)

VALIDATORS = (
    Check(
        code="NC701",
        severity=W,
        confidence=LIKELY,
        kinds="P",
        title="no-store with a validator, and nobody takes preconditions away",
        why="A copy that was stored before, or by a cache that does not listen, is "
        "confirmed with 304 for as long as its validator is the same.",
        fix="{app} = NoCacheMiddleware({app}), which takes If-None-Match and "
        "If-Modified-Since away; behind an edge default=NO_STORE_EDGE",
        reference="RFC 9110 13.1.2, RFC 9111 4.3",
        fires='an app\'s own cache-control: no-store with etag: "1"',
        silent="the same under NoCacheMiddleware(app)",
    ),
    Check(
        code="NC702",
        severity=W,
        confidence=SURE,
        kinds="P",
        title="a 304 without the Cache-Control that the 200 has",
        why="The stored copy takes over the fields of the 304. What is missing stays "
        "as it was stored.",
        fix="{app} = NoCacheMiddleware({app}), outside of what answers 304",
        reference="RFC 9110 15.4.5",
        fires="HTTP 304 with an etag and no cache-control",
        silent="HTTP 304 with cache-control: no-store",
    ),
)

EDGES = (
    Check(
        code="NC801",
        severity=E,
        confidence=SURE,
        kinds="E",
        title="the edge's configuration differs from the export",
        why="The edge follows an older policy.",
        fix="export and deploy again",
        reference="RFC 9213",
        fires="a rule that was added after the last export",
        silent="the export is up to date",
        elsewhere=_EXPORT,
    ),
    Check(
        code="NC802",
        severity=E,
        confidence=SURE,
        kinds="E",
        title="a rule that the edge cannot express",
        why="The edge would be looser than the policy.",
        fix="another target, or a rule that is simpler and stricter",
        reference="RFC 9213",
        fires="a rule with a callable, exported",
        silent="a rule with a path, exported",
        elsewhere=_EXPORT,
    ),
    Check(
        code="NC803",
        severity=E,
        confidence=SURE,
        kinds="E",
        title="the edge overrides what the app says",
        why="Then no field that leaves the app counts.",
        fix="remove the edge's own lifetime (expires, proxy_ignore_headers, edge TTL, "
        "a minimum TTL above 0)",
        reference="RFC 9111 4.2",
        fires="proxy_ignore_headers Cache-Control; where proxy_cache is on",
        silent="no proxy_ignore_headers",
        elsewhere=_READ,
    ),
    Check(
        code="NC804",
        severity=E,
        confidence=SURE,
        kinds="E",
        title="an nginx location loses the fields of the block around it",
        why="add_header is inherited only where a block has none of its own.",
        fix="include the snippet in the location, too",
        reference="nginx ngx_http_headers_module",
        fires="add_header in a location within a server that has add_header",
        silent="the location includes the snippet",
        elsewhere=_READ,
    ),
)

SIGHTINGS = (
    Check(
        code="NC901",
        severity=E,
        confidence=SURE,
        kinds="PL",
        title="what was seen to leave permits more than the policy",
        why="Something rewrites the fields, answers in place of the middleware, or "
        "declares another policy while it runs.",
        fix="find the layer outside that writes the field; what the endpoint declares "
        "with set_policy() belongs into Rule({rule}, ...) or @cache_policy(...)",
        reference="RFC 9111 5.2",
        fires="the policy says no-store, and max-age=60 was seen",
        silent="the policy says max-age=60, and no-store was seen",
    ),
    Check(
        code="NC902",
        severity=E,
        confidence=LIKELY,
        kinds="L",
        title="a never-store route was answered from a cache",
        why="A cache does what it was told not to do.",
        fix="purge it, then find the configuration that overrides the fields",
        reference="RFC 9211, RFC 9111 5.1",
        fires="cache-control: no-store with cf-cache-status: HIT, or age: 17",
        silent="cache-control: no-store with age: 0",
        elsewhere=_CHECK,
    ),
    Check(
        code="NC903",
        severity=W,
        confidence=LIKELY,
        kinds="L",
        title="the proxy's own answers have no policy",
        why="Its error pages and its files never reach the app.",
        fix="export the policy to the edge",
        reference="RFC 9110 15.1",
        fires="a 404 of nginx without cache-control",
        silent="a 404 of the app",
        elsewhere=_CHECK,
    ),
    Check(
        code="NC904",
        severity=E,
        confidence=LIKELY,
        kinds="L",
        title="two users got the same private answer",
        why="One of them saw what belongs to the other.",
        fix="treat it as an incident: purge, then find the cache",
        reference="CWE-524",
        fires="two users, one body, with a cache's Age above 0",
        silent="two users, two bodies",
        elsewhere=_CHECK,
    ),
)
