"""Pictures from the command line: edit files, make URLs, explain them."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelshift.cli.serve import environment_for
from pixelshift.value import contents, defaults, is_value

_SUFFIXES = {
    "jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "gif": "gif", "avif": "avif", "tif": "tiff",
    "tiff": "tiff",
}  # fmt: skip
_READ = {*_SUFFIXES, "svg"}


def register(app: typer.Typer) -> None:
    """Adds this room's commands to the command line."""
    app.command()(edit)
    app.command()(url)
    app.command()(explain)


def _edit_map(text: str) -> dict[str, object]:
    try:
        edits = json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"no JSON: {error}", param_hint="--edits") from None
    if not isinstance(edits, dict):
        raise typer.BadParameter('must be a JSON object such as {"resize": {"width": 400}}', param_hint="--edits")
    return edits


Edits = Annotated[str, typer.Option("--edits", "-e", help='What to do, as in the URL: {"resize": {"width": 400}}.')]


def edit(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, globs or folders, and last the target.")],
    edits: Edits = "{}",
    to: Annotated[str | None, typer.Option("--format", "-f", help="Format of the results in a folder.")] = None,
    overlays: Annotated[Path | None, typer.Option(help="Folder of overlay pictures; any bucket means it.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes; one per core by default.")] = None,
) -> None:
    """Edit pictures: one file to another, or many into a folder.

    A file's format follows its suffix; in a folder, names follow --format or toFormat, else the pictures themselves.
    The exit status is 1 when a picture failed; the others are done all the same.
    """
    if len(paths) < 2:
        raise typer.BadParameter("give at least one picture and a target", param_hint="PATHS")
    *named, target = paths
    if to is not None and to.lower() not in _SUFFIXES:
        raise typer.BadParameter(f"must be one of {', '.join(_SUFFIXES)}", param_hint="--format")
    wanted = _edit_map(edits)
    sources = list(dict.fromkeys(_sources(named)))
    if not sources:
        raise typer.BadParameter("no picture matches", param_hint="PATHS")
    into_folder = target.is_dir() or len(sources) > 1 or named[0].is_dir()
    suffix = target.suffix.lower().lstrip(".")
    if not into_folder and suffix and suffix not in _SUFFIXES and "toFormat" not in wanted:
        raise typer.BadParameter(
            f"cannot write .{suffix}; the suffix must be one of {', '.join(_SUFFIXES)}", param_hint="PATHS"
        )
    to = _result_format(wanted, to, "" if into_folder else suffix)
    tasks = list(_tasks(sources, target, to, folder=into_folder))
    if failed := _run(tasks, wanted, overlays, jobs):
        typer.echo(f"{failed} of {len(tasks)} failed", err=True)
        raise typer.Exit(1)


def _result_format(edits: dict[str, object], to: str | None, suffix: str) -> str | None:
    """The format that names of results follow; refuses a ``toFormat`` that their name would belie."""
    from pixelshift.edits.encode import FORMAT_NAMES

    given = edits.get("toFormat")
    name = given.get("id") if isinstance(given, dict) else given
    made = FORMAT_NAMES.get(name.lower()) if isinstance(name, str) else None
    asked = _SUFFIXES.get((to or suffix).lower())
    if made is not None and asked is not None and made != asked:
        raise typer.BadParameter(f"toFormat says {name}, but the result is named {to or suffix}", param_hint="--edits")
    return to or (str(name) if made is not None else None)


def _sources(named: list[Path]) -> Iterator[Path]:
    """Files as they are; a folder stands for the pictures in it, a glob for what it matches."""
    for path in named:
        if path.is_dir():
            yield from (one for one in sorted(path.iterdir()) if one.suffix.lower().lstrip(".") in _READ)
        elif path.exists():
            yield path
        else:
            anchor = Path(path.anchor or ".")
            yield from sorted(anchor.glob(str(path.relative_to(path.anchor) if path.anchor else path)))


def _tasks(sources: list[Path], target: Path, to: str | None, *, folder: bool) -> Iterator[tuple[Path, Path]]:
    if not folder:
        yield sources[0], target
        return
    target.mkdir(parents=True, exist_ok=True)
    taken: set[Path] = set()
    for source in sources:
        suffix = f".{to.lower()}" if to else source.suffix if source.suffix.lower() != ".svg" else ".png"
        result = target / (source.stem + suffix)
        if result in taken:  # logo.svg beside logo.png
            result = target / (source.name + suffix)
        if result in taken:
            raise typer.BadParameter(f"two pictures would become {result}", param_hint="PATHS")
        taken.add(result)
        yield source, result


def _run(tasks: list[tuple[Path, Path]], edits: dict[str, object], overlays: Path | None, jobs: int | None) -> int:
    """Edits every picture, with a progress bar where there are several; returns how many failed."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    failures = 0
    with (
        Progress(console=console, disable=len(tasks) == 1 or not console.is_terminal) as progress,
        ProcessPoolExecutor(max_workers=min(jobs or _cores(), len(tasks))) as pool,
    ):
        bar = progress.add_task("Editing", total=len(tasks))
        futures: dict[Future[str | None], Path] = {
            pool.submit(edit_file, source, result, edits, overlays): source for source, result in tasks
        }
        for future in as_completed(futures):
            progress.advance(bar)
            problem = str(future.exception()) if future.exception() else future.result()
            if problem is not None:
                failures += 1
                typer.echo(f"{futures[future]}: {problem}", err=True)
    return failures


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


def edit_file(source: Path, result: Path, edits: dict[str, object], overlays: Path | None) -> str | None:
    """Edits one file to another; returns what went wrong, or ``None``. The result appears whole or not at all."""
    from pixelshift.edits.parse import parse_edits
    from pixelshift.edits.types import Format, Overlay, ToFormat
    from pixelshift.errors import PixelshiftError
    from pixelshift.imaging import Assets, Limits, Output
    from pixelshift.imaging import edit as edit_picture
    from pixelshift.origin.folder import FolderOrigin

    limits = Limits()
    if source.resolve() == result.resolve():
        return "the result would overwrite the picture itself; choose another name"
    try:
        typed = parse_edits(edits, limits)
        found = {}
        for one in typed:
            if isinstance(one, Overlay):
                origin = FolderOrigin(overlays or Path(), {one.bucket: "."})
                original = origin.fetch(one.bucket, one.key, body_limit_bytes=limits.source_bytes, timeout_s=30)
                found[one.bucket, one.key] = original.body
        named = any(isinstance(one, ToFormat) for one in typed)
        suffix = _SUFFIXES.get(result.suffix.lower().lstrip("."))
        output = Output(format=None if named or suffix is None else Format(suffix))
        data = FolderOrigin(source.parent, {"": "."}).fetch(
            "", source.name, body_limit_bytes=limits.source_bytes, timeout_s=30
        )
        body = edit_picture(data.body, typed, output=output, assets=Assets(overlays=found), limits=limits).body
        part = result.with_name(f".{result.name}.part")
        part.write_bytes(body)
        part.replace(result)
    except PixelshiftError as error:
        return f"{error.message} ({error.code})"
    except OSError as error:
        return error.strerror or str(error)
    return None


def url(
    key: Annotated[str, typer.Argument(help="Key of the original.")],
    edits: Edits = "{}",
    bucket: Annotated[str | None, typer.Option(help="Bucket; the service's default without.")] = None,
    to: Annotated[str | None, typer.Option("--format", "-f", help="outputFormat of the request.")] = None,
    base: Annotated[str, typer.Option(help="Where the service is.")] = "http://127.0.0.1:8000",
    sign: Annotated[bool, typer.Option("--sign", help="Sign with PIXELSHIFT_SIGNATURE_KEY.")] = False,
    expires_in: Annotated[int | None, typer.Option(min=1, help="Seconds until the URL expires.")] = None,
) -> None:
    """Print the URL of an edited picture; edits that no service would take are refused."""
    from pixelshift.edits.parse import parse_edits
    from pixelshift.environment import load
    from pixelshift.errors import PixelshiftError
    from pixelshift.limits import Limits
    from pixelshift.request.body import read_output_format
    from pixelshift.request.link import ImageLink, build_url

    wanted = _edit_map(edits)
    try:
        parse_edits(wanted, Limits())
        read_output_format({"outputFormat": to})
    except PixelshiftError as error:
        raise typer.BadParameter(f"{error.message} ({error.code})") from None
    signing_key = load().signature.plain_key.encode() if sign else None
    if signing_key == b"":
        raise typer.BadParameter("set PIXELSHIFT_SIGNATURE_KEY to the secret first", param_hint="--sign")
    expires = datetime.now(UTC) + timedelta(seconds=expires_in) if expires_in else None
    link = ImageLink(key=key, bucket=bucket, edits=wanted, output_format=to)
    typer.echo(base.rstrip("/") + build_url(link, expires=expires, signing_key=signing_key))


def explain(
    address: Annotated[str, typer.Argument(metavar="URL", help="URL of a picture, or its path.")],
    folder: Annotated[Path | None, typer.Option(help="Where originals are; else as the environment says.")] = None,
    accept: Annotated[str, typer.Option(help="The client's Accept header.")] = "",
) -> None:
    """Print what a URL means and how its picture would be made: steps, sizes, estimated cost."""
    from urllib.parse import parse_qsl, urlsplit

    from rich.console import Console
    from rich.table import Table

    from pixelshift.delivery.message import HttpRequest
    from pixelshift.errors import PixelshiftError
    from pixelshift.wiring import image_function

    parts = urlsplit(address)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    try:
        service = image_function(environment_for(folder))
        image, plan = service.explain(HttpRequest("GET", parts.path, query, {"accept": accept}))
    except PixelshiftError as error:
        typer.echo(f"{error.status} {error.code}: {error.message}", err=True)
        raise typer.Exit(1) from None
    table = Table(show_header=False, box=None, pad_edge=False)
    rows: list[tuple[str, Any]] = [("form", image.kind), ("original", f"{image.bucket}/{image.key}")]
    for name, value in [*rows, *(("edit", one) for one in image.edits)]:
        table.add_row(name, _short(value))
    Console().print(table, plan, sep="\n", highlight=False, markup=False)


def _short(value: object) -> str:
    """An edit with what differs from its defaults; anything else as text."""
    if not is_value(value):
        return str(value)
    usual = defaults(value)
    said = [(name, held) for name, held in contents(value).items() if name not in usual or held != usual[name]]
    return type(value).__name__ + (f" ({', '.join(f'{name}={one}' for name, one in said)})" if said else "")
