"""From a printed PDF to what an office's scanner makes of it: pages that are pictures, worn as paper is.

Belongs here: the manners of scanning, the qualities by name, and text layers that say nothing. Does not
belong here: printing, and what is true of a print (a scan shows what was printed, page by page).

A scan is the same bytes each time: all chance comes from the seed. What happens to paper happens in the
order of life: it is stamped, folded, laid askew on the glass, and then seen, with noise, and compressed.
"""

from __future__ import annotations

import io
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageDraw, ImageFont

from tests.typesetter.look import WATERMARK
from tests.typesetter.paged import font_folder

Picture = NDArray[np.uint8]  # height x width x (red, green, blue)
Shade = NDArray[np.float32]  # height x width, 0 to 1

_EVERY: Container[int] = range(1, 1_000_000)
_INCH = 72
_STAMP_INCHES = 4.2 / 2.54
_STAMP_WORDS, _STAMP_FOOT = "示例市综合服务中心财务室", "决算公开专用章"
_RED, _GREY = (205, 35, 40), (120, 120, 120)
_WATERMARK_DARKNESS = 0.22
# How far a fold bends what is printed, and how far its bend and its shade reach, in inches.
_FOLD_BEND, _FOLD_REACH, _FOLD_SHADE = 0.012, 0.12, 0.22
# What a scanner's software makes of letters that it cannot read.
_MISREAD = str.maketrans("0158,.", "OlSB. ")


@dataclass(frozen=True)
class ScanManner:
    """How a print is scanned. The defaults make clean scans of every page.

    ``dpi`` dots an inch; ``skew`` the most degrees by which a page lies askew; ``noise`` the standard
    deviation of its grey levels (of 255); ``blur`` in dots; ``jpeg`` the quality from 1 to 100; ``stamp`` the
    red seal over figures, of ink through which they are seen, a picture that covers them, or grey as a copier
    shows it; ``shade`` by how much the paper grows darker towards a corner (of 1). ``pages`` (from 1) are
    those that are scanned, the others stay digital; ``upside_down`` are those of them laid in the wrong way,
    ``turned`` those laid on their side, by so many clockwise quarters; ``hidden_text`` puts the scanner's own
    bad reading under the picture.
    """

    dpi: int = 200
    skew: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    jpeg: int = 90
    shade: float = 0.0
    stamp: Literal["none", "ink", "cover", "grey"] = "none"
    watermark: bool = False
    fold: bool = False
    pages: Container[int] = _EVERY
    upside_down: Container[int] = ()
    turned: Mapping[int, int] = field(default_factory=dict)
    hidden_text: bool = False


QUALITIES: Mapping[str, ScanManner] = {
    "clean200": ScanManner(),
    "skewed": ScanManner(skew=1.0),
    "noisy": ScanManner(noise=12.0, blur=0.6),
    "jpeg60": ScanManner(jpeg=60),
    "stamped": ScanManner(stamp="ink"),
    "watermarked": ScanManner(watermark=True),
    "folded": ScanManner(fold=True),
    "all-together": ScanManner(
        skew=1.0, noise=8.0, blur=0.5, jpeg=60, shade=0.1, stamp="ink", watermark=True, fold=True
    ),
    "covered": ScanManner(stamp="cover"),
    "photocopied": ScanManner(stamp="grey", noise=8.0, shade=0.1),
    "half-digital": ScanManner(pages=range(2, 1_000, 2), skew=0.5, hidden_text=True),
    "upside-down": ScanManner(upside_down=range(3, 1_000, 4)),
}


def scanned(data: bytes, manner: ScanManner, seed: int = 0) -> bytes:
    """The PDF with the manner's pages as pictures of themselves: no letter, no rule is left on those."""
    with pypdfium2.PdfDocument(data) as document, Pdf.open(io.BytesIO(data)) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            if number in manner.pages:
                _to_picture(pdf, page, document[number - 1], manner, np.random.default_rng((seed, number)))
                if number in manner.upside_down:
                    page.contents_add(
                        b"q -1 0 0 -1 %g %g cm" % tuple(map(float, page.mediabox[2:])), prepend=True
                    )
                    page.contents_add(b"Q")
                _lay(page, manner.turned.get(number, 0))
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def with_broken_text(data: bytes, kind: Literal["missing", "private"]) -> bytes:
    """The PDF whose fonts do not say what their letters mean, or give each a character of private use."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        for font in pdf.objects:
            if isinstance(font, Dictionary) and "/ToUnicode" in font:
                if kind == "missing":
                    del font["/ToUnicode"]
                else:
                    font.ToUnicode = pdf.make_stream(_PRIVATE_USE)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


_PRIVATE_USE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Private def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <18FF> <E000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""


# --- the file ----------------------------------------------------------------------------------


def _to_picture(
    pdf: Pdf, page: pikepdf.Page, printed: Any, manner: ScanManner, chance: np.random.Generator
) -> None:
    """The page becomes its scan: as large as it is seen, upright, with nothing else on it."""
    width, height = printed.get_size()
    letters = printed.get_textpage()
    picture = printed.render(scale=manner.dpi / _INCH, rev_byteorder=True, prefer_bgrx=False).to_numpy()
    seen = worn(np.ascontiguousarray(picture[..., :3]), manner, chance, _figures(letters, manner.dpi, height))
    image = pdf.make_stream(_jpeg(seen, manner.jpeg))
    image.Type, image.Subtype, image.Filter = Name.XObject, Name.Image, Name.DCTDecode
    image.Width, image.Height = seen.shape[1], seen.shape[0]
    image.ColorSpace, image.BitsPerComponent = Name.DeviceRGB, 8
    words = _hidden(letters) if manner.hidden_text else b""
    content = words + b"q %g 0 0 %g 0 0 cm /Scan Do Q" % (width, height)
    resources = Dictionary(XObject=Dictionary(Scan=image))
    if words:
        resources.Font = Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for key in ("/Rotate", "/CropBox", "/Annots"):
        if key in page.obj:
            del page.obj[key]
    page.obj.MediaBox, page.obj.Resources = Array([0, 0, width, height]), resources
    page.obj.Contents = pdf.make_stream(content)


def _lay(page: pikepdf.Page, quarters: int) -> None:
    """Turn what is on the page, and with it its size; the page does not say that it was turned."""
    for _ in range(quarters % 4):
        width, height = (float(side) for side in page.mediabox[2:])
        page.contents_add(b"q 0 -1 1 0 0 %g cm" % width, prepend=True)
        page.contents_add(b"Q")
        page.obj.MediaBox = Array([0, 0, height, width])


def _hidden(letters: Any) -> bytes:
    """What a scanner's software read: lines at their places, wrong letters, never shown."""
    parts = []
    for index in range(letters.count_rects()):
        left, bottom, right, top = letters.get_rect(index)
        text = letters.get_text_bounded(left, bottom, right, top).translate(_MISREAD)
        plain = "".join(c if c.isascii() and (c.isalnum() or c in " .") else "H" for c in text.strip())
        size = max(top - bottom, 1.0)
        parts.append(b"BT 3 Tr /F %g Tf %g %g Td (%s) Tj ET\n" % (size, left, bottom, plain.encode("ascii")))
    return b"".join(parts)


def _figures(letters: Any, dpi: int, height: float) -> list[tuple[int, int]]:
    """Where digits of amounts stand in the picture, by column and row: what a stamp is set on."""
    places, scale = [], dpi / _INCH
    for index, letter in enumerate(letters.get_text_range()[: letters.count_chars()]):
        if letter == ".":
            left, _, _, top = letters.get_charbox(index)
            places.append((int(left * scale), int((height - top) * scale)))
    return places


def _jpeg(picture: Picture, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture could not be compressed")
    return data.tobytes()


# --- the picture -------------------------------------------------------------------------------


def worn(
    picture: Picture, manner: ScanManner, chance: np.random.Generator, figures: list[tuple[int, int]]
) -> Picture:
    """The picture of a page after all that happens to it; ``figures`` are where a stamp may be set."""
    if manner.watermark:
        picture = _darkened(picture, 1 - _WATERMARK_DARKNESS * _watermark(*picture.shape[:2], manner.dpi))
    if manner.stamp != "none":
        x, y = figures[int(chance.integers(len(figures)))] if figures else _middle(picture)
        _set_stamp(picture, manner, (x, y), chance)
    if manner.fold:
        picture = _folded(picture, manner.dpi, chance)
    if manner.skew:
        picture = _askew(picture, chance.uniform(-manner.skew, manner.skew))
    if manner.shade:
        picture = _darkened(picture, 1 - manner.shade * _falling(*picture.shape[:2]))
    if manner.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), manner.blur)
    if manner.noise:
        grain = chance.standard_normal(picture.shape[:2], dtype=np.float32) * np.float32(manner.noise)
        grains = cv2.merge([grain.astype(np.int16)] * 3)
        picture = cv2.add(picture, grains, dtype=cv2.CV_8U)
    return picture


def _middle(picture: Picture) -> tuple[int, int]:
    return picture.shape[1] // 2, picture.shape[0] // 2


def _darkened(picture: Picture, light: Shade) -> Picture:
    return cv2.multiply(picture, cv2.merge([light] * 3), dtype=cv2.CV_8U)


def _askew(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(picture, matrix, (width, height), borderValue=(255, 255, 255))


def _folded(picture: Picture, dpi: int, chance: np.random.Generator) -> Picture:
    """A fold across the page: about it the print is bent and the paper dark."""
    height, width = picture.shape[:2]
    reach = int(_FOLD_REACH * dpi)
    middle = int(height * chance.uniform(0.3, 0.7))
    slope, bow = chance.uniform(-0.01, 0.01), chance.uniform(-0.02, 0.02) * dpi
    along = np.linspace(-1, 1, width, dtype=np.float32)
    line = middle + slope * width / 2 * along + bow * (1 - along**2)
    first, last = max(0, int(line.min()) - 4 * reach), min(height, int(line.max()) + 4 * reach)
    rows = np.arange(first, last, dtype=np.float32)[:, None]
    far = (rows - line[None, :]) / reach
    near = np.exp(-(far**2)).astype(np.float32)
    columns = np.broadcast_to(np.arange(width, dtype=np.float32)[None, :], near.shape)
    bent = (rows + _FOLD_BEND * dpi * np.sign(slope or 1) * near).astype(np.float32)
    band = cv2.remap(
        picture, np.ascontiguousarray(columns), bent, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    crease = np.exp(-((far * _FOLD_REACH * 90) ** 2)).astype(np.float32)
    picture = picture.copy()
    picture[first:last] = _darkened(band, 1 - _FOLD_SHADE * np.clip(near + crease, 0, 1.5))
    return picture


def _set_stamp(
    picture: Picture, manner: ScanManner, place: tuple[int, int], chance: np.random.Generator
) -> None:
    """Set the seal with its ring or its star near ``place`` (column, row), turned as a hand does."""
    seal = _seal(manner.dpi)
    side = seal.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), chance.uniform(-25, 25), 1.0)
    seal = cv2.warpAffine(seal, turn, (side, side))
    # On a figure lies now the star, now the ring: some place of the seal's upright axis.
    x, y = place[0] - side // 2, place[1] - int(side * chance.uniform(0.05, 0.6))
    x, y = (
        int(np.clip(v, 0, max(0, end - side))) for v, end in zip((x, y), picture.shape[1::-1], strict=True)
    )
    part = picture[y : y + side, x : x + side]
    seal = seal[: part.shape[0], : part.shape[1], None]
    if manner.stamp == "cover":
        part[:] = (part * (1 - seal) + np.array(_RED, np.float32) * seal).astype(np.uint8)
        return
    ink = np.array(_RED if manner.stamp == "ink" else _GREY, np.float32) / 255
    # A hand never presses evenly.
    pressed = cv2.resize(chance.uniform(0.55, 1, (6, 6)).astype(np.float32), (side, side))
    seal = seal * pressed[: part.shape[0], : part.shape[1], None]
    part[:] = (part * (1 - seal * (1 - ink))).astype(np.uint8)


# --- what is drawn once ------------------------------------------------------------------------


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_folder() / "NotoSansSC-Regular.otf"), size)


@lru_cache(maxsize=2)
def _seal(dpi: int) -> Shade:
    """An office's round seal: where its ink lies. Ring, star, the name along the ring, a line below."""
    side = int(_STAMP_INCHES * dpi)
    middle, size = side / 2, max(8, side // 9)
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    draw.ellipse((2, 2, side - 3, side - 3), outline=255, width=max(2, side // 36))
    angles = np.deg2rad(np.arange(10) * 36 - 90)
    radii = np.where(np.arange(10) % 2, side * 0.06, side * 0.155)
    points = [(middle + r * np.cos(a), middle + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)]
    draw.polygon(points, fill=255)
    font = _font(size)
    for letter, angle in zip(_STAMP_WORDS, np.linspace(-125, 125, len(_STAMP_WORDS)), strict=True):
        tile = Image.new("L", (2 * size, 2 * size))
        ImageDraw.Draw(tile).text((size, size), letter, 255, font, anchor="mm", stroke_width=1)
        tile = tile.rotate(-angle, Image.Resampling.BICUBIC)
        turn, out = np.deg2rad(angle), side * 0.385
        corner = (int(middle + out * np.sin(turn) - size), int(middle - out * np.cos(turn) - size))
        image.paste(255, (*corner, corner[0] + 2 * size, corner[1] + 2 * size), tile)
    small = _font(max(6, side // 14))
    draw.text((middle, side * 0.75), _STAMP_FOOT, 255, small, anchor="mm", stroke_width=1)
    return cv2.GaussianBlur(np.asarray(image, np.float32) / 255, (0, 0), 0.6)


@lru_cache(maxsize=4)
def _watermark(height: int, width: int, dpi: int) -> Shade:
    """Where a watermark lies: its words again and again, aslant, over the whole page."""
    size = int(0.5 * dpi)
    reach = int(np.hypot(height, width))
    image = Image.new("L", (reach, reach))
    draw, font = ImageDraw.Draw(image), _font(size)
    for row, y in enumerate(range(0, reach, 4 * size)):
        for x in range(-(row % 2) * 4 * size, reach, 8 * size):
            draw.text((x, y), WATERMARK, 255, font)
    aslant = np.asarray(image.rotate(30, Image.Resampling.BILINEAR), np.float32) / 255
    top, left = (reach - height) // 2, (reach - width) // 2
    return np.ascontiguousarray(aslant[top : top + height, left : left + width])


@lru_cache(maxsize=4)
def _falling(height: int, width: int) -> Shade:
    """0 in the upper left corner to 1 in the lower right one."""
    rows, columns = (
        np.linspace(0, 0.5, height, dtype=np.float32),
        np.linspace(0, 0.5, width, dtype=np.float32),
    )
    return rows[:, None] + columns[None, :]
