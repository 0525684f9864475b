"""Readers: one module a format, each turning bytes into text lines and grids with locators.

Belongs here: the choice of the reader, by what the bytes are and never by the file's name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pipelines.model import Box, Content

# A PDF's mark may stand after some rubbish.
_PDF_HEAD = 1024

Reader = tuple[Callable[[bytes], Content], Callable[[bytes, str], str]]
"""How a document of some format is read, and how the text at one of its locators is found again."""


def read(data: bytes) -> Content:
    """The lines and grids of a document. Never raises for content: what cannot be read is an issue."""
    return _reader(data)[0](data)


def prepare() -> None:
    """Have ready what is slow to come: the loops of the reader of PDFs, which the first call ever compiles.

    Some seconds then, and a fraction of one ever after.
    """
    from pipelines.readers import pdf  # noqa: F401


def text_at(data: bytes, locator: str) -> str:
    """The text that stands at a locator; ``LookupError`` where the document has no such place."""
    return _reader(data)[1](data, locator)


def box_at(data: bytes, locator: str) -> Box | None:
    """Where a place of a PDF stands on its page, if that is known; ``LookupError`` as in ``text_at``."""
    from pipelines.readers import pdf

    return pdf.box_at(data, locator)


@lru_cache(maxsize=2)
def _reader(data: bytes) -> Reader:
    """The reader for some bytes; each module is imported when it is needed, for what it brings along.

    Containers come first: an archive may hold a PDF within its first bytes.
    """
    from pipelines.readers import containers

    kind = containers.kind_of(data)
    if kind in ("xlsx", "xls"):
        from pipelines.readers import spreadsheet

        return (spreadsheet.read_xlsx if kind == "xlsx" else spreadsheet.read_xls), spreadsheet.text_at
    if kind == "docx":
        from pipelines.readers import word

        return word.read_docx, word.text_at
    if kind == "refused":
        return containers.refuse, containers.text_at
    if b"%PDF-" in data[:_PDF_HEAD]:
        from pipelines.readers import pdf

        return pdf.read_pdf, pdf.text_at
    if containers.is_html(data):
        from pipelines.readers import html

        return html.read_html, html.text_at
    from pipelines.readers import text

    return text.read_text, text.text_at
