"""Hypothesis without a deadline: shared machines stall, and values do not."""

from hypothesis import settings

settings.register_profile("export", deadline=None, max_examples=300)
settings.load_profile("export")
