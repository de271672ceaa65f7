"""`pixelshift tune`: which memory size a function should have."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelshift.errors import InvalidRequestError, PixelshiftError

if TYPE_CHECKING:
    from rich.table import Table

    from pixelshift.tuning.measure import Choice, Point


def register(app: typer.Typer) -> None:
    """Adds this room's command to the command line."""
    app.command()(tune)


def tune(
    image: Annotated[Path | None, typer.Option(help="A picture to be edited.")] = None,
    edits: Annotated[str, typer.Option(help="What is done to it, as JSON.")] = '{"resize": {"width": 800}}',
    detector: Annotated[int, typer.Option(help="Instead: a batch of so many readings for a detector.")] = 0,
    memory: Annotated[str, typer.Option(help="Memory sizes in MB.")] = "128,256,512,768,1024,1536,1769,3008",
    runs: Annotated[int, typer.Option(min=1, max=1000, help="Runs at each size; their median counts.")] = 7,
    wait: Annotated[
        float, typer.Option(min=0, max=900_000, help="Milliseconds of waiting in each request, for S3 and such.")
    ] = 0,
    region: Annotated[str, typer.Option(help="Where prices are looked up.")] = "us-east-1",
    architecture: Annotated[str, typer.Option(help="x86_64 or arm64: of the prices alone.")] = "x86_64",
    prices: Annotated[Path | None, typer.Option(help="Another file of prices, in the form of ours.")] = None,
    limiter: Annotated[str, typer.Option(help="auto, cgroup or signals: how the CPU is rationed.")] = "auto",
    plot: Annotated[Path | None, typer.Option(help="Draw it: a .png or .svg.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Runs a workload under the CPU shares of Lambda's memory sizes, with AVX2 and without; says what each costs."""
    try:
        workload, where = _workload(image, edits, detector), (region, architecture, prices)
        _tune(workload, memory, runs, wait, where, limiter, plot, as_json)
    except PixelshiftError as error:
        typer.echo(f"pixelshift: {error.message}", err=True)
        raise typer.Exit(1) from None


def _tune(
    workload: dict[str, Any],
    memory: str,
    runs: int,
    wait_ms: float,
    where: tuple[str, str, Path | None],
    limiter: str,
    plot: Path | None,
    as_json: bool,
) -> None:
    from pixelshift._native import available_levels
    from pixelshift.tuning.measure import Experiment, choose
    from pixelshift.tuning.price import load_price

    if plot is not None:
        from pixelshift.tuning.plot import check, draw

        check(plot)
    levels = available_levels()[::-1]
    experiment = Experiment(workload, load_price(*where), _limiter(limiter), _sizes(memory), levels, runs, wait_ms)
    points = experiment.points(lambda _point: typer.echo(".", nl=False, err=True))
    typer.echo(err=True)
    choice = choose(points)
    if as_json:
        print(json.dumps(_document(points, choice, experiment.limiter.name), indent=2))
    else:
        from rich.console import Console

        Console().print(_table(points, choice))
        price = experiment.price
        typer.echo(f"{price.region}, {price.architecture}, prices of {price.as_of}; CPU by {experiment.limiter.name}")
        if any(point.derived for point in points):
            typer.echo("~ others took CPU meant for this: derived from its CPU time. Repeat it on an idle machine.")
    if plot is not None:
        draw(points, choice, experiment.price, _title(workload), plot)


def _workload(image: Path | None, edits: str, detector: int) -> dict[str, Any]:
    if (image is None) == (detector < 1):
        raise InvalidRequestError("name a picture by --image, or a number of readings by --detector")
    if image is None:
        if detector > 10_000:
            raise InvalidRequestError("Lambda delivers at most 10,000 records at once")
        return {"detector": detector}
    if not image.is_file():
        raise InvalidRequestError(f"there is no picture {image}")
    try:
        wish = json.loads(edits)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"--edits is no JSON: {error}") from None
    if not isinstance(wish, dict):
        raise InvalidRequestError("--edits must be a JSON object")
    return {"image": str(image), "edits": wish}


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(size) for size in text.split(",")}))
    except ValueError:
        raise InvalidRequestError(f"--memory takes numbers with commas between them, not {text!r}") from None


def _limiter(name: str) -> Any:
    from pixelshift.tuning.share import Signals, best_limiter

    if name not in ("auto", "cgroup", "signals"):
        raise InvalidRequestError(f"--limiter takes auto, cgroup or signals, not {name!r}")
    found = Signals() if name == "signals" else best_limiter()
    if name == "cgroup" and isinstance(found, Signals):
        raise InvalidRequestError("no control group can be made here; it takes root")
    return found


def _title(workload: dict[str, Any]) -> str:
    if "detector" in workload:
        return f"A batch of {workload['detector']:,} readings"
    return f"{Path(workload['image']).name} with {json.dumps(workload['edits'])}"[:90]


def _document(points: "list[Point]", choice: "Choice", limiter: str) -> dict[str, Any]:
    def one(point: "Point") -> dict[str, Any]:
        return {
            "memory_mb": point.memory_mb,
            "cpu": point.cpu,
            "duration_ms": round(point.duration_ms, 3),
            "derived": point.derived,
            "billed_ms": point.billed_ms,
            "peak_mb": round(point.peak_mb, 1),
            "fits": point.fits,
            "cpu_held": round(point.held, 4),
            "million_requests_usd": round(point.million_usd, 4),
        }

    chosen = {name: one(getattr(choice, name)) for name in ("cheapest", "fastest", "balanced")}
    return {"points": [one(point) for point in points], **chosen, "limiter": limiter}


def _table(points: "list[Point]", choice: "Choice") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("memory", "kernels", "duration", "billed", "CPU had", "a million", ""):
        table.add_column(name, justify="left" if name in ("kernels", "") else "right")
    for point in points:
        said = [name for name in ("cheapest", "fastest", "balanced") if getattr(choice, name) is point]
        remark = ", ".join(said) if point.fits else f"needs {point.peak_mb:.0f} MB"
        table.add_row(
            f"{point.memory_mb} MB",
            point.cpu,
            f"{'~' if point.derived else ''}{point.duration_ms:.1f} ms",
            f"{point.billed_ms} ms",
            f"{point.held:.0%}",
            f"${point.million_usd:.2f}",
            remark,
            style="bold" if said else ("dim" if not point.fits else None),
        )
    return table
