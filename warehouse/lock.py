"""One writer a home: whoever writes holds the home's lock, and says who it is.

Belongs here: taking the lock, and telling who holds it. Does not belong here: what is written. Readers of the
published file need no lock.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from warehouse.home import Home


class HomeBusyError(RuntimeError):
    """Another process writes to the home; the message says which one, since when, and what to do."""


@contextmanager
def alone(home: Home, what: str, *, wait: float = 0) -> Iterator[None]:
    """Write to a home alone. ``HomeBusyError`` if another process still does after ``wait`` seconds.

    ``what`` is told to whoever is refused. The lock is the operating system's: it ends with the process,
    however that ends; what a killed one left in ``.scratch`` is cleared away. Taken again by the same
    process it is held on.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.lock_file, is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise HomeBusyError(
            f"数据目录 {home.root} 正由{_holder(home)}使用；等它结束再运行一次，读已发布的仓库不受影响"
        ) from None
    try:
        if lock.lock_counter == 1:
            _say(home, what)
            home.clear_scratch()
        yield
    finally:
        lock.release()


def _say(home: Home, what: str) -> None:
    holder = {"what": what, "pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
    home.lock_holder_file.write_text(json.dumps(holder, ensure_ascii=False), "utf-8")


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(sep=" ", timespec="seconds")


def _holder(home: Home) -> str:
    try:
        holder = json.loads(home.lock_holder_file.read_text("utf-8"))
        return f"「{holder['what']}」（{holder['host']} 上的进程 {holder['pid']}，始于 {holder['since']}）"
    except (OSError, ValueError, KeyError, TypeError):
        return "另一个进程"
