"""What a file is by its first bytes: zip and OLE by what they hold, HTML, and what is refused by name.

Belongs here: the marks of containers and the sentences for formats that are not read.
Does not belong here: reading any of them.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Literal

import olefile  # type: ignore[import-untyped]  # the library has no types

from pipelines.limits import LimitError, open_archive
from pipelines.model import Content
from pipelines.readers.package import DAMAGE, beyond_limit, damaged, failed

_HTML = re.compile(
    rb"(?i)\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)?"
    rb"<(?:!doctype\s+html|html|head|body|table|meta|div|p|span|h[1-6])[\s>/]",
    re.DOTALL,
)
_HTML_WITHIN = 8192

Kind = Literal["xlsx", "docx", "xls", "refused", "none"]

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08")
_ASK = "用 WPS 或 Word 打开，另存为 PDF、.docx 或 .xlsx 后再放入"
_UNPACK = "解压后把里面的文件放入"

# The part that tells a zip of a known format, and its name.
_OTHER_ZIPS = {
    "xl/workbook.bin": ".xlsb 工作簿",
    "ppt/presentation.xml": "演示文稿",
    "ofd.xml": ".ofd 版式文件",
    "content.xml": "OpenDocument 文件",
}


def kind_of(data: bytes) -> Kind:
    """The format of a container; ``refused`` for one that is not read, ``none`` for no container."""
    if data.startswith(_ZIP):
        parts = _parts(data)
        if "xl/workbook.xml" in parts:
            return "xlsx"
        return "docx" if "word/document.xml" in parts else "refused"
    if data.startswith(_OLE):
        streams = _streams(data)
        return "xls" if streams & {"workbook", "book"} and "encryptedpackage" not in streams else "refused"
    return "refused" if _other(data) else "none"


def is_html(data: bytes) -> bool:
    """Whether some bytes begin as a web page does: with one of its tags."""
    start = data[:_HTML_WITHIN]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start.replace(b"\x00", b"")
    return bool(_HTML.match(start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe")))


def refuse(data: bytes) -> Content:
    """The content of a container that is not read: no blocks, and an issue that says what to do."""
    if data.startswith(_ZIP):
        return _refused_zip(data)
    if data.startswith(_OLE):
        return _refused_ole(data)
    reason, advice = _other(data) or ("不认得的文件格式", _ASK)
    return failed("application/octet-stream", reason, advice)


def text_at(data: bytes, locator: str) -> str:
    """Nothing stands anywhere in a file that is not read: raises ``LookupError``."""
    raise LookupError(f"no such place in the document: {locator}")


def _parts(data: bytes) -> set[str]:
    try:
        with open_archive(data) as archive:
            return {name.lower().lstrip("/") for name in archive.namelist()}
    except (LimitError, *DAMAGE):
        return set()


def _refused_zip(data: bytes) -> Content:
    media_type = "application/zip"
    try:
        open_archive(data).close()
    except LimitError as error:
        return beyond_limit(media_type, error)
    except (zipfile.BadZipFile, *DAMAGE) as error:
        return damaged(media_type, error)
    parts = _parts(data)
    name = next((name for part, name in _OTHER_ZIPS.items() if part in parts), None)
    if name:
        return failed(media_type, f"这是 {name}，本程序不读", _ASK)
    return failed(media_type, "这是压缩包，不是一份文件", _UNPACK)


def _streams(data: bytes) -> set[str]:
    """The names of the streams and storages at the top of an OLE file; none where it is damaged."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return {path[0].lower() for path in ole.listdir(streams=True, storages=True)}
    except Exception:  # olefile has no error of its own for damaged tables
        return set()


def _refused_ole(data: bytes) -> Content:
    media_type = "application/x-ole-storage"
    streams = _streams(data)
    if "encryptedpackage" in streams:
        return failed(media_type, "文件加了密码，打不开", "去掉密码后另存一份再放入")
    if "worddocument" in streams:
        return failed("application/msword", "这是旧式文字文件（.doc 或 .wps），本程序不读", _ASK)
    if not streams:
        return failed(
            media_type, "文件已损坏，打不开（OLE 目录读不出）", "重新下载，或用原软件打开后另存一份再放入"
        )
    return failed(media_type, "这是旧式办公文件（如 .wps、.dps、.ppt），本程序不读", _ASK)


def _other(data: bytes) -> tuple[str, str] | None:
    """Reason and advice for other formats that are known and not read."""
    if data.startswith(_ARCHIVES):
        return "这是压缩包，不是一份文件", _UNPACK
    if data.startswith(b"PK\x05\x06"):
        return "这是空的压缩包", _UNPACK
    if data.startswith(b"{\\rtf"):
        return "这是 RTF 文字文件，本程序不读", _ASK
    if data[:512].lstrip().lower().startswith((b"mime-version:", b"from: <saved by")):
        return "这是网页归档（.mht），本程序不读", "用浏览器打开，另存为 PDF 后再放入"
    return None
