"""What the reading of one document may take, what is said of one that took more, or broke its reader.

Belongs here: the limits, where they are set, and the words for a document that has no part. Does not belong
here: holding a process to its limits (``fanout``), and what a reader says within a part (``pipelines``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.model import Issue

WORKERS, SECONDS, MEMORY = "JUESUAN_READ_WORKERS", "JUESUAN_READ_SECONDS", "JUESUAN_READ_MB"

# Causes of failure that do not lie in the document: the next run tries again.
PASSING = frozenset({"source", "damaged", "killed", "system"})

_TRY_ANOTHER_COPY = "文件可能损坏或异常：用阅读器打开后另存一份再放入；仍然不行，把文件交给维护者"
_PUT_BACK = "把原文件放回 inbox 再运行一次 juesuan run"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take: seconds of wall time, and MiB that its process holds.

    Pages, cells and sizes of archives are limits of the readers themselves (``pipelines.limits``). A page
    that is a picture takes some two seconds, of running text up to seven: a scan of sixty is read in time.
    """

    seconds: float = 600
    memory_mb: int = 1024


def workers_from(environment: Mapping[str, str] = os.environ) -> int:
    """How many processes read: JUESUAN_READ_WORKERS, else one a core up to four."""
    return int(_number(environment, WORKERS, min(4, os.cpu_count() or 1)))


def limits_from(environment: Mapping[str, str] = os.environ) -> Limits:
    """JUESUAN_READ_SECONDS and JUESUAN_READ_MB over the defaults; ``ValueError`` if one is no number."""
    usual = Limits()
    return Limits(
        seconds=_number(environment, SECONDS, usual.seconds),
        memory_mb=int(_number(environment, MEMORY, usual.memory_mb)),
    )


def _number(environment: Mapping[str, str], name: str, usual: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return usual
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"环境变量 {name} 应为正整数，现为「{text}」")
    return int(text)


_SAID: Mapping[str, tuple[Callable[[str, Limits], str], str]] = {
    "seconds": (
        lambda _, limits: f"读取超过 {limits.seconds:g} 秒，已中止",
        f"{_TRY_ANOTHER_COPY}；确是很大的文件，把环境变量 {SECONDS} 调大后再运行",
    ),
    "memory": (
        lambda _, limits: f"读取占用的内存超过 {limits.memory_mb} MiB，已中止",
        f"{_TRY_ANOTHER_COPY}；确是很大的文件，把环境变量 {MEMORY} 调大后再运行",
    ),
    "ended": (lambda why, _: f"读取进程意外结束（{why}）", _TRY_ANOTHER_COPY),
    "garbled": (lambda why, _: f"读取进程的回答无法辨认（{why}）", _TRY_ANOTHER_COPY),
    "killed": (lambda why, _: f"读取进程被外部结束（{why}）", "系统内存不够的，腾出内存；然后再运行一次"),
    "system": (lambda why, _: f"这台机器读不下去（{why}）", "腾出磁盘和内存后再运行一次"),
    "source": (lambda *_: "留存的原文读不到", _PUT_BACK),
    "damaged": (lambda key, _: f"留存的原文 {key} 与它的指纹不符", f"删去这个留存的文件，{_PUT_BACK}"),
    "error": (
        lambda why, _: f"读取程序出错（{why}）",
        "这是程序的问题：把文件和这句话交给维护者；修好后再运行一次",
    ),
}


def failure(cause: str, why: str = "", *, limits: Limits = Limits()) -> Issue:
    """What is said of a document that could not be read, by what it failed of."""
    reason, advice = _SAID.get(cause, _SAID["garbled"])
    return Issue("failed", "读取", "文件", reason(why, limits), advice)
