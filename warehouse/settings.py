"""How a home is published where it is not as by default: ``HOME/settings.yml``.

Belongs here: the settings, their file, and what is wrong with it. Does not belong here: what follows from a
setting (``build``). The module imports nothing heavy, because a run that finds nothing new asks for it.

The file is a mapping; what it does not name is as by default:

    个人信息    不发布 (by default): names and telephone numbers stay in the lake;
                保留: the published file has them, in the table personal_datum alone
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from warehouse import decisions
from warehouse.home import Home

PERSONS = "个人信息"
WITHHELD, KEPT = "不发布", "保留"
EXAMPLE = f"settings.yml 只能写一行「{PERSONS}: {KEPT}」或「{PERSONS}: {WITHHELD}」"


class SettingsError(ValueError):
    """The file says something that is no setting; the message says what is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a home. ``persons``: whether the published file has personal_datum."""

    persons: bool = False

    @property
    def fingerprint(self) -> str:
        """The settings in a line."""
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
    """What people chose, decisions and settings: another text means that there is something to publish."""
    return f"{decisions.fingerprint(home)} {load(home).fingerprint}"


def _settings(home: Home, told: Any) -> Settings:
    if not isinstance(told, dict):
        raise SettingsError(f"{home.settings_file} 不是「项: 值」的写法；{EXAMPLE}")
    unknown = [str(key) for key in told if key != PERSONS]
    if unknown:
        raise SettingsError(f"{home.settings_file} 里没有「{'、'.join(unknown)}」这一项；{EXAMPLE}")
    value = told.get(PERSONS, WITHHELD)
    if value not in (WITHHELD, KEPT):
        raise SettingsError(f"{home.settings_file} 里「{PERSONS}」写的是「{value}」；{EXAMPLE}")
    return Settings(persons=value == KEPT)
