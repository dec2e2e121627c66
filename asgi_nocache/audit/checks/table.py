"""The catalogue as one table, by code, and what is read from it.

The rows are in ``texts_*``, their form in ``catalogue``.
"""

from __future__ import annotations

import difflib

from . import texts_paths, texts_policy, texts_routes
from .catalogue import Check, UnknownCodeError, page

_ROWS = (
    *texts_routes.AUDIT,
    *texts_routes.COVERAGE,
    *texts_routes.PRIVACY,
    *texts_policy.WIRING,
    *texts_policy.RULES,
    *texts_policy.FIELDS,
    *texts_paths.PATHS,
    *texts_paths.VALIDATORS,
    *texts_paths.EDGES,
    *texts_paths.SIGHTINGS,
)
#: Every check there is or will be, in the order of the codes.
CHECKS: dict[str, Check] = {check.code: check for check in _ROWS}


def explain(code: str) -> str:
    """Return the page of a check, or of all whose code begins so (``"NC2"``).

    Raises:
        UnknownCodeError: There is no such check.
    """
    wanted = code.strip().upper()
    pages = [page(c) for c in CHECKS.values() if wanted and c.code.startswith(wanted)]
    if not pages:
        near = difflib.get_close_matches(wanted, CHECKS, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UnknownCodeError(f"there is no check {code!r}{hint}")
    return "\n".join(pages)
