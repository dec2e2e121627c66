"""What is refused before the app runs, where an option asks for it.

Which readings and policies a request has is the core's to say; sending the answer
is the shells'.
"""

from __future__ import annotations

from typing import NamedTuple

from ._core.facts import RequestFacts
from ._core.selection import Preview


class Refusals(NamedTuple):
    """What is refused before the app runs.

    Attributes:
        ambiguous: Targets whose spellings can select different policies.
        prefetch: Prefetches of what no cache may store, since a browser's cache
            for them heeds no Cache-Control.
    """

    ambiguous: bool = False
    prefetch: bool = False

    def of(self, request: RequestFacts, before: Preview) -> int:
        """Return the status that *request* is refused with, 0 if it is not."""
        if self.ambiguous and before.ambiguous:
            return 404
        if self.prefetch and before.never_store and request.is_prefetch:
            return 503
        return 0


NONE = Refusals()
#: What a refusal is counted as, by its status.
COUNTS = {404: "ambiguous_rejected", 503: "prefetch_refused"}
