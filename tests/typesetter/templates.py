"""The manners of provinces, as ``templates/*.yml`` hold them.

Belongs here: loading them. Does not belong here: what a switch of ``Manner`` changes about them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

TEMPLATES = ("shanxi-yangquan", "liaoning-qianshan")


@cache
def template(template_id: str) -> dict[str, Any]:
    """The data of a template. Its statements stand in printed order."""
    path = Path(__file__).parent / "templates" / f"{template_id}.yml"
    return dict(yaml.safe_load(path.read_text("utf-8")))
