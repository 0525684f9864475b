"""What the given places hold: which files are there, which are left aside by a rule, which cannot be listed.

Belongs here: listing files and folders by named rules, and what is the same for places that a URL names.
Does not belong here: how a URL is looked at (``remote``), reading and keeping the bytes (``sources``), and
what was seen in earlier runs (``ledger``). Imports nothing heavy: every run lists.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# A URL is kept in the ledger and shown in the warehouse, so nothing in it may open a door.
_USER = re.compile(r"://[^/?#]*@")
_SIGNED = re.compile(r"[?&][^=&]*(signature|\bsig\b|token|secret|passw|credential|accesskey)", re.IGNORECASE)


class SourceProblem(Exception):  # noqa: N818 - what it is for the reader of 待核, not a fault
    """A file that could not be taken: ``reason`` and ``advice`` are Chinese, for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}。{advice}")
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file: its path as given (of this machine, or a URL), its size in bytes, and its change mark.

    The mark is another whenever the content is: the time of change in ns where the file is of this machine,
    else the ETag, checksum or time that its store tells. ``None`` where there is nothing to tell by.
    """

    path: str
    size: int | None
    mark: int | str | None


@dataclass(frozen=True, slots=True)
class ListedProblem:
    """A path that could not be listed, why, and what to do."""

    path: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file in a folder that a rule of ``SKIP_RULES`` leaves aside."""

    path: str
    rule: str


@dataclass(frozen=True, slots=True)
class EmptyFolder:
    """A folder that holds nothing at all, as a mount point does while nothing is mounted on it."""

    path: str


Entry = ListedFile | ListedProblem | Skipped | EmptyFolder


@dataclass(frozen=True, slots=True)
class Listing:
    """What the given paths hold.

    ``folders`` are those that were scanned whole or in part, ``empty`` the folders among and below them
    that hold nothing, ``named`` the files that were given by themselves.
    """

    files: tuple[ListedFile, ...] = ()
    problems: tuple[ListedProblem, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    folders: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def is_url(path: str) -> bool:
    """Whether a path is a URL: it is asked through fsspec, and never made absolute."""
    return _URL.match(path) is not None


def place_of(path: str) -> str:
    """Where a path is, however it was given: absolute, or the URL without a slash at its end."""
    # Links must stay as given, which resolve() would not do.
    return path.rstrip("/") if is_url(path) else os.path.abspath(path)  # noqa: PTH100


def name_of(path: str) -> str:
    """The last part of a path or URL."""
    return path.rstrip("/").rpartition("/")[2]


def credentials_in(path: str) -> ListedProblem | None:
    """What is said of a URL that carries a password or a signature, which is left out of its path."""
    if not is_url(path) or not (_USER.search(path) or _SIGNED.search(path)):
        return None
    bare = _USER.sub("://", path).partition("?")[0]
    reason = "网址里带着用户名、密码或签名，会留在台账里，没有去读"
    return ListedProblem(bare, reason, "把它们写在环境变量或凭据文件里（如 AWS_ACCESS_KEY_ID），网址里不写")


def skipped_by_name(path: str) -> Skipped | None:
    """What is said of a file in a folder whose name alone leaves it aside."""
    name = name_of(path)
    if name.startswith((".", "~$")):
        return Skipped(path, "隐藏文件")
    return None if os.path.splitext(name)[1].lower() in ENDINGS else Skipped(path, "未知后缀")  # noqa: PTH122


def explained(error: OSError) -> SourceProblem:
    """What the disk said of a file, in words, with what to do."""
    if isinstance(error, FileNotFoundError):
        return SourceProblem("文件不存在或已被移走", "核对路径；文件放回后再运行一次")
    if isinstance(error, PermissionError):
        return SourceProblem("没有读取权限", "给运行程序的用户读取权限后再运行一次")
    return SourceProblem(f"读取出错（{error.strerror or error}）", "检查磁盘或网络盘后再运行一次")


def too_large(size: int, max_bytes: int) -> SourceProblem:
    """What is said of a file that has more bytes than are read."""
    return SourceProblem(
        f"文件有 {size / (1 << 20):.0f} MiB，超过上限 {max_bytes / (1 << 20):g} MiB",
        "确是决算文本的，拆成每份文档一个文件；否则把它移出文件夹",
    )


def being_written() -> SourceProblem:
    """What is said of a file that changed while it was read."""
    return SourceProblem("读取期间文件正在被改写", "等文件写完再运行一次")


def discover(paths: Sequence[str | Path]) -> Listing:
    """The files of the given files, folders and URLs, folders recursive and sorted, each path once.

    A given file is listed whatever its ending; in folders ``SKIP_RULES`` decide. Never raises: a path
    that cannot be looked at is among the problems. A ``file://`` URL is the path that it names.
    """
    listed: dict[str, Entry] = {}
    folders: list[str] = []
    named: list[str] = []
    for given in (str(path).removeprefix("file://") for path in paths):
        is_folder, entries = _look_at(given)
        if is_folder:
            folders.append(given)
        for entry in entries:
            if isinstance(entry, ListedFile) and not is_folder:
                named.append(given)
                listed[given] = entry
            else:
                listed.setdefault(entry.path, entry)
    found = listed.values()
    return Listing(
        files=tuple(e for e in found if isinstance(e, ListedFile)),
        problems=tuple(e for e in found if isinstance(e, ListedProblem)),
        skipped=tuple(e for e in found if isinstance(e, Skipped)),
        folders=tuple(folders),
        empty=tuple(e.path for e in found if isinstance(e, EmptyFolder)),
        named=tuple(named),
    )


def _look_at(given: str) -> tuple[bool, Iterator[Entry]]:
    """Whether a given path is a folder, and what it holds or is."""
    if problem := _foreign_name(given) or credentials_in(given):
        return False, iter([problem])
    if is_url(given):
        from warehouse import remote  # fsspec, which a run over folders need not wait for

        return remote.look_at(given)
    try:
        status = os.stat(given)  # noqa: PTH116 - a path stays the text that was given
    except (OSError, ValueError) as error:
        return False, iter([_problem(given, error)])
    if stat.S_ISDIR(status.st_mode):
        return True, _walk(given, os.path.realpath(given))
    if stat.S_ISREG(status.st_mode):
        return False, iter([_regular(given, status)])
    return False, iter([ListedProblem(given, SKIP_RULES["非普通文件"], "请给出普通文件的路径")])


def _walk(folder: str, root: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as error:
        yield _problem(folder, error)
        return
    if not entries:
        yield EmptyFolder(folder)
    for entry in entries:
        path = os.path.join(folder, entry.name)  # noqa: PTH118 - a hundred thousand Path objects take a second
        if foreign := _foreign_name(path):
            yield foreign
        elif entry.name.startswith((".", "~$")):
            yield Skipped(path, "隐藏文件")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        else:
            yield _look(path, entry, root)


def _foreign_name(path: str) -> ListedProblem | None:
    """What is said of a file or folder whose name neither the ledger nor the warehouse could keep."""
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("gb18030", "replace")
        return ListedProblem(
            shown, "文件名不是 UTF-8 编码（按 GB18030 显示）", "改用 UTF-8 的文件名后再运行一次"
        )
    return None


def _look(path: str, entry: os.DirEntry[str], root: str) -> Entry:
    try:
        if entry.is_symlink() and (entry.is_dir() or not Path(path).resolve().is_relative_to(root)):
            return Skipped(path, "链接")
        if skipped := skipped_by_name(path):
            return skipped
        status = entry.stat()
    except FileNotFoundError as error:
        if not entry.is_symlink():
            return _problem(path, error)
        return ListedProblem(path, "链接指向的文件不存在", "把文件本身放入，或移走这个链接")
    except OSError as error:
        return _problem(path, error)
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "非普通文件")
    return _regular(path, status)


def _regular(path: str, status: os.stat_result) -> ListedFile | ListedProblem:
    # Permission changes neither size nor time: only looked for here does a later grant show in a listing.
    if not os.access(path, os.R_OK):
        return _problem(path, PermissionError())
    return ListedFile(path, status.st_size, status.st_mtime_ns)


def _problem(path: str, error: OSError | ValueError) -> ListedProblem:
    found = explained(error if isinstance(error, OSError) else OSError(str(error)))
    return ListedProblem(path, found.reason, found.advice)
