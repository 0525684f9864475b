"""Fonts that are only named: their programs are taken from a printed PDF, as its author's settings may do.

Belongs here: how programs describe a font that is not in the file. Does not belong here: printing.

Two manners are known. Identity-H keeps the glyph numbers of the font that is away, and ToUnicode says what
they mean. GBK-EUC-H, that of Distiller and of the typesetting of official papers, writes the letters in GBK
and says nothing more: what they mean stands in Adobe's tables of the GB1 collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pikepdf
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Operator, Pdf, String

from tests.typesetter.paged import font_folder

# The names under which a Chinese Windows has a serif and a plain font.
_SERIF, _PLAIN = "SimSun", "SimHei"
_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")
# In GBK-EUC-H the letters of ASCII are these of GB1; all letters of two bytes are a full em wide.
_FIRST_ASCII, _ASCII = 814, range(0x20, 0x7F)
_EM = 1000
_PAIR = re.compile(rb"^<(\w{4})>\s*<(\w{4})>\s*$", re.MULTILINE)

Letters = Mapping[int, str]


def name_only(pdf: Pdf) -> None:
    """Take the programs of all fonts away, and from their names the mark of a subset that has one."""
    for thing in pdf.objects:
        if isinstance(thing, Dictionary):
            for key in (*_PROGRAMS, "/CIDSet"):
                if key in thing:
                    del thing[key]
            for key in ("/BaseFont", "/FontName"):
                if key in thing:
                    thing[key] = Name("/" + re.sub(r"^/([A-Z]{6}\+)?", "", str(thing[key])))


def code_in_gbk(pdf: Pdf) -> None:
    """Write the letters of every page in GBK, in fonts of the predefined map GBK-EUC-H."""
    fonts: dict[tuple[int, int], Letters] = {}
    for page in pdf.pages:
        letters = {}
        for name, font in page.Resources.Font.items():
            if font.objgen not in fonts:
                fonts[font.objgen] = _letters(font)
                _predefine(font)
            letters[name] = fonts[font.objgen]
        page.Contents = pdf.make_stream(_coded(page, letters))


def _coded(page: pikepdf.Page, letters: Mapping[str, Letters]) -> bytes:
    """The content of a page with its strings in GBK."""
    own: Letters = {}
    done = []
    for operands, operator in pikepdf.parse_content_stream(page):
        now = list(operands)
        if operator == Operator("Tf"):
            own = letters[str(now[0])]
        elif operator == Operator("Tj"):
            now = [_in_gbk(now[0], own)]
        elif operator == Operator("TJ"):
            now = [Array([_in_gbk(part, own) if isinstance(part, String) else part for part in now[0]])]
        done.append((now, operator))
    return pikepdf.unparse_content_stream(done)


def _in_gbk(text: pikepdf.Object, letters: Letters) -> String:
    codes = bytes(text)
    words = "".join(letters[int.from_bytes(codes[i : i + 2], "big")] for i in range(0, len(codes), 2))
    return String(words.encode("gbk"))


def _letters(font: pikepdf.Object) -> Letters:
    """What the codes of a font mean by its ToUnicode, in which both printers write code by code."""
    pairs = _PAIR.findall(font.ToUnicode.read_bytes())
    return {int(code, 16): chr(int(meaning, 16)) for code, meaning in pairs}


def _predefine(font: pikepdf.Object) -> None:
    """Describe a font as one of the GB1 collection that the reader's machine may have."""
    inner = font.DescendantFonts[0]
    serif = "Serif" in str(font.BaseFont)
    font.Encoding = Name("/GBK-EUC-H")
    del font.ToUnicode
    inner.Subtype = Name.CIDFontType2
    inner.CIDSystemInfo = Dictionary(Registry=String("Adobe"), Ordering=String("GB1"), Supplement=2)
    inner.DW, inner.W = _EM, Array([_FIRST_ASCII, Array(_ascii_widths(serif))])
    name = Name("/" + (_SERIF if serif else _PLAIN))
    font.BaseFont = inner.BaseFont = inner.FontDescriptor.FontName = name


@cache
def _ascii_widths(serif: bool) -> tuple[int, ...]:
    """How wide the font that was printed with has the letters of ASCII."""
    with TTFont(font_folder() / f"Noto{'Serif' if serif else 'Sans'}SC-Regular.otf") as font:
        glyphs, widths = font.getBestCmap(), font["hmtx"]
        return tuple(widths[glyphs[code]][0] for code in _ASCII)
