"""From paths that people name to bytes that are kept: what is there, what is skipped, what cannot be read.

Belongs here: listing files and folders by named rules, reading a file once, keeping its bytes in the home.
Does not belong here: what the bytes say, and what was seen in earlier runs (``ledger``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.home import Home

# Endings that a folder is searched for; those that no reader knows are taken for the advice that they
# get. A file that is named by itself is taken whatever its ending.
READ = frozenset({".txt", ".text", ".tsv", ".pdf", ".xlsx", ".xls", ".et", ".docx", ".html", ".htm"})
REFUSED = frozenset({".doc", ".wps", ".ofd", ".rtf", ".zip", ".rar", ".7z", ".mht", ".xlsb"})
ENDINGS = READ | REFUSED

# Why a file in a folder is left aside: the rule's name and what it means.
SKIP_RULES = {
    "隐藏文件": "名称以 . 或 ~$ 开头，不是文档",
    "未知后缀": f"后缀不在可读之列（{'、'.join(sorted(ENDINGS))}）；确是文本的，直接给出它的路径",
    "链接": "链接指向文件夹之外或指向文件夹，不跟随",
    "非普通文件": "不是普通文件（管道、设备、套接字）",
}

_CHUNK = 1 << 20


class SourceProblem(Exception):  # noqa: N818 - what it is for the reader of 待核, not a fault
    """A file that could not be taken: ``reason`` and ``advice`` are Chinese, for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}。{advice}")
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read from one file. 64 MiB of text is some hundred times the largest disclosure."""

    max_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A regular file, its path as given, its size in bytes and its time of change."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ListedProblem:
    """A path that could not be listed, why, and what to do."""

    path: Path
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file in a folder that a rule of ``SKIP_RULES`` leaves aside."""

    path: Path
    rule: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What the given paths hold; ``folders`` are those that were scanned whole or in part."""

    files: tuple[ListedFile, ...] = ()
    problems: tuple[ListedProblem, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The bytes of a file and their sha256; the same bytes lie in ``sources/<sha256>``."""

    sha256: str
    data: bytes = field(repr=False)


def _problem(path: Path, error: OSError) -> ListedProblem:
    found = _explain(error)
    return ListedProblem(path, found.reason, found.advice)


def _explain(error: OSError) -> SourceProblem:
    if isinstance(error, FileNotFoundError):
        return SourceProblem("文件不存在或已被移走", "核对路径；文件放回后再运行一次")
    if isinstance(error, PermissionError):
        return SourceProblem("没有读取权限", "给运行程序的用户读取权限后再运行一次")
    return SourceProblem(f"读取出错（{error.strerror or error}）", "检查磁盘或网络盘后再运行一次")


def discover(paths: Sequence[Path]) -> Listing:
    """The files of the given files and folders, folders recursive and sorted, each path once.

    A given file is listed whatever its ending; in folders ``SKIP_RULES`` decide. Never raises: a path
    that cannot be looked at is among the problems.
    """
    listed: dict[Path, ListedFile | ListedProblem | Skipped] = {}
    folders = []
    for given in paths:
        try:
            status = given.stat()
        except OSError as error:
            listed.setdefault(given, _problem(given, error))
            continue
        if stat.S_ISDIR(status.st_mode):
            folders.append(given)
            for entry in _walk(given, given.resolve()):
                listed.setdefault(entry.path, entry)
        elif stat.S_ISREG(status.st_mode):
            listed[given] = _regular(given, status)
        else:
            listed.setdefault(given, ListedProblem(given, SKIP_RULES["非普通文件"], "请给出普通文件的路径"))
    entries = listed.values()
    return Listing(
        files=tuple(e for e in entries if isinstance(e, ListedFile)),
        problems=tuple(e for e in entries if isinstance(e, ListedProblem)),
        skipped=tuple(e for e in entries if isinstance(e, Skipped)),
        folders=tuple(folders),
    )


def _walk(folder: Path, root: Path) -> Iterator[ListedFile | ListedProblem | Skipped]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as error:
        yield _problem(folder, error)
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith((".", "~$")):
            yield Skipped(path, "隐藏文件")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        else:
            yield _look(path, entry, root)


def _look(path: Path, entry: os.DirEntry[str], root: Path) -> ListedFile | ListedProblem | Skipped:
    try:
        if entry.is_symlink() and (entry.is_dir() or not path.resolve().is_relative_to(root)):
            return Skipped(path, "链接")
        if path.suffix.lower() not in ENDINGS:
            return Skipped(path, "未知后缀")
        status = path.stat()
    except OSError as error:
        return _problem(path, error)
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "非普通文件")
    return _regular(path, status)


def _regular(path: Path, status: os.stat_result) -> ListedFile | ListedProblem:
    # Permission changes neither size nor time: only looked for here does a later grant show in a listing.
    if not os.access(path, os.R_OK):
        return _problem(path, PermissionError())
    return ListedFile(path, status.st_size, status.st_mtime_ns)


def take(home: Home, listed: ListedFile, limits: Limits | None = None) -> Taken:
    """Read a listed file once and keep its bytes in ``sources/<sha256>``.

    Raises ``SourceProblem`` where the file is gone, unreadable, not regular, too large, or is being
    written while it is read.
    """
    limits = limits or Limits()
    try:
        data = _read(listed.path, limits.max_bytes)
    except OSError as error:
        raise _explain(error) from error
    sha256 = hashlib.sha256(data).hexdigest()
    kept = home.sources / sha256
    if not (kept.is_file() and kept.stat().st_size == len(data)):
        home.put(kept, lambda temporary: temporary.write_bytes(data))
    return Taken(sha256, data)


def kept(home: Home, sha256: str) -> bytes:
    """The kept bytes of a document; ``SourceProblem`` if they are not in the home."""
    try:
        return (home.sources / sha256).read_bytes()
    except OSError as error:
        raise SourceProblem(
            f"留存的原文 sources/{sha256} 读不到", "把原文件放回 inbox 再运行一次 juesuan run"
        ) from error


def _read(path: Path, max_bytes: int) -> bytes:
    # Non-blocking, so that a pipe put in the file's place after the listing cannot stop the run.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise SourceProblem(SKIP_RULES["非普通文件"], "请给出普通文件的路径")
        if before.st_size > max_bytes:
            raise SourceProblem(
                f"文件有 {before.st_size / (1 << 20):.0f} MiB，超过上限 {max_bytes / (1 << 20):g} MiB",
                "确是决算文本的，拆成每份文档一个文件；否则把它移出文件夹",
            )
        chunks = []
        while chunk := os.read(handle, _CHUNK):
            chunks.append(chunk)
            if sum(map(len, chunks)) > max_bytes:
                break
        after = os.fstat(handle)
    finally:
        os.close(handle)
    data = b"".join(chunks)
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or len(
        data
    ) != after.st_size:
        raise SourceProblem("读取期间文件正在被改写", "等文件写完再运行一次")
    return data
