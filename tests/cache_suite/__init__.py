"""The public cache-tests suite (cache-tests.fyi) against our service: ``make cache-tests``.

The suite's own server and client cannot be used: what lies behind our cache are pictures in a store, not pages. So its
test definitions are fetched from npm, and played by a client and a store of our own, by its rules.
"""
