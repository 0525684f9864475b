"""Which of the amounts that recognised cells may hold are borne out by the identities between them.

Belongs here: reasoning on cells, what each may hold, and identities. Does not belong here: where these come
from (``readings``, ``identities``), and what becomes of the cells (``settle``). Imports nothing heavy.

An amount is ruled out where an identity does not come out with it, whatever its other cells hold; within
rounding that comes out. What is ruled out in one identity narrows the next, until nothing changes. A usual
confusion of which the recogniser has seen nothing must come out to the last digit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from expectations.readings import Figure

Figures = Mapping[str, Sequence[Figure]]
# An identity with more combinations than this of what its cells may hold waits until there are fewer.
_MOST_COMBINATIONS = 4_000


class Term(NamedTuple):
    """A cell of a side: added (1) or taken (-1)."""

    cell: str
    sign: int


@dataclass(frozen=True)
class Identity:
    """Two sums that must be equal: the rule, what it speaks of, and the cells of both sides."""

    rule: str
    subject: str
    left: tuple[Term, ...]
    right: tuple[Term, ...]

    @cached_property
    def cells(self) -> frozenset[str]:
        """The cells of both sides."""
        return frozenset(term.cell for term in self.terms)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The cells of both sides as those of one that must be 0."""
        return (*self.left, *(Term(cell, -sign) for cell, sign in self.right))


class _Sum(NamedTuple):
    """The difference of the sides that a choice of figures makes, and whether one of them is weak."""

    value: int
    weak: bool


@dataclass
class Settlement:
    """What the identities say: the one figure of each settled cell, and what is in doubt.

    ``suspects`` are certain cells whose usual confusion would explain a contradiction; ``unsettled`` are
    the uncertain ones of which nothing can be said.
    """

    settled: dict[str, Figure] = field(default_factory=dict)
    suspects: set[str] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)


def settlement(
    fixed: Mapping[str, Figure], others: Figures, free: Figures, all_: Iterable[Identity]
) -> Settlement:
    """Settle the ``free`` cells by the identities.

    ``fixed`` is what the certain and the digital cells hold; ``others`` what the certain ones that were
    recognised may hold beside it, of blank ones nothing; ``free`` what the uncertain ones may hold, the
    reading first.
    """
    found = Settlement()
    # A cell of which no reading is an amount is unknown, and so is every identity with it.
    may: dict[str, Sequence[Figure]] = {cell: (one,) for cell, one in fixed.items()}
    may |= {cell: figures for cell, figures in free.items() if figures}
    live = list(all_)
    while True:
        live = [identity for identity in live if all(cell in may for cell in identity.cells)]
        narrowed, broken = _narrowed(may, live)
        if not broken:
            break
        doubted = _most_broken(broken, free.keys() & may.keys())
        # Certain readings are doubted only where no uncertain one is left that may be at fault.
        suspects = set() if doubted else _explaining(broken, may, others, live)
        if not suspects | doubted:
            live = [identity for identity in live if identity not in broken]  # printed like that
        found.suspects |= suspects
        may = {cell: figures for cell, figures in may.items() if cell not in suspects | doubted}
    _bear_out(found, fixed, narrowed, free, live)
    found.unsettled = set(free) - found.settled.keys()
    return found


def difference(identity: Identity, held: Mapping[str, Figure]) -> int | None:
    """By how much the left side is more than the right, in millionths; None where a cell is unknown."""
    if not all(cell in held for cell in identity.cells):
        return None
    return sum(sign * held[cell].value for cell, sign in identity.terms)


def holds(identity: Identity, held: Mapping[str, Figure]) -> bool | None:
    """Whether an identity comes out within rounding; None where a cell of it is unknown."""
    gap = difference(identity, held)
    return None if gap is None else abs(gap) <= _tolerance(identity, {c: (held[c],) for c in identity.cells})


def _tolerance(identity: Identity, may: Figures) -> int:
    """How much rounding may come to: as ``verdicts.judge``, with every open figure printed."""

    def half(cell: str) -> int:
        return max((figure.half for figure in may[cell] if figure.value), default=0)

    coarsest = max((figure.half for cell in identity.cells for figure in may[cell]), default=0)
    return sum(sum(half(cell) for cell, _ in side) or coarsest for side in (identity.left, identity.right))


# --- what is ruled out ---------------------------------------------------------------------------


def _narrowed(may: Figures, live: Sequence[Identity]) -> tuple[dict[str, Sequence[Figure]], list[Identity]]:
    """What the cells may hold once everything is ruled out that can be, and the identities that rule out all.

    Those that do so by themselves come first; only where there is none what follows from others.
    """
    narrowed = dict(may)
    if broken := [identity for identity in live if not _can_come_out(identity, may)]:
        return narrowed, broken
    waiting = [identity for identity in live if any(len(may[cell]) > 1 for cell in identity.cells)]
    changed = True
    while changed:
        changed = False
        for identity in waiting:
            if not _can_come_out(identity, narrowed):
                return narrowed, [identity]
            for cell, figures in _supported(identity, narrowed).items():
                changed |= len(figures) < len(narrowed[cell])
                narrowed[cell] = figures
    return narrowed, []


def _open(identity: Identity, may: Figures) -> list[Term] | None:
    """The cells that may hold several figures; None where there are too many combinations of them."""
    found = [term for term in identity.terms if len(may[term.cell]) > 1]
    return found if prod(len(may[cell]) for cell, _ in found) <= _MOST_COMBINATIONS else None


def _can_come_out(identity: Identity, may: Figures) -> bool:
    """Whether an identity comes out with any choice of figures, as far as can be said."""
    if _open(identity, may) is None:
        return True
    tolerance = _tolerance(identity, may)
    return any(_comes_out(one, tolerance) for one in _sums(identity.terms, may)[-1])


def _supported(identity: Identity, may: Figures) -> dict[str, tuple[Figure, ...]]:
    """With which figures of each open cell an identity comes out; of none where nothing can be said."""
    terms = _open(identity, may)
    if not terms:
        return {}
    tolerance = _tolerance(identity, may)
    closed = [term for term in identity.terms if term not in terms]
    before = _sums([*closed, *terms], may)[len(closed) :]
    after = _sums(terms[::-1], may)[::-1]
    found = {}
    for place, (cell, sign) in enumerate(terms):
        rest = _Rest(after[place + 1])
        found[cell] = tuple(
            figure
            for figure in may[cell]
            if any(rest.completes(_with(one, figure, sign), tolerance) for one in before[place])
        )
    return found


class _Rest:
    """What the other cells may add up to, sorted: most questions are about many sums."""

    def __init__(self, sums: Collection[_Sum]) -> None:
        self.values = {one.value for one in sums}
        self.likely = sorted(one.value for one in sums if not one.weak)

    def completes(self, one: _Sum, tolerance: int) -> bool:
        """Whether an identity comes out with these cells and some choice of the rest."""
        if -one.value in self.values:
            return True
        place = bisect_left(self.likely, -one.value - tolerance)
        return not one.weak and place < len(self.likely) and self.likely[place] <= tolerance - one.value


def _sums(terms: Sequence[Term], may: Figures) -> list[set[_Sum]]:
    """What the first cells may add up to, for none of them, one, two … all."""
    found = [{_Sum(0, False)}]
    for cell, sign in terms:
        found.append({_with(one, figure, sign) for one in found[-1] for figure in may[cell]})
    return found


def _with(one: _Sum, figure: Figure, sign: int) -> _Sum:
    return _Sum(one.value + sign * figure.value, one.weak or figure.weak)


def _comes_out(one: _Sum, tolerance: int) -> bool:
    return one.value == 0 if one.weak else abs(one.value) <= tolerance


# --- contradictions ------------------------------------------------------------------------------


def _explaining(
    broken: Sequence[Identity], may: Figures, others: Figures, live: Sequence[Identity]
) -> set[str]:
    """The certain cells of which another figure, alone, would make every identity with them come out.

    Where nothing was seen, anything may stand.
    """
    touched = {cell for identity in broken for cell in identity.cells & others.keys() if cell in may}
    return {
        cell
        for cell in touched
        if any(
            all(
                _can_come_out(identity, {**may, cell: (figure,)})
                for identity in live
                if cell in identity.cells
            )
            for figure in (others[cell] if may[cell][0].text else _missing(cell, broken, may))
        )
    }


def _missing(cell: str, broken: Sequence[Identity], may: Figures) -> Iterator[Figure]:
    """What a blank cell would have to hold for the broken identities to come out."""
    one = {name: figures[0] for name, figures in may.items()}
    for identity in broken:
        for name, sign in identity.terms:
            value = -sign * (difference(identity, one) or 0)
            if name == cell and value > 0:
                yield Figure("", value, 0, 1.0)


def _most_broken(broken: Sequence[Identity], free: Collection[str]) -> set[str]:
    """The uncertain cells in most of the broken identities: none of their figures is right."""
    counted = Counter(cell for identity in broken for cell in identity.cells if cell in free)
    most = max(counted.values(), default=0)
    return {cell for cell, count in counted.items() if count == most}


# --- what is borne out ---------------------------------------------------------------------------


def _bear_out(
    found: Settlement, fixed: Mapping[str, Figure], narrowed: Figures, free: Figures, live: Sequence[Identity]
) -> None:
    """Settle the cells with one figure left that identities bear out to the last digit.

    One identity is enough if everything else in it is known. Two are, if their other cells have one figure
    left as well and one of them is known; those that only say the same figure again do not count, for
    figures that are printed alike are misread alike. A usual confusion needs two, in one of which everything
    else is known.
    """
    one = {cell: figures[0] for cell, figures in narrowed.items() if len(figures) == 1}
    known = {cell: figure for cell, figure in one.items() if cell in fixed}
    exact: dict[str, list[Identity]] = {}
    for identity in live:
        if difference(identity, one) == 0:
            for cell in identity.cells & free.keys():
                exact.setdefault(cell, []).append(identity)
    changed = True
    while changed:
        changed = False
        for cell in exact.keys() - known.keys():
            alone = any(identity.cells - {cell} <= known.keys() for identity in exact[cell])
            telling = [identity for identity in exact[cell] if not _echoes(identity, cell, one)]
            tied = len(telling) > 1 and any(
                known[other].value for identity in telling for other in identity.cells & known.keys() - {cell}
            )
            if (alone and len(exact[cell]) > 1) if one[cell].weak else (alone or tied):
                known[cell] = found.settled[cell] = one[cell]
                changed = True


def _echoes(identity: Identity, cell: str, one: Mapping[str, Figure]) -> bool:
    """Whether an identity says no more than that other cells hold the figure of this one."""
    return {one[other].value for other in identity.cells - {cell}} <= {0, one[cell].value}
