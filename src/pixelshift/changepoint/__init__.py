"""Change points in streams by the recursive Modified Practical Pettitt test."""
