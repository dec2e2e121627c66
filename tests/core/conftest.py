"""Hypothesis without a deadline: shared machines stall, and values do not."""

from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=150)
settings.load_profile("core")
