"""Whether a PDF arrived as it was written, and whether its fonts say what they show, by its packed streams.

Each packed stream carries the checksum of what is packed in it. A reader of PDFs takes from a broken one
what it can get and is silent about the rest: a page lacks rows, a map of characters lacks digits, and
nothing shows it. As silent is a map that calls two glyphs by one digit and none by another: the page shows
another figure. Belongs here: these two checks. Does not belong here: objects, pages, and what else a
stream says.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator

from pipelines.limits import MAX_PACKED

_STREAM, _END = b"stream", b"endstream"
_BEGINS = re.compile(rb"\r?\n")
_PACKED = re.compile(rb"/Filter\s*(?:\[\s*)?/Fl(?:ateDecode)?\b")
# Pictures, programs of fonts and attached files say nothing of a figure, and they are most of a file.
_UNREAD = re.compile(rb"/Subtype\s*/(?:Image|CIDFontType0C|Type1C|OpenType)\b|/Length1\b|/EmbeddedFile\b")
_LONGEST_HEAD = 2_000

_SINGLES = re.compile(rb"beginbfchar(.*?)endbfchar", re.S)
_RANGES = re.compile(rb"beginbfrange(.*?)endbfrange", re.S)
_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_DIGITS = range(0x30, 0x3A)

DAMAGED = "文件在传输或保存时损坏：有压缩的数据与自带的校验和不符，读出来的可能缺字少行"
MISNAMED = "字体的字码表自相矛盾：两个字形标作同一个数字，另有数字没有字形，文字与所见不符"


def why_not_intact(data: bytes) -> str:
    """The reason why nothing of the file can be believed; empty where there is none.

    Of a locked file nothing can be told, for its streams are locked too.
    """
    if b"/Encrypt" in data:
        return ""
    view = memoryview(data)
    for start, end in _packed(data):
        unpacked = _unpacked(view[start:end])
        if unpacked is None:
            return DAMAGED
        if b"beginbf" in unpacked and _misnames_digits(unpacked):
            return MISNAMED
    return ""


def _packed(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each packed stream begins and where, at the latest, it ends."""
    place = data.find(_STREAM)
    while place >= 0:
        end = data.find(_END, place)
        begins = _BEGINS.match(data, place + len(_STREAM))
        head = data[max(0, place - _LONGEST_HEAD) : place]
        head = head[head.rfind(b"obj") + 3 :]
        if begins and _PACKED.search(head) and not _UNREAD.search(head):
            yield begins.end(), end if end >= 0 else len(data)
        place = data.find(_STREAM, end + len(_END)) if end >= 0 else -1


def _unpacked(packed: memoryview) -> bytes | None:
    """What is packed here, or None if it is broken, cut short or has another checksum.

    The first of what is swollen beyond reason: its reader has a limit of its own. Some programs leave the
    checksum out: then nothing speaks against the stream.
    """
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(packed, MAX_PACKED)
    except zlib.error:
        return None
    if unpacker.eof or len(unpacked) >= MAX_PACKED:
        return unpacked
    bare = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = bare.decompress(packed[2:], MAX_PACKED)
    return unpacked if bare.eof else None


def _misnames_digits(table: bytes) -> bool:
    """Whether a map to Unicode has two codes for one digit and none for another."""
    named: dict[int, int] = {}
    for block in _SINGLES.findall(table):
        named |= {int(code, 16): int(text, 16) for code, text in _PAIR.findall(block)}
    for block in _RANGES.findall(table):
        for low, high, text in _RANGE.findall(block):
            first, last, value = int(low, 16), int(high, 16), int(text, 16)
            named |= {first + i: value + i for i in range(min(last - first + 1, 1 << 16))}
    codes = Counter(text for text in named.values() if text in _DIGITS)
    return 0 < len(codes) < len(_DIGITS) and max(codes.values()) > 1
