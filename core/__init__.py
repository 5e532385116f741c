"""Errors, clock, money, locks, units of work, journal, overrides, outbox: what every room stands on.

No business noun.
"""
