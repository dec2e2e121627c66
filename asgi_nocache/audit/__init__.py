"""The audit: every route, what was decided for it, and what is wrong.

Names only. Routes are found by ``routes``, decisions are made by ``survey``,
findings by ``checks``, and printed by ``report``.
"""
