"""Office packages: zip archives of XML parts, read as streams of events within limits.

Belongs here: opening a package, its relations, XML without DTD or entities as events, the errors of a
damaged container. Does not belong here: what a sheet or a paragraph is.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from pipelines.limits import LimitError, check_depth, open_archive, open_member
from pipelines.model import Content, Issue

_CHUNK = 1 << 16

Event = tuple[str, str, dict[str, str]]


class DamagedError(Exception):
    """A container or a part of it contradicts its format: the reason is a Chinese sentence."""


# Whatever a damaged archive or part makes the standard library raise.
DAMAGE = (
    DamagedError,
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def events(stream: IO[bytes]) -> Iterator[Event]:
    """An XML part as ``("start", name, attributes)``, ``("text", words, {})``, ``("end", name, {})``.

    Names and attributes come without their namespace. Raises ``LimitError`` for a DTD (with it for any
    entity of its own) and for elements nested too deep, ``expat.ExpatError`` for XML that is none.
    """
    found: list[Event] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        check_depth(depth)
        found.append(
            ("start", name.rpartition("}")[2], {k.rpartition("}")[2]: v for k, v in attributes.items()})
        )

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        found.append(("end", name.rpartition("}")[2], {}))

    def doctype(*_: object) -> None:
        raise LimitError(
            "文件里的 XML 带有 DTD 或实体定义，可能有意读取外部内容", "用原软件打开后另存一份再放入"
        )

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda words: found.append(("text", words, {}))
    parser.StartDoctypeDeclHandler = doctype
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
        yield from found
        found.clear()
    parser.Parse(b"", True)
    yield from found


class Package:
    """An open package: its parts by name, compared as its format does (without case)."""

    def __init__(self, data: bytes) -> None:
        self.archive = open_archive(data)
        self._names = {name.lower().lstrip("/"): name for name in self.archive.namelist()}

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part.lower() in self._names

    def events(self, part: str) -> Iterator[Event]:
        """The events of a part; raises ``DamagedError`` where it is missing."""
        if not self.has(part):
            raise DamagedError(f"缺少部件 {part}")
        with open_member(self.archive, self._names[part.lower()]) as stream:
            yield from events(stream)

    def relations(self, part: str) -> dict[str, str]:
        """Relation id → part name of what a part refers to; what lies outside of the package is left out."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(rels):
            return {}
        found = {}
        for kind, element, attributes in self.events(rels):
            if kind == "start" and element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                found[attributes.get("Id", "")] = target.lstrip("/")
        return found


def failed(media_type: str, reason: str, advice: str) -> Content:
    """A document of which nothing could be read, with the reason."""
    return Content(media_type, None, 0, (), (Issue("failed", "读取", "文件", reason, advice),))


def beyond_limit(media_type: str, error: LimitError) -> Content:
    """A document that goes beyond a limit."""
    return failed(media_type, error.reason, error.advice)


def damaged(media_type: str, error: Exception) -> Content:
    """A document whose container is damaged."""
    known = str(error) if isinstance(error, DamagedError) else type(error).__name__
    return failed(media_type, f"文件已损坏，打不开（{known}）", "重新下载，或用原软件打开后另存一份再放入")
