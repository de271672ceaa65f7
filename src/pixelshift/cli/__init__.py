"""The command line: ``pixelshift …``. Each command lives in a room of its own and imports what it needs as it runs."""

import typer

from pixelshift.cli import aws, image, series, serve, tune

app = typer.Typer(
    name="pixelshift",
    help="Pictures by URL, and change points in streams.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
serve.register(app)
image.register(app)
series.register(app)
aws.register(app)
tune.register(app)


def main() -> None:
    """Entry point of the ``pixelshift`` command."""
    app()
