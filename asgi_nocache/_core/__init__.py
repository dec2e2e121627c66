"""The pure core: values and functions.

Nothing here awaits, does IO, reads a clock, logs, or imports a third party;
the shells do that. Read in this order: facts, fields, directives, policy,
rules, decision.
"""
