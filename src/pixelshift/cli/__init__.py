"""The command line: ``pixelshift …``. Each command lives in a room of its own and imports what it needs as it runs."""

from typing import Annotated

import typer

import pixelshift
from pixelshift.cli import aws, image, series, serve, tune

app = typer.Typer(
    name="pixelshift",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
serve.register(app)
image.register(app)
series.register(app)
aws.register(app)
tune.register(app)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pixelshift {pixelshift.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Pictures by URL, and change points in streams."""


def main() -> None:
    """Entry point of the ``pixelshift`` command."""
    app()
