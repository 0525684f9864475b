"""Which rules, suites and derivations judge: a digest by which old verdicts are told from those of today.

Belongs here: that digest. Does not belong here: what the rules are. Imports nothing heavy, because a run
that finds nothing new asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@cache
def expectations_version() -> str:
    """A digest over all data and code of this folder: years that another one judged are judged again."""
    found = hashlib.sha256()
    for name, entry in _entries(files("expectations"), ""):
        found.update(name.encode() + b"\0" + hashlib.sha256(entry.read_bytes()).digest())
    return found.hexdigest()[:10]


# What settles recognised amounts: its modules, the part of the engine that finds identities, and those.
SETTLING = (
    *("settle.py", "hypotheses.py", "readings.py", "identities.py"),
    *(
        "compare.py",
        "conditions.py",
        "figures.py",
        "rules_data.py",
        "selectors.py",
        "sides.py",
        "verdicts.py",
    ),
    *("rules/t.yml", "rules/x.yml"),
)


@cache
def settling_version() -> str:
    """A digest over what settles recognised amounts: what another one settled is settled anew."""
    found = hashlib.sha256()
    for name in SETTLING:
        found.update(name.encode() + b"\0" + files("expectations").joinpath(name).read_bytes())
    return found.hexdigest()[:12]


def _entries(folder: Traversable, place: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        name = f"{place}/{entry.name}"
        if entry.is_dir():
            yield from _entries(entry, name)
        elif entry.name.endswith((".yml", ".py")):
            yield name, entry
