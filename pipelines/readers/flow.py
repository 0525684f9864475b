"""Flowing documents: paragraphs and tables in their order, as lines and grids with ``b12/r4c4``.

Belongs here: what .docx and HTML share: a table's cells laid out by the columns and rows that they cover,
tables that only arrange the page, paragraphs of several lines, numbers of blocks.
Does not belong here: tags, files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.limits import MAX_COLUMNS, SAVE_AGAIN, Counter, LimitError
from pipelines.model import Block, Cell, Issue, Line
from pipelines.readers.surroundings import Row, split_rows


@dataclass(slots=True)
class FlowCell:
    """A cell while it is filled: how far it reaches, and what it holds.

    ``continued`` says that it carries on the cell above it, so that nothing of its own is shown.
    """

    columns: int = 1
    rows: int = 1
    continued: bool = False
    pieces: list[str | FlowTable] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its paragraphs, a line each."""
        return "\n".join(piece for piece in self.pieces if isinstance(piece, str) and piece)


@dataclass(slots=True)
class FlowTable:
    """A table while it is filled: rows of cells as they are written, none for what is covered."""

    rows: list[list[FlowCell]] = field(default_factory=list)
    open: bool = False

    @property
    def arranges(self) -> bool:
        """Whether it only arranges the page: it holds tables, or has one column only."""
        cells = [cell for row in self.rows for cell in row]
        nested = any(isinstance(piece, FlowTable) for cell in cells for piece in cell.pieces)
        return nested or all(sum(cell.columns for cell in row) < 2 for row in self.rows)

    @property
    def cell(self) -> FlowCell | None:
        """The cell that is open."""
        return self.rows[-1][-1] if self.open and self.rows and self.rows[-1] else None

    @property
    def pieces(self) -> list[str | FlowTable]:
        """What its cells hold, in order."""
        cells = (cell for row in self.rows for cell in row if not cell.continued)
        return [piece for cell in cells for piece in cell.pieces]


class Flow:
    """Takes a document's paragraphs and tables as they come and hands over its blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.issues: list[Issue] = []
        self.number = 0
        self._tables: list[FlowTable] = []
        self._words: list[str] = []
        self._cells = Counter()

    # --- paragraphs -----------------------------------------------------------------------

    def text(self, words: str) -> None:
        """Words of the open paragraph; ``\\n`` in them begins a new line of it."""
        self._words.append(words)

    def end_paragraph(self, *, counts_empty: bool = False) -> None:
        """The open paragraph ends. ``counts_empty``: a block is counted even if it holds nothing."""
        lines = [line.strip() for line in "".join(self._words).split("\n")]
        self._words.clear()
        paragraph = "\n".join(line for line in lines if line)
        self._cells.add(bool(paragraph))
        # Words in a table but in no cell of it (a caption) are shown above it.
        cell = next((cell for table in reversed(self._tables) if (cell := table.cell)), None)
        if cell is not None:
            cell.pieces.append(paragraph)
        elif paragraph or (counts_empty and not self._tables):
            self._paragraph(paragraph)

    def _paragraph(self, paragraph: str) -> None:
        self.number += 1
        lines = paragraph.split("\n") if paragraph else []
        for place, line in enumerate(lines, start=1):
            self.blocks.append(Line(line, f"b{self.number}" + (f"/l{place}" if len(lines) > 1 else "")))

    # --- tables ---------------------------------------------------------------------------

    @property
    def cell(self) -> FlowCell | None:
        """The cell that is open."""
        return self._tables[-1].cell if self._tables else None

    def begin_table(self) -> None:
        """A table begins: in the open cell, if there is one."""
        self.end_paragraph()
        self._tables.append(FlowTable())

    def begin_row(self) -> None:
        """A row begins."""
        if self._tables:
            self.end_cell()
            self._tables[-1].rows.append([])

    def begin_cell(self, cell: FlowCell | None = None) -> None:
        """A cell begins."""
        if not self._tables:
            return
        self.end_cell()
        self._cells.add(1)
        table = self._tables[-1]
        if not table.rows:
            table.rows.append([])
        table.rows[-1].append(cell or FlowCell())
        table.open = True

    def end_cell(self) -> None:
        """The open cell ends."""
        self.end_paragraph()
        if self._tables:
            self._tables[-1].open = False

    def drop_row(self) -> None:
        """The open row is not printed."""
        if self._tables and self._tables[-1].rows:
            self.end_cell()
            self._tables[-1].rows.pop()

    def end_table(self) -> None:
        """The innermost table ends; the outermost becomes blocks."""
        if not self._tables:
            return
        self.end_cell()
        table = self._tables.pop()
        if (cell := self.cell) is not None:
            cell.pieces += table.pieces if table.arranges else [table]
        elif not self._tables:
            self._emit(table)

    def finish(self) -> None:
        """The document ends, whatever is open."""
        while self._tables:
            self.end_table()
        self.end_paragraph()

    def _emit(self, table: FlowTable) -> None:
        if not table.arranges:
            self.number += 1
            rows = self._laid_out(table, f"b{self.number}")
            self.blocks += split_rows(rows)
            return
        for piece in table.pieces:
            if isinstance(piece, FlowTable):
                self._emit(piece)
            elif piece:
                self._paragraph(piece)

    def _laid_out(self, table: FlowTable, locator: str) -> list[Row]:
        """The elementary cells of a table: a rectangle, each text in the first cell that it covers."""
        laid: list[dict[int, FlowCell]] = []
        reaching: dict[int, int] = {}  # column → rows that a cell above still covers there
        width = 0
        for row in table.rows:
            placed: dict[int, FlowCell] = {}
            below = {column: rows - 1 for column, rows in reaching.items() if rows > 1}
            column = 0
            for cell in row:
                while column in reaching:
                    column += 1
                placed[column] = cell
                end = column + cell.columns
                if end > MAX_COLUMNS:
                    raise LimitError(f"表格的一行超过 {MAX_COLUMNS} 列", SAVE_AGAIN)
                if cell.rows > 1:
                    below |= dict.fromkeys(range(column, end), cell.rows - 1)
                column = end
            width = max(width, column, *(c + 1 for c in reaching), 0)
            reaching = below
            laid.append(placed)
            self._cells.add(len(below))
        self._cells.add(width * len(laid))
        return [
            tuple(
                Cell(
                    one.text if (one := placed.get(column)) and not one.continued else "",
                    f"{locator}/r{number}c{column + 1}",
                    span=min(one.columns, width - column) if one else 1,
                )
                for column in range(width)
            )
            for number, placed in enumerate(laid, start=1)
        ]
