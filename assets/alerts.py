"""Alerts: what a person on call is told when a run fails, and that it is over.

Belongs here: the message, ``HOME/alerts.jsonl``, and posting it where the operator says. Does not belong
here: when to alert (``automation.py``). Nothing of a document is in an alert. Imports nothing heavy.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from warehouse.home import Home

# Where alerts are posted as JSON, besides the file; unset, nowhere.
URL_VARIABLE = "JUESUAN_ALERT_URL"
_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Alert:
    """A run that failed: which job at which step, of which years, why, what to do, where its log is."""

    at: str
    job: str
    where: str
    why: str
    advice: str
    link: str

    def __str__(self) -> str:
        return f"{self.job} 失败（{self.where}）：{self.why} → {self.advice}（日志 {self.link}）"


def send(home: Home, alert: Alert) -> None:
    """Append the alert to the file and post it, where an address is set.

    Never raises: an alert that cannot be sent is said in the log of this process.
    """
    logger = logging.getLogger("juesuan")
    logger.error(str(alert))
    try:
        _append(home, {"event": "failed", **asdict(alert)})
    except OSError as error:
        logger.error("告警没有写入 %s：%s", home.alerts_file, error)
    if url := os.environ.get(URL_VARIABLE):
        try:
            _post(url, {"text": str(alert), **asdict(alert)})
        except (OSError, ValueError) as error:
            # The address may hold a key, so it is not told.
            logger.error("告警没有送到 %s 所指的地址：%s", URL_VARIABLE, type(error).__name__)


def clear(home: Home, at: datetime) -> None:
    """Note that what failed has been made good, if anything stands."""
    if standing(home):
        _append(home, {"event": "cleared", "at": at.isoformat()})


def standing(home: Home) -> Alert | None:
    """The last alert, unless a publish has succeeded since."""
    try:
        lines = home.alerts_file.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return None
    for line in reversed(lines):
        try:
            event = json.loads(line)
            if event["event"] == "cleared":
                return None
            return Alert(**{f.name: str(event[f.name]) for f in fields(Alert)})
        except (ValueError, KeyError, TypeError):
            continue  # a line that a killed process left in half
    return None


def _append(home: Home, event: dict[str, str]) -> None:
    with home.alerts_file.open("a", encoding="utf-8") as file:
        file.write(json.dumps(event, ensure_ascii=False) + "\n")


def _post(url: str, message: dict[str, str]) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError("neither http nor https")
    body = json.dumps(message, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 - checked above
        pass
