"""Amazon CloudFront: a CloudFormation template with a distribution and its policies.

It says the default, and what single paths say; no more can be said safely. A cache
behaviour sees no method, no field and no response. CloudFront matches the path
cleaned as RFC 3986 has it and sends the app the path as it came (Developer Guide,
"Path pattern"), so a folder would be opened for what the app takes for another path:
fit.py refuses folders, shadows, guards and methods.

Not verified on a real edge: golden files, and cfn-lint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._core.cache_control import CacheControl
from .._core.strictness import Level
from .cases import VALIDATORS
from .losses import NotExpressibleError
from .paths import PLAIN
from .plan import Answer, Entry, Plan, Say
from .target import Export, File, Heading, Target
from .words import field_name
from .yaml_text import Flow, Noted, block, comment

_FILE = "nocache-cloudfront.yaml"
#: Policies of AWS's own: "CachingDisabled" and "AllViewer".
_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")
#: The statuses that CloudFront keeps by itself, ten seconds unless told.
_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
#: How many fields a response headers policy may set, and how many remove.
_FIELDS = 10
#: What a path pattern can hold beside its wildcards, and how much of it.
_PATTERN = re.compile(r"[A-Za-z0-9_.$/~'@:+&-]{1,255}")
#: A year: what CloudFront has for "no bound".
_YEAR = 31536000

_INCLUDE = f"""\
aws cloudformation deploy --template-file {_FILE} --stack-name NAME
    --parameter-overrides OriginDomain=app.example.com
Or copy the policies and the behaviours into a template of yours."""
_GAPS = (
    "this export has not run on a real edge",
    "CloudFront matches a cleaned path and sends the app the path as it came, so what "
    "is said of '/favicon.ico' is said of '/x/../favicon.ico', too; browsers send no "
    "such path",
    "conditional requests reach the app: to take them out of PUT would break it. So "
    "ETag and Last-Modified do not leave where nothing may be stored",
    "errors that CloudFront makes itself leave with the fields of the behaviour that "
    "was matched, or with none; none of them is kept",
    "CloudFront refuses TRACE and what it does not know, with an error of its own",
)


def _write(plan: Plan, heading: Heading) -> Export:
    lost, entries = [], []
    for entry in _reached(plan):
        if _is_sayable(entry.path.pattern):
            entries.append(entry)
        else:
            lost.append(f"{entry.rule} keeps the default: no behaviour has such a path")
    default = _default(plan)
    names = {default: "Default"}
    for entry in entries:
        names.setdefault(entry.cases[-1].answer, f"Rule{entry.number}")
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Cache policy: never-store, but for what is named.",
        "Parameters": {
            "OriginDomain": {"Type": "String", "Description": "The app's host name."}
        },
        "Resources": {
            **_policies(names),
            "Distribution": _distribution(entries, default, names),
        },
    }
    top = "".join(comment(line) for line in heading.lines)
    return Export((File(_FILE, top + block(template)),), _INCLUDE, (*_GAPS, *lost))


def _reached(plan: Plan) -> Iterator[Entry]:
    """Yield the entries for one path that no entry for every path comes before."""
    for entry in plan.entries:
        if entry.path.everything:
            return
        yield entry


def _default(plan: Plan) -> Answer:
    for entry in plan.entries:
        if entry.path.everything:
            return entry.cases[-1].answer
    return plan.default


def _is_sayable(path: str) -> bool:
    plain = re.search(PLAIN, path) is not None
    return plain and _PATTERN.fullmatch(path) is not None


def _policies(names: dict[Answer, str]) -> dict[str, object]:
    out: dict[str, object] = {}
    for answer, name in names.items():
        if answer.set or answer.remove:
            out[f"{name}Fields"] = _fields(answer, name)
        lifetime = _kept(answer)
        if lifetime is not None:
            out[f"{name}Cache"] = _cache(name, lifetime)
    return out


def _fields(answer: Answer, name: str) -> object:
    """Return the response headers policy for *answer*."""
    lines, gone = dict(answer.set), list(answer.remove)
    if answer.say is Say.NEVER:
        gone += [each for each in VALIDATORS if each not in gone]
    # Too many to remove: what is left says the same as Cache-Control does.
    for each in [n for n in reversed(gone) if n.endswith("-cdn-cache-control")]:
        if len(gone) > _FIELDS:
            gone.remove(each)
            lines[each] = answer.cache_control
    if max(len(lines), len(gone)) > _FIELDS:
        raise NotExpressibleError(
            "export cloudfront",
            [
                f"NC802 {len(lines)} fields to set and {len(gone)} to remove: a "
                f"response headers policy has {_FIELDS} of each; let the policy set "
                "fewer"
            ],
        )
    set_all = [
        {"Header": field_name(n), "Value": v, "Override": True}
        for n, v in lines.items()
    ]
    config: dict[str, object] = {"Name": _named(name)}
    if set_all:
        config["CustomHeadersConfig"] = {"Items": set_all}
    if gone:
        items = [{"Header": field_name(n)} for n in gone]
        config["RemoveHeadersConfig"] = {"Items": items}
    return _resource("ResponseHeadersPolicy", {"ResponseHeadersPolicyConfig": config})


def _kept(answer: Answer) -> int | None:
    """Return how long CloudFront may keep *answer* at most, in seconds.

    ``None`` if it may not, being a shared cache, or not for a second.
    """
    if answer.say is Say.KEEP:
        return _YEAR
    control = CacheControl.parse([answer.cache_control.encode()])
    if control.strictness.shared is not Level.FRESH:
        return None
    found = control.max_age if control.s_maxage is None else control.s_maxage
    return _YEAR if found is None else min(found, _YEAR) or None


def _cache(name: str, lifetime: int) -> object:
    """Return the cache policy that obeys the app for at most *lifetime* seconds."""
    key = {
        "EnableAcceptEncodingBrotli": True,
        "EnableAcceptEncodingGzip": True,
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {
            "HeaderBehavior": "whitelist",
            "Headers": Flow(("Authorization", "Host", "Origin")),
        },
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    config = {
        "Name": _named(name),
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": lifetime,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
    }
    return _resource("CachePolicy", {"CachePolicyConfig": config})


def _distribution(
    entries: list[Entry], default: Answer, names: dict[Answer, str]
) -> object:
    config: dict[str, object] = {
        "Enabled": True,
        "Origins": [
            {
                "Id": "app",
                "DomainName": {"Ref": "OriginDomain"},
                "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
            }
        ],
        "DefaultCacheBehavior": _behaviour(default, names),
    }
    if entries:
        config["CacheBehaviors"] = [
            Noted(
                _notes(entry),
                {
                    "PathPattern": entry.path.pattern,
                    **_behaviour(entry.cases[-1].answer, names),
                },
            )
            for entry in entries
        ]
    config["CustomErrorResponses"] = [
        {"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in _ERRORS
    ]
    return _resource("Distribution", {"DistributionConfig": config})


def _notes(entry: Entry) -> tuple[str, ...]:
    rule = f"Rule {entry.number}: {entry.rule}"
    return (rule, f"Reason: {entry.reason}") if entry.reason else (rule,)


def _behaviour(answer: Answer, names: dict[Answer, str]) -> dict[str, object]:
    name = names[answer]
    cache: object = {"Ref": f"{name}Cache"}
    out: dict[str, object] = {
        "TargetOriginId": "app",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": Flow(_METHODS),
        "CachePolicyId": _DISABLED if _kept(answer) is None else cache,
        "OriginRequestPolicyId": _ALL_VIEWER,
    }
    if answer.set or answer.remove:
        out["ResponseHeadersPolicyId"] = {"Ref": f"{name}Fields"}
    return out


def _named(name: str) -> object:
    return {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


def _resource(kind: str, properties: object) -> object:
    return {"Type": f"AWS::CloudFront::{kind}", "Properties": properties}


TARGET = Target(
    name="cloudfront",
    title="CloudFront",
    write=_write,
    can=frozenset(),
    most=24,
    limit="the number of behaviours of a distribution, beside the default,",
    spellings=False,
)
