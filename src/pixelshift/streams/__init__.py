"""Observations to events, with exactly-once effects."""
