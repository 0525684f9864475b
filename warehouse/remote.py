"""Places that a URL names, through fsspec: what is there, and the bytes of a file.

Belongs here: listing and reading at a URL, and what a store's refusal is called. Does not belong here: the
rules by which files are left aside (``listing``), and where a home keeps what it has read (``store``).
How a store is reached and with which credentials is its own affair: environment and credential files, as
its own tools read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fsspec.core import url_to_fs

from warehouse.listing import (
    SKIP_RULES,
    EmptyFolder,
    Entry,
    ListedFile,
    ListedProblem,
    SourceProblem,
    being_written,
    explained,
    skipped_by_name,
    too_large,
)

# By what a file's change can be told, the surest first: stores call it by different names.
_MARKS = (
    *("ETag", "etag", "md5Hash", "content_md5", "Content-MD5", "Digest", "mtime", "LastModified"),
    *("last_modified", "Last-Modified", "updated", "modify", "created"),
)
# What a web server answers for a page that is not there.
_NOT_THERE = (404, 410)


def look_at(url: str) -> tuple[bool, Iterator[Entry]]:
    """Whether a URL is a folder, and what it holds or is, sorted. Never raises."""
    try:
        files, root = _opened(url)
        about = files.info(root)
    except Exception as error:  # every store has errors of its own
        return False, iter([_problem(url, error)])
    if about["type"] == "directory":
        return True, _walk(files, root, url.rstrip("/"))
    return False, iter([_file(url, about)])


def read(url: str, max_bytes: int) -> bytes:
    """The bytes of the file at a URL.

    ``SourceProblem`` where it is gone or cannot be reached, is no file, has more than ``max_bytes``, or
    changes while it is read.
    """
    try:
        files, path = _opened(url)
        before = files.info(path)
        if before["type"] == "directory":
            raise SourceProblem(SKIP_RULES["非普通文件"], "请给出普通文件的路径")
        # A store may not tell the size.
        if (before.get("size") or 0) > max_bytes:
            raise too_large(before["size"], max_bytes)
        with files.open(path, "rb") as file:
            data: bytes = file.read(max_bytes + 1)
        after = files.info(path)
    except SourceProblem:
        raise
    except Exception as error:  # every store has errors of its own
        raise _explained(url, error) from error
    if len(data) > max_bytes:
        raise too_large(len(data), max_bytes)
    size = after.get("size")
    if (before.get("size"), _mark(before)) != (size, _mark(after)) or size not in (None, len(data)):
        raise being_written()
    return data


def _opened(url: str) -> tuple[Any, str]:
    """The filesystem of a URL, which remembers no listing, and the path there."""
    files, path = url_to_fs(url, use_listings_cache=False)
    return files, path


def _walk(files: Any, folder: str, url: str) -> Iterator[Entry]:
    """What a folder holds. Its own walk would pass over what cannot be listed, as if it were not there."""
    try:
        # Some stores answer with the folder itself, as an object of no bytes.
        entries = [e for e in files.ls(folder, detail=True) if e["name"].strip("/") != folder.strip("/")]
    except Exception as error:  # every store has errors of its own
        yield _problem(url, error)
        return
    if not entries:
        yield EmptyFolder(url)
    for entry in sorted(entries, key=lambda e: str(e["name"])):
        path = f"{url}/{entry['name'].rstrip('/').rpartition('/')[2]}"
        skipped = skipped_by_name(path)
        if skipped and skipped.rule == "隐藏文件":
            yield skipped
        elif entry["type"] == "directory":
            yield from _walk(files, entry["name"], path)
        else:
            yield skipped or _file(path, entry)


def _file(path: str, about: Mapping[str, Any]) -> ListedFile:
    return ListedFile(path, about.get("size"), _mark(about))


def _mark(about: Mapping[str, Any]) -> str | None:
    told = (about[name] for name in _MARKS if about.get(name) is not None)
    return next((str(value) for value in told), None)


def _problem(url: str, error: Exception) -> ListedProblem:
    found = _explained(url, error)
    return ListedProblem(url, found.reason, found.advice)


def _explained(url: str, error: Exception) -> SourceProblem:
    """What a store said, in words, with what to do."""
    scheme = url.partition("://")[0]
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and cause and _is_no_absence(cause):
        return _explained(url, RuntimeError(cause))  # http says so of whatever went wrong
    if isinstance(error, FileNotFoundError):
        return explained(error)
    if isinstance(error, PermissionError):
        return SourceProblem("没有读取权限", "核对访问凭据（如 AWS_ACCESS_KEY_ID）和它的权限后再运行一次")
    if isinstance(error, ImportError):
        return SourceProblem(
            f"没有装读 {scheme}:// 的程序包", f"pip install 'juesuan[cluster]' 或 fsspec[{scheme}] 后再运行"
        )
    if isinstance(error, ValueError) and "Protocol not known" in str(error):
        return SourceProblem(f"不认得 {scheme}:// 这样的网址", "核对网址；本机的路径不写 ://")
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return SourceProblem(f"连不上或读取出错（{why}）", "检查网络、地址和访问凭据后再运行一次")


def _is_no_absence(cause: BaseException) -> bool:
    """Whether what led to «not found» is a connection that failed, or another answer of a web server."""
    return isinstance(cause, OSError) or getattr(cause, "status", _NOT_THERE[0]) not in _NOT_THERE
