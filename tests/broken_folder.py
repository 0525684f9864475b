"""A folder of files that cannot be read, every kind that is known, and what is to be said of each.

Belongs here: making the files, and the words by which each is known in 待核. Does not belong here: how they
are read.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from random import Random

from pipelines.document import prepare, read_document
from tests import rogue_reader
from tests.typesetter import damage_pdf
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.docx import print_docx
from tests.typesetter.pdf_fpdf import print_pdf
from tests.typesetter.text import print_text
from tests.typesetter.xlsx import print_xlsx

__all__ = ["prepare", "read"]  # as a reader has to have them

SECONDS = 5
TOO_LARGE = 200 << 20
LONGEST_NAME = 255
# The document that is in the folder twice, and by names that are not meant well.
ODD_NAMES = (
    "'; DROP TABLE dim_document; --.txt",
    "换\n行.txt",
    "红\x1b[31m色.txt",
    os.fsdecode("乱".encode("gb18030") + b"\xff.txt"),
    "长" * ((LONGEST_NAME - 4) // 3) + ".txt",
    "$(touch 到此).txt",
)


def read(data: bytes, *, name: str) -> object:
    """The reader of such a folder: what is told to do so stalls, crashes or eats; the rest is read."""
    if data.startswith(rogue_reader.PREFIX):
        return rogue_reader.read(data, name=name)
    return read_document(data, name=name)


def sound(seed: int) -> bytes:
    """A disclosure that can be read, as text."""
    return print_text(consistent_disclosure(seed, unit=f"示例市第{seed}中心")).data


def write_sound(folder: Path, count: int) -> None:
    """So many disclosures that can be read; of ten, one as a PDF."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        if seed % 10:
            (folder / f"好{seed}.txt").write_bytes(sound(seed))
        else:
            disclosure = consistent_disclosure(seed, unit=f"示例市第{seed}中心")
            (folder / f"好{seed}.pdf").write_bytes(print_pdf(disclosure).data)


def write_broken(folder: Path) -> dict[str, str]:
    """Every kind of broken file; by name, words of the reason that 待核 or the run has to give."""
    folder.mkdir(parents=True, exist_ok=True)
    disclosure = consistent_disclosure(900, unit="示例市服务中心")
    pdf = print_pdf(disclosure).data
    cross_references = pdf.rfind(b"startxref")
    rtf, compound = b"{\\rtf1\\ansi abc}", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)
    kinds = {
        "空.pdf": (b"", "空"),
        "截断.pdf": (damage_pdf.truncated(pdf, 0.6), "不是完整的 PDF"),
        "交叉表乱.pdf": (pdf[: cross_references - 400] + b"garbage" * 60, "不是完整的 PDF"),
        "乱字节.pdf": (damage_pdf.random_bytes(1), "不是完整的 PDF"),
        "加密.pdf": (damage_pdf.encrypted(pdf, user="secret"), "密"),
        "页太多.pdf": (damage_pdf.many_pages(2_001), ""),
        "自己套自己.pdf": (damage_pdf.recursive_form(), "，已中止"),
        "膨胀.pdf": (damage_pdf.swollen_stream(70), ""),
        "炸弹.docx": (bomb(print_docx(disclosure).data, "word/document.xml"), "炸弹"),
        "炸弹.xlsx": (bomb(print_xlsx(disclosure).data, "xl/worksheets/sheet1.xml"), "炸弹"),
        "嵌套.html": (b"<html><body>" + b"<div>" * 100_000 + b"2024", "嵌套"),
        "乱字节.txt": (Random(2).randbytes(50_000), "不是可读的文本"),  # noqa: S311 - nothing is secret
        "一行.txt": (b"2024" * 500_000, "看不出"),
        "错后缀.pdf": (b"PK\x05\x06" + bytes(18), "空的压缩包"),
        "说明.rtf": (rtf, "RTF"),
        "旧版.doc": (compound, "已损坏"),
        "版式.ofd": (b"PK\x03\x04" + bytes(60), "已损坏"),
        "乱\x1b[31m\n.txt": (Random(3).randbytes(9_000), "不是可读的文本"),  # noqa: S311
        "停住.pdf": (rogue_reader.PREFIX + b"stall 60", f"超过 {SECONDS} 秒"),
        "崩溃.pdf": (rogue_reader.PREFIX + b"crash", "意外结束"),
        "吃内存.pdf": (rogue_reader.PREFIX + b"eat", "内存超过"),
    }
    for name, (data, _) in kinds.items():
        (folder / name).write_bytes(data)
    with (folder / "太大.pdf").open("wb") as huge:
        huge.truncate(TOO_LARGE + 1)
    os.mkfifo(folder / "管道.txt")
    (folder / "断链.txt").symlink_to("没有.txt")
    (folder / "无权限.txt").write_bytes(sound(901))
    (folder / "无权限.txt").chmod(0)
    for number, name in enumerate(ODD_NAMES):
        (folder / name).write_bytes(sound(910 + number))
    (folder / "复本一.txt").write_bytes(sound(920))
    (folder / "复本二.txt").write_bytes(sound(920))
    (folder / "无后缀").write_bytes(sound(921))
    return {name: words for name, (_, words) in kinds.items()}


def bomb(package: bytes, member: str) -> bytes:
    """An office package one member of which is some kilobytes packed and twenty megabytes unpacked."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
        with new.open(member, "w", force_zip64=True) as swollen:
            for _ in range(20):
                swollen.write(bytes(1 << 20))
    return made.getvalue()
