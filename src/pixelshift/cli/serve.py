"""The service and its cache from the command line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pixelshift.wiring import ImageService

_FOLDER_TTL_S = "2"
_GRACE_S = 30
_CONNECTIONS = 4096


def register(app: typer.Typer) -> None:
    """Adds this room's commands to the command line."""
    app.command()(serve)
    app.command()(purge)


def serve(
    folder: Annotated[Path | None, typer.Option(help="Serve the pictures in this folder.", file_okay=False)] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Render processes; 0 for one per core.", min=0)] = 0,
) -> None:
    """Serve pictures by URL. Everything beyond these options is set by environment variables."""
    import uvicorn

    from pixelshift.errors import SettingsError
    from pixelshift.settings import load
    from pixelshift.web.protocol import BoundedProtocol
    from pixelshift.wiring import image_service

    environment = _environment(folder, workers)
    try:
        settings = load(environment)
        service = image_service(settings, environment)
    except SettingsError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None
    config = uvicorn.Config(
        _application(service, environment),
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
    )
    listener = config.bind_socket()
    address = f"http://{'[' + host + ']' if ':' in host else host}:{listener.getsockname()[1]}"
    _announce(address, Path(settings.origin.folder) if settings.origin.kind == "folder" else None)
    uvicorn.Server(config).run(sockets=[listener])


def purge(
    source: Annotated[str | None, typer.Option(help="One original, as bucket/key.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Every original whose bucket/key begins so.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Forget finished pictures in the cache folder; running services that share it follow at once."""
    from pixelshift.settings import load
    from pixelshift.wiring import cache_store

    if [source is not None, prefix is not None, everything].count(True) != 1:
        raise typer.BadParameter("name exactly one of --source, --prefix and --all")
    settings = load()
    if not settings.cache.folder:
        raise typer.BadParameter("PIXELSHIFT_CACHE_FOLDER is not set; a cache in memory is purged over HTTP")
    store = cache_store(settings)
    assert store is not None
    if source is not None:
        count = store.purge_tag(source)
    else:
        count = store.purge_prefix(prefix) if prefix is not None else store.clear()
    typer.echo(f"{count} stored answers dropped")


def _environment(folder: Path | None, workers: int) -> dict[str, str]:
    """The process's environment with what the options say put over it."""
    environment = dict(os.environ)
    if folder is not None:
        if not folder.is_dir():
            raise typer.BadParameter(f"{folder} is no folder", param_hint="--folder")
        environment |= {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(folder.resolve())}
        # Looking at a file again costs nothing, and whoever edits one wants to see it.
        environment.setdefault("PIXELSHIFT_CACHE_MAX_TTL", _FOLDER_TTL_S)
    if workers:
        environment["PIXELSHIFT_WORKERS"] = str(workers)
    return environment


def _application(service: "ImageService", environment: dict[str, str]) -> Callable[..., Any]:
    from prometheus_client import CollectorRegistry

    from pixelshift.settings import load
    from pixelshift.web.app import Operations, create_app
    from pixelshift.web.image import Patience
    from pixelshift.web.log import configure
    from pixelshift.web.observe import Observer

    settings = load(environment)
    registry = CollectorRegistry()
    return create_app(
        Operations(
            service=service.delivery,
            is_ready=service.is_ready,
            close=service.close,
            registry=registry,
            observer=Observer(registry, configure(settings.web.log_level)),
            patience=Patience(answer_s=settings.limits.time_s),
            admin_token=settings.web.admin_token,
            metrics=settings.web.metrics,
        )
    )


def _announce(address: str, folder: Path | None) -> None:
    """Prints where the service listens, and URLs that show what it can do with the pictures at hand."""
    from rich.console import Console

    from pixelshift.cli.examples import example_urls

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[bold]Pixelshift[/bold] serves on {address}  (API: {address}/-/docs, metrics: {address}/metrics)")
    for title, path in example_urls(folder) if folder is not None else ():
        console.print(f"  {title}\n    [link={address}{path}]{address}{path}[/link]", markup=True)
