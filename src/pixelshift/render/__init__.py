"""Runs plans: in this process, or in a pool of worker processes that may crash, hang or grow without hurting others."""
