"""The environment, read once: variables become settings, and every invalid one is named at start."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from pixelshift.errors import SettingsError
from pixelshift.settings import Settings
from pixelshift.value import Field, declared
from pixelshift.variable import Variable


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads all settings.

    :raises SettingsError: with every invalid variable, not just the first.
    """
    problems: list[str] = []
    groups = declared(Settings).items()
    settings = Settings(**{name: _group(group.factory, environment, problems) for name, group in groups})
    problems += _contradictions(settings)
    if problems:
        raise SettingsError("The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def variables() -> Iterator[tuple[str, Variable, object]]:
    """Every variable with the room it belongs to and its default."""
    for name, group in declared(Settings).items():
        for one in declared(group.factory).values():
            yield name, one.about, one.default


def _group(kind: Any, environment: Mapping[str, str], problems: list[str]) -> Any:
    return kind(**{name: _read(one, environment, problems) for name, one in declared(kind).items()})


def _read(one: Field, environment: Mapping[str, str], problems: list[str]) -> object:
    described: Variable = one.about
    text = environment.get(described.name)
    if text is None or (text.strip() == "" and one.default != ""):
        return one.default
    try:
        return described.read(text)
    except ValueError as error:
        problems.append(f"{described.name}={text!r}: {error}")
        return one.default


def _contradictions(settings: Settings) -> Iterator[str]:
    """What is wrong with values that are fine one by one."""
    origin = settings.origin
    if origin.kind == "folder" and not origin.folder:
        yield "PIXELSHIFT_ORIGIN=folder needs PIXELSHIFT_FOLDER"
    if origin.kind == "https" and not origin.https_hosts:
        yield "PIXELSHIFT_ORIGIN=https needs PIXELSHIFT_HTTPS_HOSTS"
    if settings.oversize.answer == "redirect" and not settings.oversize.bucket:
        yield "PIXELSHIFT_OVERSIZE=redirect needs PIXELSHIFT_OVERSIZE_BUCKET"
    if settings.series.webhook_url and not settings.series.webhook_secret:
        yield "PIXELSHIFT_SERIES_WEBHOOK_URL needs PIXELSHIFT_SERIES_WEBHOOK_SECRET"
