"""The device's side of the stream, and the stream's functions without Lambda: `pixelshift aws …`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelshift.cli.series import detecting, plainly

if TYPE_CHECKING:
    from pixelshift.streams.detection import Detection

Points = Annotated[int, typer.Option(min=1, help="Observations of each device.")]
Every = Annotated[int, typer.Option(help="Mean length of a regime.")]
Shift = Annotated[tuple[float, float], typer.Option(help="Least and largest shift, in sd of the noise.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same series.")]
Devices = Annotated[int, typer.Option(min=1, max=1_000, help="How many devices.")]
Name = Annotated[str, typer.Option(help="What devices' names begin with.")]
File = Annotated[Path | None, typer.Option("--file", help="Send this series in place of simulated ones.")]
Column = Annotated[str | None, typer.Option(help="Which column of the file holds the numbers.")]
Time = Annotated[str | None, typer.Option(help="Which column of the file tells the time.")]
By = Annotated[str | None, typer.Option(help="Which column of the file names the device.")]


def register(app: typer.Typer) -> None:
    """Adds this room's commands to the command line."""
    room = typer.Typer(help="Series of devices into a stream, and what came of them.", no_args_is_help=True)
    room.command()(plainly(generate))
    room.command()(detecting(validate))
    room.command()(plainly(poll))
    app.add_typer(room, name="aws")


def generate(  # noqa: PLR0913, PLR0917  one parameter for each option
    stream: Annotated[str, typer.Argument(help="The Kinesis stream: its name or ARN.")],
    points: Points = 1_000,
    every: Every = 200,
    shift: Shift = (1.5, 4.0),
    seed: Seed = 1,
    devices: Devices = 1,
    name: Name = "device",
    file: File = None,
    column: Column = None,
    time: Time = None,
    by: By = None,
    rate: Annotated[float, typer.Option(min=0.0, help="Observations of each device per second; 0: no pause.")] = 0.0,
) -> None:
    """Put series on a Kinesis stream, the device being the partition key, each device's in their order."""
    from pixelshift.cli.fleet import Given, send

    send(stream, Given(points, every, shift, seed, devices, name, file, (column, time, by)), rate, sys.stderr)


def validate(  # noqa: PLR0913, PLR0917  one parameter for each option
    detection: "Detection",
    points: Points = 1_000,
    every: Every = 200,
    shift: Shift = (1.5, 4.0),
    seed: Seed = 1,
    devices: Devices = 1,
    name: Name = "device",
    file: File = None,
    column: Column = None,
    time: Time = None,
    by: By = None,
    wait: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for changes that are not there yet.")] = 0.0,
    plot: Annotated[Path | None, typer.Option(help="Draw the series with what was found: a .svg or .png.")] = None,
) -> None:
    """Compare the table of changes with what the detector finds here in the same series.

    Exit status: 0 when they agree; 1 when they do not; 2 when something is wrong with the options or the table.
    """
    from pixelshift.cli.fleet import Given, check

    given = Given(points, every, shift, seed, devices, name, file, (column, time, by))
    raise typer.Exit(0 if check(given, detection, wait, plot, sys.stdout) else 1)


def poll(  # noqa: PLR0913, PLR0917  one parameter for each option
    stream: Annotated[str, typer.Argument(help="The Kinesis stream: its name or ARN.")],
    function: Annotated[str, typer.Argument(help="package.module:handler, or http://… of a container.")],
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="Records of one call, at most.")] = 100,
    window: Annotated[float, typer.Option(min=0.0, max=300.0, help="Seconds to gather records.")] = 0.0,
    parallel: Annotated[int, typer.Option(min=1, max=10, help="Calls at once for each shard.")] = 1,
    retries: Annotated[int, typer.Option(min=-1, max=10_000, help="Further attempts; -1 for no end.")] = -1,
    max_age: Annotated[float, typer.Option(min=-1, help="Seconds after which records are dropped; -1: never.")] = -1,
    start: Annotated[str, typer.Option(help="TRIM_HORIZON or LATEST.")] = "TRIM_HORIZON",
    timeout: Annotated[float, typer.Option(min=1.0, max=900.0, help="The function's time-out in seconds.")] = 60.0,
    bisect: Annotated[bool, typer.Option("--bisect", help="Halve a batch that failed.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Do not read batchItemFailures.")] = False,
    on_failure: Annotated[str | None, typer.Option(help="URL of the queue that dropped batches are told to.")] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing new is left.")] = False,
) -> None:
    """Feed a function from a stream as Lambda's event source mapping does, for development without Lambda."""
    from pixelshift.aws.mapping import MappingOptions
    from pixelshift.cli.fleet import feed
    from pixelshift.errors import InvalidRequestError

    if start not in ("TRIM_HORIZON", "LATEST"):
        raise InvalidRequestError(f"--start takes TRIM_HORIZON or LATEST, not {start!r}")
    options = MappingOptions(batch_size, window, parallel, bisect, retries, max_age, not whole, start)
    feed(stream, (function, timeout), options, on_failure, until_idle)
