"""Grammars of image URLs (base64 JSON, Thumbor path, query, rewrite) and their signatures; all yield ImageRequest."""
