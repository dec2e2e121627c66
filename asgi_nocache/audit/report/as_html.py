"""The report as one HTML page: nothing fetched, no script, its own data inside.

What is shown is gathered by ``page``, ``matrix``, ``doubts`` and ``since``; its form
is in ``page.html`` and ``page.css``. All foreign text is hostile: it passes ``clean``,
and the template escapes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ... import __version__
from ..effects import CACHES
from ..values import Audit
from .doubts import count, doubts
from .lines import legend
from .matrix import matrix, where
from .page import families, shown, suppressed, verdict
from .since import OPENS, Kept, as_script, changed, kept
from .texts import clean

_HERE = Path(__file__).parent


def as_html(audit: Audit, before: Kept | None = None) -> str:
    """Return *audit* as a page.

    Args:
        audit: The audit.
        before: What an earlier report kept, from ``read_before``; ``None``: there is
            nothing to compare with.
    """
    findings = shown(audit)
    found = matrix(audit, findings)
    return _template().render(
        audit=audit,
        verdict=verdict(audit, __version__),
        doubts=doubts(audit),
        matrix=found,
        caches=[each.name for each in CACHES],
        legend=legend(note.letter for note in found.notes),
        families=families(findings),
        findings=findings,
        suppressed=suppressed(audit),
        hits=audit.hits,
        change=changed(audit, before) if before else None,
        data=as_script(kept(audit)),
        opens=OPENS,
        css=(_HERE / "page.css").read_text(encoding="utf-8"),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(count=count, where=where)
    return environment.get_template("page.html")


def _shown(value: object) -> object:
    return clean(value) if type(value) is str else value
