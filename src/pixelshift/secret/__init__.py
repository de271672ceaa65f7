"""Keys for URL signatures: where they are kept and how they rotate."""
