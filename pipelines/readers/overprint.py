"""Cells in which text lies over other text, or figures of two sizes: nobody can tell what is printed there.

Belongs here: telling such cells by the boxes of their glyphs. Does not belong here: a text printed twice to
look bold, which is one text (``glyphs.once``), and figures that run over a border (``cells.torn_cells``).
"""

from __future__ import annotations

import numpy as np

from pipelines.readers.compiled import compiled
from pipelines.readers.glyphs import Array, Glyphs

# Kerned and narrowed text overlaps by less of the narrower glyph's width, and no two glyphs of a line begin
# so near to each other, as a share of their height. Both are asked, for the widths of a font that is not in
# the file are those of another.
_OVER, _BESIDE = 0.5, 0.22
_SAME_BASELINE = 1.0
# Digits of one figure are of one height.
_OTHER_SIZE = 0.25
# Glyphs that lie on one another stand next to each other, or nearly, from left to right.
_NEAR = 2


def overprinted_cells(glyphs: Glyphs, owners: Array) -> set[int]:
    """Cells of glyphs that lie over one another by half of their width, or of digits unlike in height."""
    within = np.flatnonzero(owners >= 0)
    boxes = glyphs.boxes[within]
    order = within[np.lexsort((boxes[:, 0], np.rint(boxes[:, 4])))]
    found = np.empty(2 * _NEAR * len(order), np.intp)
    return set(found[: _overprinted(glyphs.codes, glyphs.boxes, owners, order, found)].tolist())


@compiled("boolean(uint32)")
def _is_digit(code: int) -> bool:
    return 0x30 <= code <= 0x39


@compiled("intp(uint32[::1], float64[:, ::1], intp[::1], intp[::1], intp[::1])")
def _overprinted(codes: Array, boxes: Array, owners: Array, order: Array, found: Array) -> int:
    """Write the owners of such glyphs; how many."""
    count = 0
    for k in range(len(order)):
        for n in range(k + 1, min(k + 1 + _NEAR, len(order))):
            i, j = order[k], order[n]
            if abs(boxes[i, 4] - boxes[j, 4]) >= _SAME_BASELINE:
                continue
            width = min(boxes[i, 2] - boxes[i, 0], boxes[j, 2] - boxes[j, 0])
            shared = min(boxes[i, 2], boxes[j, 2]) - max(boxes[i, 0], boxes[j, 0])
            low, high = boxes[i, 3] - boxes[i, 1], boxes[j, 3] - boxes[j, 1]
            over = shared > _OVER * width and abs(boxes[i, 0] - boxes[j, 0]) < _BESIDE * min(low, high)
            uneven = abs(low - high) > _OTHER_SIZE * min(low, high)
            digits = _is_digit(codes[i]) and _is_digit(codes[j])
            if over or (uneven and digits and owners[i] == owners[j]):
                found[count], found[count + 1] = owners[i], owners[j]
                count += 2
    return count
