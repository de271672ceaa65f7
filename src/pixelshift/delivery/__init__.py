"""Image request to response: signature, negotiation, cache, coalescing, errors, fallback."""
