"""How strict: the (private, shared) lattice, and nothing that has a text.

A point says what a private cache and what a shared cache may do. The two
audiences are independent, so ``private`` (0, 2) and ``no-cache`` (1, 1) are
incomparable: ordering them in a chain would let one loosen the other.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """What one kind of cache may do with a response."""

    FRESH = 0
    """Store it, and reuse it while it is fresh."""
    REVALIDATE = 1
    """Store it, and revalidate it before each reuse."""
    NO_STORE = 2
    """Not store it."""


class Strictness(NamedTuple):
    """A point of the lattice: a level for private and one for shared caches."""

    private: Level
    shared: Level

    def join(self, other: Strictness) -> Strictness:
        """Return the least point at least as strict as both."""
        return Strictness(
            max(self.private, other.private), max(self.shared, other.shared)
        )

    def covers(self, other: Strictness) -> bool:
        """Tell whether this point is at least as strict as *other*."""
        return self.join(other) == self


OPEN = Strictness(Level.FRESH, Level.FRESH)
PRIVATE_ONLY = Strictness(Level.FRESH, Level.NO_STORE)
NEVER_STORE = Strictness(Level.NO_STORE, Level.NO_STORE)
