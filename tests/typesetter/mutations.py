"""A printed PDF with one kind of damage: mostly it stays a PDF that opens, so that damage reaches a page.

Belongs here: the kinds of damage, the same bytes for the same seed. Does not belong here: what a reader must
do with them. Files that harm a reader (giant, endless, locked) are in ``damage_pdf``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import pikepdf
from pikepdf import Array, Name, Pdf

from tests.typesetter.damage_pdf import mutated, truncated

_NUMBER = re.compile(rb"(?<![<\w#/.])-?\d+(?:\.\d+)?(?![\w>])")
_HEX = b"0123456789ABCDEF"


@dataclass(frozen=True)
class Mutant:
    """A damaged file, and which page of the sound one each of its pages was (both from 0)."""

    data: bytes
    pages: Sequence[int] | None = None

    def page_before(self, number: int) -> int | None:
        """The sound file's page that this page was, both from 1; None where nobody knows."""
        if self.pages is None:
            return number
        return self.pages[number - 1] + 1 if number <= len(self.pages) else None


def mutant(kind: str, data: bytes, seed: int) -> Mutant:
    """The file with damage of that kind; seeds choose how much and where."""
    random = Random(f"{kind}/{seed}")  # noqa: S311 nothing is secret here
    if kind in _OF_FILES:
        return Mutant(_OF_FILES[kind](data, random))
    with Pdf.open(io.BytesIO(data)) as pdf:
        order = _OF_PAGES[kind](pdf, random) if kind in _OF_PAGES else None
        if kind in _INSIDE:
            _INSIDE[kind](pdf, random)
        out = io.BytesIO()
        pdf.save(out, static_id=True)
        return Mutant(out.getvalue(), order)


# --- damage to the file's bytes: most of it lands in packed streams ------------------------------


def _bytes(data: bytes, random: Random) -> bytes:
    return _flipped(data, random, random.choice((1, 3, 10, 40)))


def _shifted(data: bytes, random: Random) -> bytes:
    return mutated(data, random.randrange(1 << 30), random.choice((1, 4, 20)))


def _cut(data: bytes, random: Random) -> bytes:
    return truncated(data, random.uniform(0.3, 0.999))


def _spliced(data: bytes, random: Random) -> bytes:
    """A piece of the file over another piece, as a broken download leaves it."""
    size = random.choice((512, 4096))
    start, target = random.randrange(len(data) - size), random.randrange(len(data) - size)
    return data[:target] + data[start : start + size] + data[target + size :]


def _blanked(data: bytes, random: Random) -> bytes:
    """Zeros in the place of a block."""
    size = random.choice((64, 512, 4096))
    target = random.randrange(len(data) - size)
    return data[:target] + bytes(size) + data[target + size :]


def _flipped(data: bytes, random: Random, changes: int, alphabet: bytes = bytes(range(256))) -> bytes:
    out = bytearray(data)
    for _ in range(changes):
        out[random.randrange(len(out))] = random.choice(alphabet)
    return bytes(out)


# --- damage inside of a file that still opens ------------------------------------------------------


def _streams(pdf: Pdf) -> list[pikepdf.Object]:
    """The content streams of pages, and of the forms that they draw."""
    forms = [o for o in pdf.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == Name.Form]
    pages = [page.obj.Contents for page in pdf.pages]
    return forms + [s for c in pages for s in (c if isinstance(c, Array) else [c])]


def _content(pdf: Pdf, random: Random) -> pikepdf.Object:
    """One content stream, the longer the likelier: tables are long."""
    streams = _streams(pdf)
    return random.choices(streams, [len(s.read_bytes()) for s in streams])[0]


def _content_bytes(pdf: Pdf, random: Random) -> None:
    stream = _content(pdf, random)
    stream.write(_flipped(stream.read_bytes(), random, random.choice((1, 3, 10, 40))))


def _content_digits(pdf: Pdf, random: Random) -> None:
    """Digits of coordinates, matrices and sizes changed to others."""
    stream = _content(pdf, random)
    out = bytearray(stream.read_bytes())
    numbers = [m.span() for m in _NUMBER.finditer(out)]
    for _ in range(random.choice((1, 3, 10))):
        start, end = random.choice(numbers)
        place = random.choice([i for i in range(start, end) if out[i] not in b"-."])
        out[place] = random.choice(b"0123456789")
    stream.write(bytes(out))


def _content_words(pdf: Pdf, random: Random) -> None:
    """Operators and operands dropped, doubled or put in each other's place."""
    stream = _content(pdf, random)
    words = re.split(rb"(?<=[\n ])", stream.read_bytes())
    for _ in range(random.choice((1, 3, 10))):
        one, other = random.randrange(len(words)), random.randrange(len(words))
        what = random.randrange(3)
        if what == 0:
            words[one] = b""
        elif what == 1:
            words[one] *= 2
        else:
            words[one], words[other] = words[other], words[one]
    stream.write(b"".join(words))


def _content_block(pdf: Pdf, random: Random) -> None:
    """A stretch of the content gone."""
    stream = _content(pdf, random)
    data = stream.read_bytes()
    start = random.randrange(len(data))
    stream.write(data[:start] + data[start + random.choice((16, 100, 800)) :])


def _content_cut(pdf: Pdf, random: Random) -> None:
    stream = _content(pdf, random)
    stream.write(truncated(stream.read_bytes(), random.random()))


def _packed_cut(pdf: Pdf, random: Random) -> None:
    """The packed bytes of a content end early."""
    stream = _content(pdf, random)
    stream.write(truncated(stream.read_raw_bytes(), random.uniform(0.1, 0.99)), filter=Name.FlateDecode)


def _packed_bytes(pdf: Pdf, random: Random) -> None:
    """A few packed bytes of a content are others."""
    stream = _content(pdf, random)
    raw = _flipped(stream.read_raw_bytes(), random, random.choice((1, 1, 3)))
    stream.write(raw, filter=Name.FlateDecode)


def _object_gone(pdf: Pdf, random: Random) -> None:
    """The inside of an object is lost."""
    used = [o for o in pdf.objects if not (isinstance(o, pikepdf.Dictionary) and "/S" in o)]
    gone = random.choice([o for o in used if o.is_indirect and o.objgen[0] != pdf.Root.objgen[0]])
    if isinstance(gone, pikepdf.Stream):
        gone.write(b"")
    elif isinstance(gone, pikepdf.Dictionary):
        for key in list(gone.keys()):
            del gone[key]
    elif isinstance(gone, Array):
        while len(gone):
            del gone[0]


def _fonts(pdf: Pdf) -> list[pikepdf.Object]:
    return [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == Name.Font]


def _to_unicode(pdf: Pdf, random: Random) -> None:
    """Hexadecimal digits of a font's map to Unicode are others."""
    stream = random.choice([f.ToUnicode for f in _fonts(pdf) if "/ToUnicode" in f])
    data = stream.read_bytes()
    start = data.index(b"endcodespacerange")
    places = [
        i
        for m in re.finditer(rb"<[0-9A-Fa-f]+>", data[start:])
        for i in range(start + m.start() + 1, start + m.end() - 1)
    ]
    out = bytearray(data)
    for _ in range(random.choice((1, 3, 10))):
        out[random.choice(places)] = random.choice(_HEX)
    stream.write(bytes(out))


def _to_unicode_cut(pdf: Pdf, random: Random) -> None:
    stream = random.choice([f.ToUnicode for f in _fonts(pdf) if "/ToUnicode" in f])
    stream.write(truncated(stream.read_bytes(), random.uniform(0.3, 0.99)))


def _to_unicode_digits(pdf: Pdf, random: Random) -> None:
    """A digit is mapped to another one: the page shows the one, its text says the other."""
    stream = random.choice([f.ToUnicode for f in _fonts(pdf) if "/ToUnicode" in f])
    data = stream.read_bytes()
    digits = list(re.finditer(rb"(?<=<[0-9A-F]{4}> <003)[0-9](?=>\n)", data))
    place = random.choice(digits).start()
    stream.write(data[:place] + random.choice(b"0123456789").to_bytes(1, "big") + data[place + 1 :])


def _widths(pdf: Pdf, random: Random) -> None:
    """Widths of glyphs are others: text runs wider or narrower than it was set."""
    widths = random.choice([f.W for f in _fonts(pdf) if "/W" in f])
    inner = [(w, i) for w in widths if isinstance(w, Array) for i in range(len(w))]
    places = inner or [(widths, i) for i in range(2, len(widths), 3)]
    for _ in range(random.choice((1, 5, 30))):
        where, index = random.choice(places)
        where[index] = random.choice((0, 50, 250, 400, 800, 1500))


def _font_program(pdf: Pdf, random: Random) -> None:
    found = [o[k] for o in pdf.objects if isinstance(o, pikepdf.Dictionary) for k in _PROGRAMS if k in o]
    stream = random.choice(found)
    stream.write(_flipped(stream.read_bytes(), random, random.choice((1, 10, 200))))


_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")


# --- damage to the order of pages ------------------------------------------------------------------


def _swapped(pdf: Pdf, random: Random) -> list[int]:
    order = list(range(len(pdf.pages)))
    one, other = random.sample(order, 2)
    order[one], order[other] = other, one
    return _reorder(pdf, order)


def _shuffled(pdf: Pdf, random: Random) -> list[int]:
    order = list(range(len(pdf.pages)))
    random.shuffle(order)
    return _reorder(pdf, order)


def _doubled(pdf: Pdf, random: Random) -> list[int]:
    order = list(range(len(pdf.pages)))
    order.insert(random.randrange(len(order)), random.randrange(len(order)))
    return _reorder(pdf, order)


def _dropped(pdf: Pdf, random: Random) -> list[int]:
    order = list(range(len(pdf.pages)))
    del order[random.randrange(len(order))]
    return _reorder(pdf, order)


def _reorder(pdf: Pdf, order: list[int]) -> list[int]:
    pages = list(pdf.pages)
    while len(pdf.pages):
        del pdf.pages[0]
    for number in order:
        pdf.pages.append(pages[number])
    return order


_OF_FILES: Mapping[str, Callable[[bytes, Random], bytes]] = {
    "bytes": _bytes,
    "shifted": _shifted,
    "cut": _cut,
    "spliced": _spliced,
    "blanked": _blanked,
}
_OF_PAGES: Mapping[str, Callable[[Pdf, Random], list[int]]] = {
    "pages-swapped": _swapped,
    "pages-shuffled": _shuffled,
    "page-doubled": _doubled,
    "page-dropped": _dropped,
}
_INSIDE: Mapping[str, Callable[[Pdf, Random], None]] = {
    "content-bytes": _content_bytes,
    "content-digits": _content_digits,
    "content-words": _content_words,
    "content-block": _content_block,
    "content-cut": _content_cut,
    "packed-cut": _packed_cut,
    "packed-bytes": _packed_bytes,
    "object-gone": _object_gone,
    "to-unicode": _to_unicode,
    "to-unicode-cut": _to_unicode_cut,
    "to-unicode-digits": _to_unicode_digits,
    "widths": _widths,
    "font-program": _font_program,
}
KINDS = (*_OF_FILES, *_INSIDE, *_OF_PAGES)
