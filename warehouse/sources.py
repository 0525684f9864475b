"""Bytes that are kept: a listed file is read once, and what was read lies in the store by its content.

Belongs here: reading a file once and keeping its bytes. Does not belong here: which files there are
(``listing``), what the bytes say, and what was seen in earlier runs (``ledger``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field

from warehouse.home import Home
from warehouse.listing import (
    SKIP_RULES,
    ListedFile,
    SourceProblem,
    being_written,
    explained,
    is_url,
    too_large,
)
from warehouse.store import Store, store_of

_FOLDER = "sources"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read from one file. 64 MiB of text is some hundred times the largest disclosure."""

    max_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """The bytes of a file and their sha256; the same bytes lie in ``sources/<sha256>``."""

    sha256: str
    data: bytes = field(repr=False)


def take(owner: Home | Store, listed: ListedFile, limits: Limits | None = None) -> Taken:
    """Read a listed file once and keep its bytes in ``sources/<sha256>`` of the store.

    Raises ``SourceProblem`` where the file is gone, unreadable, not regular, too large, or is being
    written while it is read.
    """
    limits = limits or Limits()
    data = _read(listed.path, limits.max_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    store = store_of(owner)
    if store.size(source_key(sha256)) != len(data):
        store.write(source_key(sha256), data)
    return Taken(sha256, data)


def source_key(sha256: str) -> str:
    """Where in the store the bytes of a document are kept."""
    return f"{_FOLDER}/{sha256}"


def kept_sources(owner: Home | Store) -> set[str]:
    """The sha256 of every document whose bytes are kept, from one look at the store."""
    return store_of(owner).names(_FOLDER)


def kept(owner: Home | Store, sha256: str) -> bytes:
    """The kept bytes of a document; ``SourceProblem`` if they are not in the store."""
    try:
        return store_of(owner).read(source_key(sha256))
    except OSError as error:
        raise SourceProblem(
            f"留存的原文 sources/{sha256} 读不到", "把原文件放回 inbox 再运行一次 juesuan run"
        ) from error


def _read(path: str, max_bytes: int) -> bytes:
    if is_url(path):
        from warehouse import remote  # fsspec, which a run over folders need not wait for

        return remote.read(path, max_bytes)
    try:
        return _read_file(path, max_bytes)
    except OSError as error:
        raise explained(error) from error


def _read_file(path: str, max_bytes: int) -> bytes:
    # Non-blocking, so that a pipe put in the file's place after the listing cannot stop the run.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise SourceProblem(SKIP_RULES["非普通文件"], "请给出普通文件的路径")
        if before.st_size > max_bytes:
            raise too_large(before.st_size, max_bytes)
        chunks = []
        while chunk := os.read(handle, _CHUNK):
            chunks.append(chunk)
            if sum(map(len, chunks)) > max_bytes:
                break
        after = os.fstat(handle)
    finally:
        os.close(handle)
    data = b"".join(chunks)
    unchanged = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    if not unchanged or len(data) != after.st_size:
        raise being_written()
    return data
