"""The service and its cache from the command line."""

import os
from functools import partial
from pathlib import Path
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import uvicorn
    from fastapi import APIRouter

    from pixelshift.web.image import ImageFace
    from pixelshift.wiring import ImageService, SeriesRuntime

_FOLDER_TTL_S = "2"
_GRACE_S = 30
_CONNECTIONS = 4096


def register(app: typer.Typer) -> None:
    """Adds this room's commands to the command line."""
    app.command()(serve)
    app.command()(serve_series)
    app.command()(purge)


def serve(
    folder: Annotated[Path | None, typer.Option(help="Serve the pictures in this folder.", file_okay=False)] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Render processes; 0 for one per core.", min=0)] = 0,
    series: Annotated[Path | None, typer.Option(help="Watch series, too; they are kept in this file.")] = None,
) -> None:
    """Serve pictures by URL. Everything beyond these options is set by environment variables."""
    import uvicorn

    from pixelshift.environment import load
    from pixelshift.errors import SettingsError
    from pixelshift.web.protocol import BoundedProtocol
    from pixelshift.wiring import image_service, series_runtime

    environment = environment_for(folder, workers)
    if series is not None:
        environment["PIXELSHIFT_SERIES_STORE"] = str(series)
    try:
        settings = load(environment)
        watched = series_runtime(settings)
        service = image_service(settings, environment)
    except SettingsError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None
    application = _application(service, watched, environment)
    protocol: Any = partial(BoundedProtocol, at_once=application.at_once)
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
        forwarded_allow_ips=list(settings.clients.trusted_proxies),
    )
    listener = _listening(config)
    address = f"http://{'[' + host + ']' if ':' in host else host}:{listener.getsockname()[1]}"
    folder = Path(settings.origin.folder) if settings.origin.kind == "folder" else None
    _announce(address, folder, metrics=settings.web.metrics)
    if watched is not None:
        typer.echo(f"Series: {address}/live", err=True)
    _server(config, watched).run(sockets=[listener])


def serve_series(
    store: Annotated[Path, typer.Argument(help="The file that keeps the series; made if it is not there.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Watch series over HTTP, without the picture service. The rest is set by environment variables."""
    import uvicorn

    from pixelshift.environment import load
    from pixelshift.errors import SettingsError
    from pixelshift.web.series import create_series_app
    from pixelshift.wiring import series_runtime

    try:
        watched = series_runtime(load({**os.environ, "PIXELSHIFT_SERIES_STORE": str(store)}))
    except SettingsError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None
    assert watched is not None
    config = uvicorn.Config(
        create_series_app(watched.service, token=watched.token, close=watched.close),
        host=host,
        port=port,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
    )
    listener = _listening(config)
    typer.echo(f"Series: http://{host}:{listener.getsockname()[1]}/live", err=True)
    _server(config, watched).run(sockets=[listener])


def _listening(config: "uvicorn.Config") -> socket:
    """A socket that takes connections from now on: the address is told before the application has started."""
    listener = config.bind_socket()
    listener.listen(config.backlog)
    return listener


def _server(config: "uvicorn.Config", watched: "SeriesRuntime | None") -> "uvicorn.Server":
    """A server that sends those who listen to events home when it is told to end; it would wait for them else."""
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if watched is not None:
                watched.service.feed.end()
            super().handle_exit(sig, frame)

    return Server(config)


def purge(
    source: Annotated[str | None, typer.Option(help="One original, as bucket/key.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Every original whose bucket/key begins so.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Forget finished pictures in the cache folder; running services that share it follow at once."""
    from pixelshift.environment import load
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


def environment_for(folder: Path | None, workers: int = 0) -> dict[str, str]:
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


def _application(service: "ImageService", watched: "SeriesRuntime | None", environment: dict[str, str]) -> "ImageFace":
    from prometheus_client import CollectorRegistry

    from pixelshift.environment import load
    from pixelshift.web.app import Operations, create_app
    from pixelshift.web.image import Patience
    from pixelshift.web.log import configure
    from pixelshift.web.observe import Observer

    settings = load(environment)
    registry = CollectorRegistry()

    def close() -> None:
        service.close()
        if watched is not None:
            watched.close()

    return create_app(
        Operations(
            service=service.delivery,
            is_ready=service.is_ready,
            close=close,
            registry=registry,
            observer=Observer(registry, configure(settings.web.log_level)),
            patience=Patience(answer_s=settings.limits.time_s),
            admin_token=settings.web.admin_token,
            metrics=settings.web.metrics,
            docs_url=settings.web.docs_url,
        ),
        _series_routers(watched),
    )


def _series_routers(watched: "SeriesRuntime | None") -> "list[APIRouter]":
    if watched is None:
        return []
    from pixelshift.web.series import create_router

    return [create_router(watched.service, token=watched.token)]


def _announce(address: str, folder: Path | None, *, metrics: bool) -> None:
    """Prints where the service listens, and URLs that show what it can do with the pictures at hand."""
    from rich.console import Console

    from pixelshift.cli.examples import example_urls

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[bold]Pixelshift[/bold] serves on {address}")
    console.print(f"  API {address}/-/docs" + (f"  metrics {address}/metrics" if metrics else ""))
    for title, path in example_urls(folder) if folder is not None else ():
        console.print(f"  {title}\n    [link={address}{path}]{address}{path}[/link]", markup=True)
