"""What is particular to a home: ``HOME/settings.yml``.

Belongs here: the settings, their file, and what is wrong with it. Does not belong here: what follows from a
setting (``build``, ``store``, ``reading``). The module imports nothing heavy, because a run that finds
nothing new asks for it.

The file is a mapping; what it does not name is as by default:

    个人信息    不发布 (by default): names and telephone numbers stay in the lake;
                保留: the published file has them, in the table personal_datum alone
    共享存储    a URL that fsspec knows (s3://…, file:///…): kept sources and parts lie there and not in the
                home, so that other machines can read documents; by default in the home
    来源        folders, files and URLs that are read when a run names none; a relative path begins at the
                home; by default the inbox alone
    每次重读    after a change of the reader, at most so many documents that an older one has read are read
                again in one run, the latest years first; by default all
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from warehouse import entries
from warehouse.home import Home
from warehouse.listing import is_url

PERSONS, SHARED, SOURCES, REREAD = "个人信息", "共享存储", "来源", "每次重读"
WITHHELD, KEPT = "不发布", "保留"


def _are_places(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(v, str) and v.strip() for v in value)


# What may stand behind each setting: how it is written, and whether a value is such.
_VALUES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    PERSONS: (f"「{PERSONS}: {KEPT}」或「{PERSONS}: {WITHHELD}」", lambda value: value in (WITHHELD, KEPT)),
    SHARED: (f"「{SHARED}: s3://桶/前缀」", lambda value: isinstance(value, str) and "://" in value),
    SOURCES: (f"「{SOURCES}: [inbox, s3://桶/前缀]」", _are_places),
    REREAD: (f"「{REREAD}: 2000」", lambda value: type(value) is int and value > 0),
}
EXAMPLE = f"settings.yml 可以写的有 {'；'.join(written for written, _ in _VALUES.values())}"


class SettingsError(ValueError):
    """The file says something that is no setting; the message says what is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a home.

    ``persons``: whether the published file has personal_datum; ``shared``: where kept sources and parts lie,
    ``None`` for the home itself; ``sources``: what is read when a run names nothing; ``reread``: how many
    documents that were read before are read again in one run, ``None`` for all.
    """

    persons: bool = False
    shared: str | None = None
    sources: tuple[str, ...] = ("inbox",)
    reread: int | None = None

    def places(self, home: Home) -> list[str]:
        """The ``sources`` as paths and URLs that can be listed from wherever a run is started."""
        return [place if is_url(place) else str(home.root / place) for place in self.sources]

    @property
    def fingerprint(self) -> str:
        """What of the settings shows in the published file, in a line."""
        return f"{PERSONS}: {KEPT if self.persons else WITHHELD}"


def load(home: Home) -> Settings:
    """The settings of a home; ``SettingsError`` for a file that cannot be read as such, never a guess."""
    try:
        told = yaml.safe_load(home.settings_file.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise SettingsError(f"{home.settings_file} 读不了（{why}）；{EXAMPLE}") from error
    return Settings() if told is None else _settings(home, told)


def chosen(home: Home) -> str:
    """What people wrote, in entries and settings: another text means that a publish is due."""
    folders = (home.decisions, home.corrections, home.units)
    said = " ".join(map(entries.fingerprint, folders))
    return f"{said} {load(home).fingerprint}"


def _settings(home: Home, told: Any) -> Settings:
    if not isinstance(told, dict):
        raise SettingsError(f"{home.settings_file} 不是「项: 值」的写法；{EXAMPLE}")
    unknown = [str(key) for key in told if key not in _VALUES]
    if unknown:
        raise SettingsError(f"{home.settings_file} 里没有「{'、'.join(unknown)}」这一项；{EXAMPLE}")
    for name, value in told.items():
        _, allowed = _VALUES[name]
        if not allowed(value):
            raise SettingsError(f"{home.settings_file} 里「{name}」写的是「{value}」；{EXAMPLE}")
    return Settings(
        persons=told.get(PERSONS) == KEPT,
        shared=told.get(SHARED),
        sources=tuple(told.get(SOURCES, Settings().sources)),
        reread=told.get(REREAD),
    )
