"""Readers: one module a format, each turning bytes into text lines and grids with locators.

Belongs here: the choice of the reader, by what the bytes are and never by the file's name.
"""

from __future__ import annotations

from types import ModuleType

from pipelines.model import Content

# A PDF's mark may stand after some rubbish.
_PDF_HEAD = 1024


def read(data: bytes) -> Content:
    """The lines and grids of a document. Never raises for content: what cannot be read is an issue."""
    if _is_pdf(data):
        from pipelines.readers.pdf import read_pdf

        return read_pdf(data)
    from pipelines.readers.text import read_text

    return read_text(data)


def text_at(data: bytes, locator: str) -> str:
    """The text that stands at a locator; ``LookupError`` where the document has no such place."""
    return _reader(data).text_at(data, locator)  # type: ignore[no-any-return]


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:_PDF_HEAD]


def _reader(data: bytes) -> ModuleType:
    if _is_pdf(data):
        from pipelines.readers import pdf

        return pdf
    from pipelines.readers import text

    return text
