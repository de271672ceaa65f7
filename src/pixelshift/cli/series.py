"""Commands on series of numbers."""

import typer


def register(app: typer.Typer) -> None:
    """Adds this room's commands to the command line."""
