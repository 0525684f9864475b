"""From the picture of one line of text to its characters, how certain they are, and what else they may be.

Belongs here: the recognition model and the decoding of what it says. Does not belong here: where lines
stand on a page, and what a text should be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_PACKAGE, _MODEL = "rapidocr", "models/PP-OCRv6_rec_small.onnx"
# The model reads pictures of this height (pixels), and of widths that its strides divide.
HEIGHT, _STRIDE = 48, 8
_LEAST_WIDTH = 32
# What reading costs is width. All but the shortest pictures are read as well, and faster, at a share of
# theirs; longer ones than any figure of a cell, which are running text, at a lower one. Nothing of these
# documents is longer than the widest.
_SHORT, _CELL_SHARE = 80, 0.8
_LONG, _TEXT_SHARE, _WIDEST = 400, 0.6, 3200
# Likelihoods below this are no alternative, and so many texts are followed and told.
_LEAST_LIKELY, _TOLD_FROM, _FOLLOWED, _TOLD = 0.005, 0.001, 8, 5

_BLANK = 0
# What parts the digits of a figure, and a figure with the mark for any of them: no grouping ends in one or
# two digits, so there the last mark is the point, and those before it are commas, however they look.
_MARKS = ",.，．"
_MARKED = re.compile(rf"-?\d[\d{_MARKS}]*[{_MARKS}][\d{_MARKS}]*")
_FIGURE = re.compile(r"(-?(?:\d{1,3}(?:,\d{3})+|\d+)),(\d{1,2})")
# The characters that make a figure with its unit.
_NUMERALS = frozenset("0123456789.,-%万亿元")


class Recognised(NamedTuple):
    """The text of a line, the likelihood of its least certain character (0 to 1), and other texts.

    ``confidence`` is never more than what the ``others``, each with its likelihood, likeliest first, leave.
    ``mean`` is the likelihood of its characters on the whole, ``figures`` is how certain its figures with
    their units are: 1 where the line has none and may have none.
    """

    text: str
    confidence: float
    others: tuple[tuple[str, float], ...]
    mean: float = 0.0
    figures: float = 1.0


def recognise(pictures: Sequence[Array]) -> list[Recognised]:
    """The text of each picture of one line: grey, dark on light, shape (height, width), of type uint8.

    One at a time: a batch is as wide as its widest picture, and on one thread costs more time and memory.
    Equal pictures, of which clean pages have many, are read once.
    """
    known: dict[tuple[int, bytes], Recognised] = {}
    found = []
    for picture in pictures:
        key = (len(picture), picture.tobytes())
        if key not in known:
            steps = _likelihoods(_prepared(picture))
            known[key] = _as_figure(steps, _decoded(steps))
        found.append(known[key])
    return found


def _width(picture: Array) -> int:
    """The width (pixels) in which a picture is read."""
    height, width = int(picture.shape[0]), int(picture.shape[1])
    own = math.ceil(HEIGHT * width / height)
    if own > _LONG:
        own = max(math.ceil(_CELL_SHARE * _LONG), math.ceil(_TEXT_SHARE * own))
    elif own > _SHORT:
        own = max(_SHORT, math.ceil(_CELL_SHARE * own))
    return max(1, min(_WIDEST, own))


def _prepared(picture: Array) -> Array:
    """A picture as the model takes it: three equal channels from -1 to 1, filled up on the right."""
    import cv2

    own = _width(picture)
    filled = max(_LEAST_WIDTH, math.ceil(own / _STRIDE) * _STRIDE)
    whole = np.zeros((1, 3, HEIGHT, filled), np.float32)
    whole[0, :, :, :own] = cv2.resize(picture, (own, HEIGHT)).astype(np.float32) / 127.5 - 1
    return whole


# --- the model -------------------------------------------------------------------------------


@cache
def _session() -> tuple[Any, str, tuple[str, ...]]:
    """The model, the name of its input, and its characters; once a process, on first use."""
    import onnxruntime

    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed: its wheel has the model that reads scans")
    options = onnxruntime.SessionOptions()
    # Processes are what runs at once here, and an arena keeps the memory of the widest picture for ever.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(Path(spec.origin).parent / _MODEL), options, providers=["CPUExecutionProvider"]
    )
    characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return session, session.get_inputs()[0].name, ("", *characters, " ")


def _likelihoods(prepared: Array) -> Array:
    """For each step along a picture the likelihood of every character, 0 being none."""
    session, name, _ = _session()
    likely: Array = session.run(None, {name: prepared})[0][0]
    return likely


# --- decoding --------------------------------------------------------------------------------


def _decoded(steps: Array) -> Recognised:
    """The likeliest text of the steps along a line, and those that are next."""
    characters = _session()[2]
    best, likely = steps.argmax(1).tolist(), steps.max(1).tolist()
    text: list[int] = []
    certain: list[float] = []
    before = _BLANK
    for one, value in zip(best, likely, strict=True):
        if one != _BLANK and one == before:
            certain[-1] = max(certain[-1], value)
        elif one != _BLANK:
            text.append(one)
            certain.append(value)
        before = one
    printed = _printed(text, characters)
    others: dict[str, float] = {}
    for way, value in _ways(steps).items():
        name = _printed(way, characters)
        # Another blank between words makes no other text.
        if name.replace(" ", "") != printed.replace(" ", ""):
            others[name] = others.get(name, 0.0) + value
    told = sorted(others.items(), key=lambda other: -other[1])[:_TOLD]
    left = 1 - sum(value for _, value in told)
    kept = tuple((other, round(value, 4)) for other, value in told if value >= _TOLD_FROM)
    least = min([*certain, left], default=0.0) if certain else 0.0
    mean = sum(certain) / len(certain) if certain else 0.0
    numerals = [value for one, value in zip(text, certain, strict=True) if characters[one] in _NUMERALS]
    apart = sum(value for other, value in others.items() if _numerals(other) != _numerals(printed))
    figures = min([*numerals, 1 - apart])
    return Recognised(printed, round(max(0.0, least), 4), kept, mean, round(max(0.0, figures), 4))


def _as_figure(steps: Array, read: Recognised) -> Recognised:
    """What was read as the figure that it is, if it is one: how sure it is does not hang on the looks of its
    marks, which are small and often blurred.

    Other texts that are no figure of this kind are left out, and are no more certain for that.
    """
    if not _MARKED.fullmatch(read.text):
        return read
    marks = _marks()
    # The steps are this function's own now: a copy of them costs as much as what is done with them.
    steps[:, marks[0]] = steps[:, marks].sum(1)
    steps[:, marks[1:]] = 0.0
    found = _decoded(steps)
    text = _punctuated(found.text)
    if text is None:
        return read
    others = [(_punctuated(other), value) for other, value in found.others]
    return found._replace(text=text, others=tuple((other, value) for other, value in others if other))


def _punctuated(text: str) -> str | None:
    """A figure with the one mark in the places of its marks as it is printed; None of any other text."""
    figure = _FIGURE.fullmatch(text)
    return f"{figure[1]}.{figure[2]}" if figure else None


@cache
def _marks() -> list[int]:
    """The codes of the marks, that of the comma first."""
    characters = _session()[2]
    return [characters.index(mark) for mark in _MARKS if mark in characters]


def _numerals(text: str) -> str:
    return "".join(character for character in text if character in _NUMERALS)


def _printed(codes: Sequence[int], characters: Sequence[str]) -> str:
    return "".join(characters[code] for code in codes).strip()


def _ways(steps: Array) -> dict[tuple[int, ...], float]:
    """The likeliest sequences of characters with their likelihoods: a search along the steps.

    A character that goes on from one step to the next is one; with none between them, two are two.
    """
    # Of each sequence the likelihood that its last step shows none, and that it shows its last character.
    ways: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for likely in _shown(steps):
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for way, (none, last) in ways.items():
            for code, value in likely:
                if code == _BLANK:
                    _add(grown, way, (none + last) * value, 0.0)
                elif way and way[-1] == code:
                    _add(grown, way, 0.0, last * value)
                    _add(grown, (*way, code), 0.0, none * value)
                else:
                    _add(grown, (*way, code), 0.0, (none + last) * value)
        if len(grown) > _FOLLOWED:
            ways = dict(sorted(grown.items(), key=lambda one: -sum(one[1]))[:_FOLLOWED])
        else:
            ways = grown or ways
    return {way: none + last for way, (none, last) in ways.items() if none + last > 0}


def _shown(steps: Array) -> list[list[tuple[int, float]]]:
    """For each step the characters that are likely enough to be followed, each with its likelihood."""
    every = steps.ravel()
    likely = np.flatnonzero(every > _LEAST_LIKELY)
    shown: list[list[tuple[int, float]]] = [[] for _ in range(len(steps))]
    for place, value in zip(likely.tolist(), every[likely].tolist(), strict=True):
        step, code = divmod(place, steps.shape[1])
        shown[step].append((code, value))
    return shown


def _add(ways: dict[tuple[int, ...], tuple[float, float]], way: tuple[int, ...], a: float, b: float) -> None:
    none, last = ways.get(way, (0.0, 0.0))
    if a or b:
        ways[way] = (none + a, last + b)
