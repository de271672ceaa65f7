"""FastAPI applications."""
