"""One document read and its part kept: the same in this process, in a worker process and on a cluster.

Belongs here: the way from kept bytes to a kept part, and what is answered, which is plain JSON. Does not
belong here: where it is done (``fanout``, ``cluster``), limits, and what becomes of the answer (``reading``).
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assets.version import reader_version
from expectations.settle import settle
from pipelines.model import DocumentPart, Issue
from warehouse import lake, schema
from warehouse.sources import source_key
from warehouse.store import Store, StoreError

READER = "pipelines.document:read_document"
FIRST_YEAR = 2000
# What a machine may lack for a while, whatever the document.
_LACKING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE})
_FULL_BELOW = 1 << 20

# What a document is answered with: its fiscal year, or by what it failed.
Answer = dict[str, Any]
Reader = Callable[..., DocumentPart]


class ReadingError(RuntimeError):
    """Why nothing more can be read, whatever the document: one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Job:
    """A document to read: its sha256, and the name it came by, for messages."""

    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every document of a reading, wherever it is done.

    ``store`` is a place (``store_at``) and ``stamp`` what it is stamped with; ``reader_version`` and
    ``schema`` are of whoever keeps the ledger; no document is of a year after ``this_year``. What is kept
    already is read ``anew`` or taken as it is. ``reader`` names a function (``package.module:function``)
    that makes a part of bytes and a name.
    """

    store: str
    stamp: str
    reader_version: str
    schema: str
    this_year: int
    anew: bool = False
    reader: str = READER


def terms_of(store: Store, this_year: int, *, anew: bool = False) -> Terms:
    """The terms of a reading by this program."""
    return Terms(store.place, store.stamp(), reader_version(), schema.digest(), this_year, anew)


def refusal(terms: Terms, store: Store) -> Answer | None:
    """Why this process may not read on these terms: it is of another version, or sees another store."""
    if (terms.reader_version, terms.schema) != (reader_version(), schema.digest()):
        return failed("version", f"{reader_version()} · {schema.digest()}")
    try:
        seen = store.stamp()
    except (StoreError, OSError) as error:
        return failed("store", told(error))
    return failed("unseen") if seen != terms.stamp else None


def resolve(reader: str) -> Reader:
    """The function that ``package.module:function`` names; it takes ``data`` and ``name=``."""
    module, _, function = reader.partition(":")
    found: Reader = getattr(importlib.import_module(module), function)
    return found


def read_and_keep(job: Job, terms: Terms, store: Store) -> Answer:
    """Read one document from its kept bytes and keep its part: ``{"year": …}``, or by what that failed.

    Never raises. A part that is kept already was left by a run that ended before it could note it.
    """
    try:
        data = store.read(source_key(job.sha256))
        if hashlib.sha256(data).hexdigest() != job.sha256:
            return failed("damaged", source_key(job.sha256))
        known = None if terms.anew else lake.kept_part(store, job.sha256[:12], terms.reader_version)
    except StoreError as error:
        return failed("store", str(error))
    except OSError:  # the bytes are lost, or the whole store is
        return refusal(terms, store) or failed("source")
    if known is not None:
        return {"year": known.fiscal_year}
    try:
        part = settled(in_known_years(resolve(terms.reader)(data, name=job.name), terms.this_year))
        if part.document.sha256 != job.sha256:
            raise ValueError(f"a part of {part.document.sha256[:12]}")
    except Exception as error:  # one document never stops a run
        return failed(cause_of(error), told(error))
    return _keep(part, store)


def _keep(part: DocumentPart, store: Store) -> Answer:
    try:
        lake.write_part(store, part)
    except StoreError as error:
        return failed("store", str(error))
    except OSError as error:  # the disk, not the document
        return {**failed("disk", str(error.filename or "")), "errno": error.errno or 0}
    except Exception as error:  # one document never stops a run
        return failed("error", told(error))
    return {"year": part.document.fiscal_year}


def failed(cause: str, why: str = "") -> Answer:
    """The answer for a document that has no part."""
    return {"failed": cause, "why": why}


def cause_of(error: Exception) -> str:
    """Whether a reader broke for want of memory, for something that the system lacks, or of itself.

    Libraries tell a full disk in words of their own, so the disk of temporary files is looked at too.
    """
    if isinstance(error, MemoryError):
        return "memory"
    lacking = isinstance(error, OSError) and error.errno in _LACKING
    full = shutil.disk_usage(tempfile.gettempdir()).free < _FULL_BELOW
    return "system" if lacking or full else "error"


def told(error: BaseException) -> str:
    """An error in one line, for the list of what could not be read."""
    return f"{type(error).__name__}：{' '.join(str(error).split())[:200]}"


def raise_for_all(answer: Mapping[str, Any], terms: Terms, where: str = "") -> None:
    """Raise what an answer says of more than its document: the store, its disk, the program of a worker."""
    cause, why = answer.get("failed"), str(answer.get("why", ""))
    if cause == "store":
        raise StoreError(why)
    if cause == "unseen":
        raise ReadingError(
            f"{where}看不到存放原文的地方 {terms.store}（里面没有它的标记，或不是同一个）："
            "确认已经挂载、能够访问后再运行一次，读完的不受影响"
        )
    if cause == "version":
        raise ReadingError(
            f"{where}程序的版本是 {why}，这里是 {terms.reader_version} · {terms.schema}，不能一起读："
            "装上同一版本后再运行一次，读完的不受影响"
        )
    if cause == "disk" and isinstance(number := answer.get("errno"), int):
        raise OSError(number, os.strerror(number), why)


def settled(part: DocumentPart) -> DocumentPart:
    """The part as it is kept: its recognised amounts settled, with the version of all that made it."""
    document = replace(part.document, reader_version=reader_version())
    return replace(settle(part), document=document)


def in_known_years(part: DocumentPart, this_year: int) -> DocumentPart:
    """The part as it is, or held without a year where its year is one that no partition stands for."""
    year = part.document.fiscal_year
    if year is None or FIRST_YEAR <= year <= this_year:
        return part
    issue = Issue(
        kind="held",
        stage="识别",
        object="年度",
        reason=f"文中的年度 {year} 不在 {FIRST_YEAR}–{this_year} 之间",
        advice="核对文档的年度；印错的，请发布单位更正后重新放入",
    )
    return replace(part, document=replace(part.document, fiscal_year=None), issues=(*part.issues, issue))
