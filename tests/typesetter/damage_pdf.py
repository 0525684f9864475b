"""Files called PDF that harm a reader: cut, mutated, locked, endless, giant, nested, or no PDF at all.

Belongs here: making them, the same bytes each time. Does not belong here: what a reader must do with them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from random import Random

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

_PAPER = (0, 0, 595, 842)


def truncated(data: bytes, share: float) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


def mutated(data: bytes, seed: int, changes: int = 20) -> bytes:
    """A file some of whose bytes were changed, dropped or doubled."""
    random = Random(seed)  # noqa: S311 nothing is secret here
    out = bytearray(data)
    for _ in range(changes):
        place = random.randrange(len(out))
        what = random.randrange(4)
        if what == 0:
            del out[place : place + random.randrange(1, 64)]
        elif what == 1:
            out[place:place] = out[place : place + random.randrange(1, 64)]
        else:
            out[place] = random.randrange(256)
    return bytes(out)


def encrypted(data: bytes, *, user: str = "", owner: str = "owner") -> bytes:
    """A locked file: without a user's password it opens for reading."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(user=user, owner=owner, R=4), static_id=True)
        return out.getvalue()


def random_bytes(seed: int, size: int = 50_000) -> bytes:
    """Noise that begins as a PDF does."""
    return b"%PDF-1.7\n" + Random(seed).randbytes(size)  # noqa: S311 nothing is secret here


def many_pages(count: int = 10_000) -> bytes:
    """Empty pages."""
    return _written(lambda pdf: [_page(pdf) for _ in range(count)])


def giant_page(inches: int = 200) -> bytes:
    """One page larger than any paper, with a frame along its edges."""
    side = inches * 72
    return _written(
        lambda pdf: _page(pdf, f"10 10 {side - 20} {side - 20} re S".encode(), (0, 0, side, side))
    )


def many_segments(count: int = 500_000) -> bytes:
    """One page with so many segments of a path, in paths of a thousand."""

    def draw() -> Iterator[str]:
        for n in range(count):
            if n % 1_000 == 0:
                yield f"{'S ' if n else ''}0 {n // 1_000} m"
            yield f"{n % 595} {(n * 7) % 842} l"
        yield "S"

    return _written(lambda pdf: _page(pdf, "\n".join(draw()).encode()))


def many_rules(count: int = 100_000) -> bytes:
    """One page with so many level and upright rules, each a path of its own."""
    lines = (
        f"{n % 500} {(n * 13) % 800} m {n % 500 + 60} {(n * 13) % 800} l S"
        if n % 2
        else f"{(n * 17) % 590} {n % 700} m {(n * 17) % 590} {n % 700 + 90} l S"
        for n in range(count)
    )
    return _written(lambda pdf: _page(pdf, "\n".join(lines).encode()))


def nested_page_tree(depth: int = 5_000) -> bytes:
    """A page under so many nodes of the page tree."""

    def build(pdf: Pdf) -> None:
        _page(pdf)
        leaf = pdf.pages[0].obj
        node = pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([leaf]), Count=1))
        leaf.Parent = node
        for _ in range(depth):
            above = pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([node]), Count=1))
            node.Parent = above
            node = above
        pdf.Root.Pages = node

    return _written(build)


def nested_forms(depth: int = 2_000) -> bytes:
    """A page whose content lies in so many form XObjects, each in the other."""

    def build(pdf: Pdf) -> None:
        form = _form(pdf, b"0 0 m 100 100 l S", Dictionary())
        for _ in range(depth):
            form = _form(pdf, b"/X Do", Dictionary(XObject=Dictionary(X=form)))
        _page(pdf, b"/X Do")
        pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(X=form))

    return _written(build)


def recursive_form(width: int = 2) -> bytes:
    """A form XObject that draws itself, ``width`` times over."""

    def build(pdf: Pdf) -> None:
        form = _form(pdf, b"0 0 m 9 9 l S " + b"/X Do " * width, Dictionary())
        form.Resources = Dictionary(XObject=Dictionary(X=form))
        _page(pdf, b"/X Do")
        pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(X=form))

    return _written(build)


def swollen_stream(megabytes: int = 300) -> bytes:
    """A page whose content is a few kilobytes packed and very much unpacked."""
    return _written(lambda pdf: _page(pdf, b"0 0 m 9 9 l S\n" * (megabytes * 1_000_000 // 14)))


def harmful(sound: bytes) -> Mapping[str, Callable[[], bytes]]:
    """Every kind by name, made when it is asked for; ``sound`` is a PDF to be damaged."""
    return {
        "empty": lambda: b"",
        "head-only": lambda: b"%PDF-1.7\n",
        "truncated": lambda: truncated(sound, 0.6),
        "mutated": lambda: mutated(sound, 1, 200),
        "user-password": lambda: encrypted(sound, user="secret"),
        "owner-password": lambda: encrypted(sound),
        "random-bytes": lambda: random_bytes(1),
        "many-pages": many_pages,
        "giant-page": giant_page,
        "many-segments": many_segments,
        "many-rules": many_rules,
        "nested-page-tree": nested_page_tree,
        "nested-forms": nested_forms,
        "recursive-form": recursive_form,
        "swollen-stream": swollen_stream,
    }


def _written(build: Callable[[Pdf], object]) -> bytes:
    with Pdf.new() as pdf:
        build(pdf)
        out = io.BytesIO()
        pdf.save(out, static_id=True, compress_streams=True)
        return out.getvalue()


def _page(pdf: Pdf, content: bytes = b"", box: tuple[int, ...] = _PAPER) -> None:
    page = Dictionary(Type=Name.Page, MediaBox=Array(box), Contents=pdf.make_stream(content))
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def _form(pdf: Pdf, content: bytes, resources: Dictionary) -> pikepdf.Object:
    form = pdf.make_stream(content)
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox, form.Resources = Array(_PAPER), resources
    return pdf.make_indirect(form)
