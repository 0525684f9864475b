"""A headless Chromium for the tests: pages are opened as a person would, and it tells what went wrong.

Belongs here: starting it, opening a page, what the console said, how long it took, a picture. Does not
belong here: what a page must have.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE = 30.0


@dataclass
class Seen:
    """A page that was opened: seconds to its load event, and what the console held against it."""

    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)


class Tab:
    """The one tab of a running Chromium."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._last = 0
        self._events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command of the DevTools protocol; what happens meanwhile is kept."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=_PATIENCE))
            if said.get("id") == self._last:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self._events.append(said)

    def open(self, page: Path, fragment: str = "", settle: float = 0.0) -> Seen:
        """Open a file and wait for its load event, then ``settle`` seconds more."""
        self._events.clear()
        self.ask("Page.navigate", url=page.resolve().as_uri() + fragment)
        until = time.monotonic() + _PATIENCE
        while not any(said["method"] == "Page.loadEventFired" for said in self._events):
            assert time.monotonic() < until, f"{page} did not load"
            self._events.append(json.loads(self._socket.recv(timeout=_PATIENCE)))
        time.sleep(settle)
        milliseconds = self.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        return Seen(milliseconds / 1000, list(self._errors()))

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; that of a promise once it is kept."""
        told = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def picture(self, width: int, height: int) -> bytes:
        """What is seen in a window of that size, as PNG."""
        self.resize(width, height)
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def resize(self, width: int, height: int) -> None:
        """Make the window of that size, a phone's below 600 pixels."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def _errors(self) -> Iterator[str]:
        for said in self._events:
            told = said.get("params", {})
            if said["method"] == "Runtime.exceptionThrown":
                yield told["exceptionDetails"]["text"]
            elif said["method"] == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                yield told["entry"]["text"]
            elif said["method"] == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
                yield str(told["args"])


@contextmanager
def chromium() -> Iterator[Tab]:
    """A Chromium of its own, gone afterwards."""
    from websockets.sync.client import connect

    assert PROGRAM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
        command += [f"--user-data-dir={profile}", "--no-first-run", "--hide-scrollbars", "about:blank"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                with connect(_address(Path(profile)), max_size=1 << 27) as socket:
                    yield Tab(socket)
            finally:
                running.kill()


def _address(profile: Path) -> str:
    """Where the tab listens, once it does."""
    from urllib.request import urlopen

    port_file = profile / "DevToolsActivePort"
    until = time.monotonic() + _PATIENCE
    while not (port_file.exists() and port_file.read_text().count("\n")):
        assert time.monotonic() < until, "chromium did not start"
        time.sleep(0.05)
    port = int(port_file.read_text().split("\n", 1)[0])
    with urlopen(f"http://127.0.0.1:{port}/json/list") as told:
        tabs = json.load(told)
    return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")
