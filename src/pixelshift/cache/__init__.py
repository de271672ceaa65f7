"""Where finished responses are kept: memory over disk."""
