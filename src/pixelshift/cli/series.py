"""Commands on series of numbers: `pixelshift watch` and `pixelshift simulate`."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelshift.cli.report import visible
from pixelshift.errors import PixelshiftError

if TYPE_CHECKING:
    from pixelshift.streams.detection import Detection


def register(app: typer.Typer) -> None:
    """Adds this room's commands to the command line."""
    app.command()(detecting(watch))
    app.command()(detecting(simulate))


def _detection(  # noqa: PLR0913, PLR0917  one parameter for each option
    alpha: Annotated[float, typer.Option("-a", "--alpha", help="Significance level.")] = 0.01,
    window: Annotated[int, typer.Option("-w", "--window", help="Points around a change left out of its size.")] = 5,
    startup: Annotated[int, typer.Option("-x", "--startup", help="Points before the first test.")] = 5,
    threshold: Annotated[float, typer.Option("-p", "--threshold", help="Smallest change that matters.")] = 0.0,
    practical: Annotated[str, typer.Option(help="The threshold is part of the 'test' or a 'gate' after it.")] = "test",
    location: Annotated[str, typer.Option(help="'standardized' or 'pettitt': what dates a change.")] = "standardized",
    statistic: Annotated[str, typer.Option(help="'pettitt' or 'standardized'.")] = "pettitt",
    control: Annotated[str, typer.Option(help="False alarms bounded 'pointwise' or 'anytime'.")] = "pointwise",
    serial: Annotated[str | None, typer.Option(help="'ar1' discounts autocorrelation.")] = None,
    max_points: Annotated[int | None, typer.Option(help="Longest segment held.")] = None,
    reset: Annotated[str, typer.Option(help="Go on from the 'detection' or the 'change'.")] = "detection",
    threshold_unit: Annotated[str, typer.Option(help="The threshold is in units of 'data' or 'noise'.")] = "data",
    trend: Annotated[str, typer.Option(help="A slope is a 'change', or 'remove' it first.")] = "change",
    recommended: Annotated[bool, typer.Option("--recommended", help="The preset for real metrics; whole.")] = False,
) -> "Detection":
    from pixelshift.streams.detection import detection_of

    given: dict[str, Any] = {
        "alpha": alpha,
        "window": window,
        "startup": startup,
        "threshold": threshold,
        "practical": practical,
        "location": location,
        "statistic": statistic,
        "control": control,
        "serial": serial,
        "max_points": max_points,
        "reset": reset,
        "threshold_unit": threshold_unit,
        "trend": trend,
    }
    if recommended:
        plain = detection_of({}).parameters.as_dict()
        changed = {name: value for name, value in given.items() if value != plain[name]}
        return detection_of({"preset": "recommended", **changed})
    return detection_of(given)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Our errors as a sentence and an exit status, not as a trace."""
    try:
        yield
    except PixelshiftError as error:
        print(f"pixelshift: {visible(error.message)}", file=sys.stderr)
        raise typer.Exit(2) from None
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(141) from None
    except OSError as error:  # a file or a folder of the caller's
        print(f"pixelshift: {visible(str(error.filename or 'input'))}: {error.strerror or error}", file=sys.stderr)
        raise typer.Exit(2) from None


def plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Gives our errors a plain face."""

    @wraps(command)
    def run(**values: Any) -> None:
        with plain_errors():
            command(**values)

    return run


def detecting(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the detector's options in place of its parameter ``detection``, and our errors a plain face."""
    shared = list(inspect.signature(_detection).parameters.values())
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "detection"]

    @wraps(command)
    def run(**values: Any) -> None:
        options = {p.name: values.pop(p.name) for p in shared}
        with plain_errors():
            command(detection=_detection(**options), **values)

    del run.__wrapped__  # or its signature would be read instead of this one
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]  # what inspect looks for
    run.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
    return run


def watch(  # noqa: PLR0913, PLR0917  one parameter for each option
    detection: "Detection",
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A file, a folder of benchmark runs, or - for stdin.")],
    column: Annotated[str | None, typer.Option(help="Which column holds the numbers: a name or a number.")] = None,
    time: Annotated[str | None, typer.Option(help="Which column tells the time; shown as it stands.")] = None,
    by: Annotated[str | None, typer.Option(help="One series for each value of this column.")] = None,
    source: Annotated[str, typer.Option("--input", help="auto, csv, ndjson, lines, parquet or benchmark.")] = "auto",
    follow: Annotated[bool, typer.Option("--follow", help="Wait for the file to grow.")] = False,
    out: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    plot: Annotated[Path | None, typer.Option(help="Draw the series and its changes: a .svg or .png.")] = None,
    state: Annotated[Path | None, typer.Option(help="Go on where the last run stopped; kept here.")] = None,
    on_error: Annotated[str, typer.Option(help="A row that cannot be used: 'skip' it, or 'stop'.")] = "skip",
    fail_on: Annotated[str | None, typer.Option(help="Exit with 1 on an increase, decrease or any change.")] = None,
    min_change: Annotated[str, typer.Option(help="...of at least this much, e.g. 0.5 or 5%.")] = "0",
    last: Annotated[int | None, typer.Option(min=1, help="...that lies in the last so many observations.")] = None,
    line_limit: Annotated[int, typer.Option(min=64, help="Longest line, in bytes.")] = 1 << 20,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")] = False,
) -> None:
    """Tell when the level of a series changed, by how much and how sure that is, while it comes in.

    Exit status: 0; 1 when --fail-on found something; 2 when the input or an option is wrong.
    """
    from pixelshift.cli.report import printer, verdict_of
    from pixelshift.cli.watching import Stop, Walk, Watch
    from pixelshift.errors import InvalidRequestError
    from pixelshift.streams.row import Columns
    from pixelshift.streams.source import Reading

    if on_error not in ("skip", "stop"):
        raise InvalidRequestError(f"--on-error takes skip or stop, not {on_error!r}")
    path = None if file == "-" else Path(file)
    plan = Watch(
        path=path,
        reading=Reading(Columns(column, time, by), source, line_limit, whole=state is not None),
        detection=detection,
        show=printer(out, sys.stdout),
        verdict=verdict_of(fail_on, min_change, last),
        stop_on_error=on_error == "stop",
        follow=follow,
        state=state,
        plot=plot,
        is_quiet=quiet,
    )
    stop = Stop()
    with stop.installed():
        status = Walk(plan, stop).run()
    raise typer.Exit(status)


def simulate(  # noqa: PLR0913, PLR0917  one parameter for each option
    detection: "Detection",
    points: Annotated[int, typer.Option(help="Length of the series.")] = 1_000,
    every: Annotated[int, typer.Option(help="Mean length of a regime.")] = 200,
    level: Annotated[float, typer.Option(help="The level that it starts with.")] = 10.0,
    noise_sd: Annotated[float, typer.Option(help="Standard deviation of the noise.")] = 1.0,
    shift: Annotated[tuple[float, float], typer.Option(help="Least and largest shift, in sd.")] = (1.5, 4.0),
    ar: Annotated[float, typer.Option(help="Autocorrelation of the noise.")] = 0.0,
    noise: Annotated[str, typer.Option(help="normal, laplace, uniform or counts.")] = "normal",
    seed: Annotated[int, typer.Option(help="The same seed gives the same series.")] = 1,
    out: Annotated[str, typer.Option("--format", help="csv, ndjson or lines.")] = "csv",
    rate: Annotated[float, typer.Option(min=0.0, help="Points per second; 0 writes at once.")] = 0.0,
    truth: Annotated[Path | None, typer.Option(help="Write the true changes here, as JSON.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Run the detector and compare; no series is written.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the series, its findings and the truth.")] = None,
) -> None:
    """Write a series whose level shifts now and then under noise, or check the detector on it."""
    from pixelshift.cli.simulating import Simulate, run
    from pixelshift.streams.simulate import Simulation

    low, high = shift
    # The kind of noise is checked by the simulation itself.
    plan = Simulation(points, every, level, noise_sd, low, high, ar, noise, seed)  # type: ignore[arg-type]
    run(Simulate(plan, detection, out, rate, truth, check, plot), sys.stdout)
