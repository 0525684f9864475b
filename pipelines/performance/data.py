"""The data of this package, loaded once.

Belongs here: reading the YAML files beside this module. Does not belong here: their meaning.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from pipelines.vocabulary import parse_yaml


@cache
def load(name: str) -> dict[str, Any]:
    """The parsed content of ``pipelines/performance/<name>.yml``."""
    text = files("pipelines.performance").joinpath(f"{name}.yml").read_text("utf-8")
    loaded: dict[str, Any] = parse_yaml(text)
    return loaded
