"""JUnit XML: a test case per route and method, failed by what is found there."""

from __future__ import annotations

import re
from collections import defaultdict
from xml.etree import ElementTree as ET

from ..values import Audit, Confidence, Finding, Severity

#: What XML 1.0 cannot carry, even escaped.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(audit: Audit) -> str:
    """Return the audit as a test suite. Findings of no route get a case of their own.

    A finding below error, or a guess, does not fail its case; it is its output.
    """
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in audit.findings:
        found[finding.where].append(finding)
    names = dict.fromkeys([*(row.key for row in audit.rows), *found])
    suite = ET.Element("testsuite", name=_clean(f"asgi-nocache audit {audit.app}"))
    failures = sum(_case(suite, name, found.get(name, [])) for name in names)
    suite.set("tests", str(len(names)))
    suite.set("failures", str(failures))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return head + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, name: str, findings: list[Finding]) -> bool:
    case = ET.SubElement(suite, "testcase", name=_clean(name), classname="audit")
    open_ones = [finding for finding in findings if not finding.suppressed]
    failing = [f for f in open_ones if _fails(f)]
    if failing:
        failure = ET.SubElement(case, "failure", message=_clean(failing[0].message))
        failure.text = _clean("\n".join(map(_text, failing)))
    rest = [f for f in open_ones if f not in failing]
    if rest:
        ET.SubElement(case, "system-out").text = _clean("\n".join(map(_text, rest)))
    return bool(failing)


def _fails(finding: Finding) -> bool:
    sure = finding.confidence is not Confidence.GUESS
    return sure and finding.severity is Severity.ERROR


def _text(finding: Finding) -> str:
    return f"{finding.code} {finding.message}\n  {finding.why}\n  Fix: {finding.fix}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
