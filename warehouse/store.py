"""Where kept sources and parts lie: the home's own folder, or a store that several machines share.

Belongs here: reading and writing whole things by their key (``sources/<sha256>``, ``lake/parts/…``), on a
disk or through fsspec, and telling a store that cannot be reached from a thing that is not there. Does not
belong here: what the things are (``sources``, ``lake``). fsspec is imported only where a URL asks for it.

Whatever fsspec takes from the environment or its configuration files (``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL``, ``FSSPEC_S3_…``) holds here too: no key stands in the settings.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from warehouse import settings
from warehouse.home import Home

# What a store is known by, to the home that uses it and to workers on other machines.
STAMP = "juesuan-store"
_FOLDER = ("file://", "local://")
# Stores in which a thing is there at once when it is whole; elsewhere it is written aside and renamed.
_AT_ONCE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "memory"}
_AT_ONCE_READ = 64


class StoreError(RuntimeError):
    """The store cannot be reached or refuses: a matter of the store, never of one document."""


class Store(ABC):
    """Things by their key, which is a relative path with ``/``.

    Of a key that is not there ``FileNotFoundError`` is raised. ``place`` is what ``store_at`` makes the
    same store of, on another machine too.
    """

    place: str

    @abstractmethod
    def read(self, key: str, first: int | None = None) -> bytes:
        """The whole of a thing, or its first bytes."""

    @abstractmethod
    def opened(self, key: str) -> BinaryIO:
        """A thing to read parts of; where each part would be a request of its own, the whole of it."""

    @abstractmethod
    def read_many(self, keys: Sequence[str]) -> list[bytes]:
        """The whole of many things, in the order of the keys, read side by side where that is faster."""

    @abstractmethod
    def write(self, key: str, data: bytes, *, durable: bool = True) -> None:
        """Put a thing there, whole or not at all; ``durable`` waits for the disk, where it is one."""

    @abstractmethod
    def size(self, key: str) -> int | None:
        """How many bytes a thing has; ``None`` if it is not there."""

    @abstractmethod
    def names(self, folder: str) -> set[str]:
        """The names of what lies directly in a folder; none where there is no such folder."""

    def stamp(self) -> str:
        """What this store alone is stamped with; empty where it is not stamped yet."""
        with suppress(FileNotFoundError):
            return self.read(STAMP).decode("utf-8", "replace")
        return ""

    def stamped(self) -> str:
        """The stamp, made now if there is none."""
        if not self.stamp():
            self.write(STAMP, uuid.uuid4().hex.encode())
        return self.stamp()


class Folder(Store):
    """A folder of this machine, or one that is mounted on several; errors are the disk's (``OSError``)."""

    def __init__(self, root: Path) -> None:
        self.place = str(root)
        self._folder = Home(root)

    def path(self, key: str) -> Path:
        """Where a thing lies."""
        return self._folder.root / key

    def read(self, key: str, first: int | None = None) -> bytes:
        """As in every store."""
        with self.path(key).open("rb") as file:
            return file.read(-1 if first is None else first)

    def opened(self, key: str) -> BinaryIO:
        """As in every store."""
        return self.path(key).open("rb")

    def read_many(self, keys: Sequence[str]) -> list[bytes]:
        """As in every store."""
        return [self.path(key).read_bytes() for key in keys]

    def write(self, key: str, data: bytes, *, durable: bool = True) -> None:
        """As in every store."""
        self._folder.put(self.path(key), lambda scratch: scratch.write_bytes(data), durable=durable)

    def size(self, key: str) -> int | None:
        """As in every store."""
        path = self.path(key)
        return path.stat().st_size if path.is_file() else None

    def names(self, folder: str) -> set[str]:
        """As in every store."""
        with suppress(FileNotFoundError):
            return {path.name for path in self.path(folder).iterdir()}
        return set()


class Remote(Store):
    """Anything that fsspec knows by a URL. Whatever goes wrong there is a ``StoreError`` in one line."""

    def __init__(self, url: str) -> None:
        self.place = url
        try:
            from fsspec.core import url_to_fs

            self._system, root = url_to_fs(url)
        except Exception as error:  # every system has errors of its own
            raise self._refused(error) from error
        self._root = root.rstrip("/")
        self._scheme = url.partition("://")[0]

    def read(self, key: str, first: int | None = None) -> bytes:
        """As in every store."""
        data: bytes = self._try("cat_file", self._at(key), start=None if first is None else 0, end=first)
        return data

    def opened(self, key: str) -> BinaryIO:
        """As in every store."""
        return BytesIO(self.read(key))

    def read_many(self, keys: Sequence[str]) -> list[bytes]:
        """As in every store."""
        found: list[bytes] = []
        for start in range(0, len(keys), _AT_ONCE_READ):
            some = [self._at(key) for key in keys[start : start + _AT_ONCE_READ]]
            # Of one path fsspec gives the bytes alone, of several a mapping.
            cat = self._try("cat", some)
            found += [cat[path] for path in some] if isinstance(cat, dict) else [cat]
        return found

    def write(self, key: str, data: bytes, *, durable: bool = True) -> None:
        """As in every store."""
        try:
            if self._scheme in _AT_ONCE:
                self._try("pipe_file", self._at(key), data)
                return
            aside = self._at(f".scratch/{uuid.uuid4().hex}")
            for path in (aside, self._at(key)):
                self._try("makedirs", path.rpartition("/")[0], exist_ok=True)
            self._try("pipe_file", aside, data)
            self._try("mv", aside, self._at(key))
        except FileNotFoundError as error:  # no such bucket
            raise self._refused(error) from error

    def size(self, key: str) -> int | None:
        """As in every store."""
        self._try("invalidate_cache")
        try:
            return int(self._try("size", self._at(key)))
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> set[str]:
        """As in every store."""
        try:
            paths = self._try("ls", self._at(folder), detail=False, refresh=True)
        except FileNotFoundError:
            return set()
        return {path.rpartition("/")[2] for path in paths}

    def _at(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _try(self, what: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._system, what)(*arguments, **options)
        except FileNotFoundError:
            raise
        except Exception as error:  # every system has errors of its own
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> StoreError:
        secret = self.place.partition("://")[2].partition("/")[0].rpartition("@")[0]
        said = " ".join(str(error).split())
        why = (said.replace(secret, "…") if secret else said)[:200] or type(error).__name__
        what = f"{settings.SHARED} {_without_secrets(self.place)}"
        if isinstance(error, ImportError):
            return StoreError(f"{what} 还缺程序包（{why}）：先运行 pip install 'juesuan[cluster]'")
        return StoreError(
            f"{what} 用不了（{type(error).__name__}：{why}）："
            "检查网络、地址、桶名和密钥后再运行一次，已有的内容不受影响"
        )


def _without_secrets(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


def store_at(place: str) -> Store:
    """The store at a folder's path or at a URL; ``StoreError`` if there can be none."""
    for scheme in _FOLDER:
        if place.startswith(scheme):
            return Folder(Path(place.removeprefix(scheme)))
    return Remote(place) if "://" in place else Folder(Path(place))


def store_of(owner: Home | Store) -> Store:
    """The store that the settings of a home name, the home itself where they name none.

    A store is its own, so that whoever has one need not know its home.
    """
    if isinstance(owner, Store):
        return owner
    return store_at(settings.load(owner).shared or str(owner.root.absolute()))


def opened(home: Home) -> Store:
    """The store of a home; a shared one was reached, and is the one that the home used before.

    ``StoreError`` where it cannot be reached, or has lost its stamp: a folder that is not mounted, a bucket
    that was emptied. Nothing must be looked for, and nothing written, in its place.
    """
    store = store_of(home)
    if settings.load(home).shared is None:
        return store
    known = home.lake / STAMP
    used = known.read_text("utf-8").splitlines() if known.is_file() else []
    if used[:1] == [store.place] and used[1:] != [store.stamp()]:
        raise StoreError(
            f"{settings.SHARED} {_without_secrets(store.place)} 不是这个数据目录用过的那一个"
            f"（里面的 {STAMP} 不在或不同）：确认已经挂载、地址没有写错；"
            f"确要从头用它，删去 {known} 再运行一次"
        )
    lines = [store.place, store.stamped()]
    if used != lines:
        home.put(known, lambda scratch: scratch.write_text("\n".join(lines), "utf-8"))
    return store
