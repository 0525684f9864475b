"""What happens to a printed PDF as a file: turned pages, boxes, wrapped content, lost fonts, scans.

Belongs here: changes that leave alone what is seen, or that take its letters away. They are the same
for every printer. Does not belong here: printing.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from datetime import UTC, datetime

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from tests.typesetter.look import Look
from tests.typesetter.pdf_fonts import code_in_gbk, name_only

# Every file says that it was made at this moment: the same print is the same bytes.
PRINTED_AT = datetime(2025, 8, 1, tzinfo=UTC)
_OFFSET = (36.0, 54.0)
_BEYOND = 90.0
_SCAN_DPI = 60


def finish(data: bytes, look: Look, table_pages: Collection[int]) -> bytes:
    """The file with the look's changes; ``table_pages`` (from 1) are those that hold tables."""
    if look.scanned:
        data = _scan(data)
    with Pdf.open(io.BytesIO(data)) as pdf:
        if look.fonts == "gbk":
            code_in_gbk(pdf)
        if look.fonts != "embedded":
            name_only(pdf)
        for number, page in enumerate(pdf.pages, start=1):
            if look.form_xobject:
                _wrap(pdf, page)
            if look.rotate:
                _turn(page, look.rotate)
                page.obj.Rotate = look.rotate
            elif look.turned and number in table_pages:
                _turn(page, look.turned)
            if look.cropbox:
                _crop(page)
        if not look.to_unicode:
            for thing in pdf.objects:
                if isinstance(thing, Dictionary) and "/ToUnicode" in thing:
                    del thing["/ToUnicode"]
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.preserve)
        return out.getvalue()


def _wrap(pdf: Pdf, page: pikepdf.Page) -> None:
    """The content becomes a form XObject in a form XObject, as some editors write it."""
    page.contents_coalesce()
    content = page.obj.Contents.read_bytes()
    resources = page.obj.Resources
    for name in ("/Inner", "/Outer"):
        form = pdf.make_stream(content)
        form.Type, form.Subtype = Name.XObject, Name.Form
        form.BBox, form.Resources = Array(page.mediabox), resources
        resources = Dictionary(XObject=Dictionary({name: form}))
        content = f"q {name} Do Q".encode()
    page.obj.Contents = pdf.make_stream(content)
    page.obj.Resources = resources


def _turn(page: pikepdf.Page, degrees: int) -> None:
    """Turn the content anticlockwise by so much, so that /Rotate of as much sets it upright."""
    left, bottom, right, top = map(float, page.mediabox)
    width, height = right - left, top - bottom
    matrix = {
        90: (0, 1, -1, 0, height, 0),
        180: (-1, 0, 0, -1, width, height),
        270: (0, -1, 1, 0, 0, width),
    }[degrees]
    _transform(page, matrix)
    if degrees != 180:
        page.mediabox = Array([0, 0, height, width])
        if "/CropBox" in page.obj:
            page.cropbox = page.mediabox


def _crop(page: pikepdf.Page) -> None:
    """A larger sheet whose visible part begins elsewhere than its corner."""
    left, bottom, right, top = map(float, page.mediabox)
    dx, dy = _OFFSET
    _transform(page, (1, 0, 0, 1, dx, dy))
    page.mediabox = Array([left - dx, bottom, right + _BEYOND, top + _BEYOND])
    page.cropbox = Array([left + dx, bottom + dy, right + dx, top + dy])


def _transform(page: pikepdf.Page, matrix: tuple[float, ...]) -> None:
    words = " ".join(f"{n:g}" for n in matrix)
    page.contents_add(f"q {words} cm".encode(), prepend=True)
    page.contents_add(b"Q")


def _scan(data: bytes) -> bytes:
    """Each page as a grey picture of itself."""
    import fpdf
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    scans = fpdf.FPDF(unit="pt")
    scans.set_creation_date(PRINTED_AT)
    for page in document:
        size = page.get_size()
        picture = page.render(scale=_SCAN_DPI / 72, grayscale=True).to_pil()
        scans.add_page(format=size)
        scans.image(picture, 0, 0, *size)
    document.close()
    return bytes(scans.output())
