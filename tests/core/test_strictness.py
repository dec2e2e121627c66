"""The (private, shared) lattice."""

from itertools import product

import pytest

from asgi_nocache._core.strictness import (
    NEVER_STORE,
    OPEN,
    PRIVATE_ONLY,
    Level,
    Strictness,
)

POINTS = [Strictness(p, s) for p, s in product(Level, Level)]
NO_CACHE = Strictness(Level.REVALIDATE, Level.REVALIDATE)


def test_the_levels_are_ordered() -> None:
    """Reuse while fresh, store and ask, do not store."""
    assert Level.FRESH < Level.REVALIDATE < Level.NO_STORE


def test_private_and_no_cache_are_incomparable() -> None:
    """Ordering them in a chain would let one loosen the other."""
    assert not PRIVATE_ONLY.covers(NO_CACHE)
    assert not NO_CACHE.covers(PRIVATE_ONLY)


def test_private_joined_with_no_cache() -> None:
    """Neither a shared copy nor an unasked private one: (1, 2)."""
    joined = PRIVATE_ONLY.join(NO_CACHE)

    assert joined == (Level.REVALIDATE, Level.NO_STORE)


@pytest.mark.parametrize(("a", "b"), list(product(POINTS, POINTS)))
def test_the_join_laws(a: Strictness, b: Strictness) -> None:
    """Commutative, idempotent, an upper bound, and the least one."""
    joined = a.join(b)

    assert joined == b.join(a)
    assert a.join(a) == a
    assert joined.covers(a)
    assert joined.covers(b)
    assert all(p.covers(joined) for p in POINTS if p.covers(a) and p.covers(b))


@pytest.mark.parametrize(("a", "b", "c"), list(product(POINTS[::2], POINTS, POINTS)))
def test_the_join_is_associative(a: Strictness, b: Strictness, c: Strictness) -> None:
    """So the order in which policies are joined does not matter."""
    assert a.join(b).join(c) == a.join(b.join(c))


@pytest.mark.parametrize("point", POINTS)
def test_bottom_and_top(point: Strictness) -> None:
    """Open is the identity, never-store absorbs."""
    assert OPEN.join(point) == point
    assert NEVER_STORE.join(point) == NEVER_STORE
