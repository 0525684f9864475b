"""Sentences with figures in them, and what is true of each figure.

Belongs here: the record of a claim, and words and figures put together under a manner. Does not belong
here: what a disclosure says (``told``), and anything of the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tests.typesetter.figures import WAN, Disclosure
from tests.typesetter.manner import Manner

_UNITS = {"万元": WAN, "元": Decimal(1), "亿元": WAN * WAN}
_DIGITS = {"万元": 2, "元": 2, "亿元": 6}

# form, row (item or 科目代码), measure.
Place = tuple[str, str, str]


@dataclass(frozen=True)
class TruthClaim:
    """A figure of the text, named as the fields of ``pipelines.model.Claim``.

    ``place`` is its address; ``cell`` says whether that cell holds what it speaks of.
    """

    object: str
    kind: str
    value: Decimal
    unit: str
    value_printed: str
    direction: str | None
    period: str
    place: Place | None
    whole: Place | None
    cell: bool


@dataclass(frozen=True)
class Said:
    """Words of a sentence, and the claim that they make, if any."""

    text: str
    claim: TruthClaim | None = None


# A sentence in pieces: words, and words that are figures.
Piece = str | Said
Sentence = tuple[Piece, ...]


def text_of(sentence: Sequence[Piece]) -> str:
    """The sentence as it is printed."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in sentence)


def claims_of(sentence: Sequence[Piece]) -> tuple[TruthClaim, ...]:
    """The claims of a sentence in order."""
    return tuple(p.claim for p in sentence if isinstance(p, Said) and p.claim)


@dataclass(frozen=True)
class Thing:
    """Something that figures speak of: its name for the reader, and its address, if it has one."""

    name: str
    place: Place | None = None


class Teller:
    """Prints figures under a manner and remembers what they claim."""

    def __init__(self, disclosure: Disclosure, manner: Manner):
        self.disclosure = disclosure
        self.manner = manner
        self._figures = 0

    def printed(self, place: Place | None) -> bool:
        """Whether the disclosure prints a row of that address."""
        statement = self.disclosure.statement(place[0]) if place else None
        return statement is not None and place is not None and any(r.key == place[1] for r in statement.rows)

    def digits(self, value: Decimal, places: int | None) -> str:
        """A number as the text prints it."""
        text = f"{value:,.{places}f}" if places is not None else f"{value:f}"
        text = text if self.manner.text_separators else text.replace(",", "")
        self._figures += 1
        if self.manner.spaced_every and self._figures % self.manner.spaced_every == 0:
            text = text.replace(".", ". ")
        if self.manner.full_width_digits:
            text = text.translate(str.maketrans("0123456789.,", "０１２３４５６７８９．，"))
        return text

    def _said(self, text: str, shown: str, value: Decimal, unit: str, **known: object) -> Said:
        base = {"direction": None, "period": "本年", "place": None, "whole": None, "cell": False}
        return Said(
            text,
            TruthClaim(value=value, unit=unit, value_printed=shown, **{**base, **known}),  # type: ignore[arg-type]
        )

    def amount(self, thing: Thing, yuan: Decimal, period: str = "本年", *, cell: bool | None = None) -> Said:
        """An amount in the manner's unit of the text."""
        unit = self.manner.text_unit
        value = (yuan / _UNITS[unit]).quantize(Decimal(1).scaleb(-_DIGITS[unit]))
        shown = self.digits(value, _DIGITS[unit])
        held = period == "本年" if cell is None else cell
        return self._said(
            f"{shown}{unit}", shown, value, unit, object=thing.name, kind="金额", period=period,
            place=thing.place, cell=held,
        )  # fmt: skip

    def share(self, thing: Thing, part: Decimal, all_of: Decimal, whole: Place | None) -> Said:
        """A share in per cent."""
        return self._rate(thing, "占比", part, all_of, whole=whole, cell=True)

    def completion(
        self, thing: Thing, part: Decimal, all_of: Decimal, period: str, whole: Place | None = None
    ) -> Said:
        """How far a budget was spent, in per cent."""
        return self._rate(thing, "完成率", part, all_of, period=period, whole=whole, cell=True)

    def growth(self, thing: Thing, change: Decimal, before: Decimal) -> Said:
        """A rate of growth or decline against the year before."""
        way = "增" if change > 0 else "减"
        return self._rate(thing, "增减率", abs(change), before, direction=way, period="上年", cell=True)

    def _rate(self, thing: Thing, kind: str, part: Decimal, all_of: Decimal, **known: object) -> Said:
        value = (part * 100 / all_of).quantize(Decimal("0.01"), ROUND_HALF_UP)
        shown = self.digits(value, 2)
        return self._said(
            f"{shown}%", shown, value, "%", object=thing.name, kind=kind, place=thing.place, **known
        )

    def change(self, thing: Thing, change: Decimal) -> Said:
        """How much more or less than in the year before; the verb is the caller's."""
        made = self.amount(thing, abs(change), "上年", cell=True)
        assert made.claim
        way = "增" if change > 0 else "减"
        known = {**vars(made.claim), "kind": "增减额", "direction": way}
        return Said(made.text, TruthClaim(**known))

    def word(self, thing: Thing, text: str, shown: str, **known: object) -> Said:
        """Nothing, said in words: 持平, 无此项支出."""
        base = {"object": thing.name, "kind": "金额", "place": thing.place, "cell": True}
        return self._said(text, shown, Decimal(0), "万元", **{**base, **known})

    def unchanged(self, thing: Thing, text: str = "持平") -> Said:
        """No change, said in a word."""
        return self.word(thing, text, text, kind="增减额", direction="平", period="上年")

    def count(self, thing: Thing, number: int, unit: str, kept: str | None = None) -> Said:
        """A number of things; ``kept`` is the unit that the reader writes for it."""
        shown = self.digits(Decimal(number), None)
        return self._said(
            f"{shown}{unit}", shown, Decimal(number), kept or unit, object=thing.name, kind="数量",
            place=thing.place, cell=True,
        )  # fmt: skip
