"""Our deployment templates, as they are written and as AWS's transform turns them into CloudFormation."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.emulators import FOLDER, installed

DEPLOY = Path(__file__).parents[2] / "deploy"
TRANSFORM = Path(__file__).parents[1] / "emulators" / "transform.py"
NAMES = ("image", "analytics")


def source(name: str) -> str:
    """The text of a template."""
    return (DEPLOY / f"{name}.yaml").read_text()


@cache
def transformed(name: str) -> str:
    """The template as CloudFormation runs it, in JSON."""
    python = FOLDER / "venv" / "bin" / "python"
    installed("samtranslator", python)
    done = subprocess.run(
        [str(python), str(TRANSFORM), "{}"],
        input=source(name),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
    )
    assert done.returncode == 0, done.stderr[-1_500:]
    return done.stdout


def template(name: str) -> dict[str, Any]:
    """The same as values."""
    made: dict[str, Any] = json.loads(transformed(name))
    return made


def without(made: dict[str, Any], unsupported: set[str]) -> dict[str, Any]:
    """A template without resources of some types, and without what refers to those."""
    gone = {name for name, resource in made["Resources"].items() if resource["Type"] in unsupported}
    while True:
        more = {name for name, resource in made["Resources"].items() if name not in gone and _refers(resource, gone)}
        if not more:
            break
        gone |= more
    kept = {name: resource for name, resource in made["Resources"].items() if name not in gone}
    outputs = {name: output for name, output in made["Outputs"].items() if not _refers(output, gone)}
    return {**made, "Resources": kept, "Outputs": outputs}


def _refers(value: Any, names: set[str]) -> bool:
    if isinstance(value, dict):
        if value.get("Ref") in names:
            return True
        place = value.get("Fn::GetAtt")
        if place and (place if isinstance(place, list) else place.split("."))[0] in names:
            return True
        text = value.get("Fn::Sub")
        if isinstance(text, str) and any(f"${{{name}}}" in text or f"${{{name}." in text for name in names):
            return True
        return any(_refers(inner, names) for inner in value.values())
    return isinstance(value, list) and any(_refers(inner, names) for inner in value)
