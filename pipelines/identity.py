"""What a document is about, by its own words: kind, unit, level, year, nature, parents, members.

Belongs here: reading ``forms/identity.yml`` over a document's lines, each result with its evidence.
Does not belong here: which unit that is in the registry, and any other document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from pipelines.locators import row_place
from pipelines.model import Block, Evidence, Grid, Line, Statement, UnitRelation
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold, is_watermark, name_key, spaced_fold, without_blanks, wording

# The cover and title stand in the first lines; further down, words like 预算 belong to sentences.
_COVER_LINES = 60
_LONGEST_TITLE = 120
# The unit's name stands in the very first of them.
_TITLE_LINES = 6
COVER_RULE = "封面或题名"
_RULES: dict[str, Any] = load_yaml("identity")
_PLACEHOLDER = re.compile(_RULES["placeholder"])
PLACEHOLDER_RULE = "单位名称是占位符"
_COVER = re.compile(_RULES["cover"])
_KINDS = [(rule["kind"], re.compile(rule["says"])) for rule in _RULES["kinds"]]
_NATURES = [(rule["nature"], re.compile(rule["says"])) for rule in _RULES["natures"]]
_OWN_NATURE = re.compile(_RULES["own_nature"])
_OTHERS = re.compile(_RULES["others_begin"])
_SETUP = re.compile(_RULES["setup_headings"])
_PARENTS = [re.compile(pattern) for pattern in _RULES["parents"]]
_MEMBERS = [re.compile(pattern) for pattern in _RULES["members"]]
_MEMBER_LIST = re.compile(_RULES["member_list"])
_MEMBER_ENTRY = re.compile(_RULES["member_entry"])
_PUBLISHED = re.compile(_RULES["published"])
_ORGANISATION = re.compile(_RULES["organisations"])
_SENTENCE = re.compile(r"[^。]+。?")
_LIST = re.compile(r"、(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document says of itself; None is not said."""

    kind: str
    title: str | None
    unit: str | None
    nature: str | None
    year: int | None
    level: str | None
    consolidation: str | None
    published_on: date | None
    evidence: tuple[Evidence, ...]
    relations: tuple[UnitRelation, ...]


def text_lines(blocks: Iterable[Block]) -> list[Line]:
    """Every line of text, and every row of a grid as one line, in order."""
    lines: list[Line] = []
    for block in blocks:
        if isinstance(block, Grid):
            lines += [
                Line(" ".join(cell.text for cell in row if cell.text), row_place(row[0].locator))
                for row in block.rows
                if any(cell.text for cell in row)
            ]
        else:
            lines.append(block)
    return lines


def kind_of(lines: Sequence[Line]) -> Evidence:
    """What kind of document it is: the first of its first lines that says so decides.

    A disclosure whose unit is XX is a blank template, and none.
    """
    first = [line for line in lines[:_COVER_LINES] if len(line.text) <= _LONGEST_TITLE]
    for line in first:
        for kind, pattern in _KINDS:
            if pattern.search(fold(line.text)):
                blank = next(
                    (one for one in first[:_TITLE_LINES] if _PLACEHOLDER.search(fold(one.text))), None
                )
                if blank is not None:
                    return Evidence("类别", "其他", blank.text, blank.locator, PLACEHOLDER_RULE)
                return Evidence("类别", kind, line.text, line.locator, f"首见「{pattern.pattern}」")
    return Evidence("类别", "其他", "", "", "前文没有说明类别的标题")


def identify(blocks: Sequence[Block], statements: Sequence[Statement], kind: Evidence) -> Identity:
    """Gather what the document says of itself, from cover, tables and 机构设置."""
    lines = [line for line in text_lines(blocks) if not is_watermark(line.text)]
    evidence = [kind, *_from_cover(lines), *_from_statements(statements)]
    if kind.value != "决算":
        evidence += _from_cells(blocks) if kind.value == "绩效" else _from_heads(lines)
        evidence += _year_anywhere(lines) or _year_of_title(kind)
    evidence += _published(lines)
    paragraphs = _setup_paragraphs(lines)
    evidence += _nature(paragraphs) or _own_nature(lines)
    relations = [*_relations(paragraphs), *_listed_members(blocks)]
    # XX局 of a blank template is no unit.
    evidence = [e for e in evidence if e.attribute != "单位" or not _PLACEHOLDER.search(fold(e.value))]
    year, published = _year(evidence), _most(evidence, "发布日期")
    return Identity(
        kind=kind.value,
        title=kind.printed or (lines[0].text if lines else None),
        unit=_most(evidence, "单位"),
        nature=_most(evidence, "单位性质"),
        year=year,
        level=_most(evidence, "层级"),
        consolidation=_most(evidence, "汇总口径"),
        published_on=date.fromisoformat(published) if published else None,
        evidence=tuple(evidence),
        relations=tuple(relations),
    )


def _most(evidence: Sequence[Evidence], attribute: str) -> str | None:
    """The value that most places say; among equals the one said first."""
    values = Counter(e.value for e in evidence if e.attribute == attribute)
    return values.most_common(1)[0][0] if values else None


def _year(evidence: Sequence[Evidence]) -> int | None:
    """The fiscal year, if cover and tables do not contradict each other; else None.

    One table with last year's heading is a slip; a cover against most of the tables is no year.
    """
    said = Counter(e.value for e in evidence if e.attribute == "年度")
    if not said:
        return None
    year, count = said.most_common(1)[0]
    cover = next((e.value for e in evidence if e.attribute == "年度" and e.rule == COVER_RULE), year)
    return int(year) if cover == year and 2 * count > said.total() else None


def _from_cover(lines: Sequence[Line]) -> list[Evidence]:
    """Year, level and unit of the line «… 2024年度部门决算公开»; its unit may stand on the line before."""
    for i, line in enumerate(lines[:_COVER_LINES]):
        match = _COVER.fullmatch(fold(line.text)) if len(line.text) <= _LONGEST_TITLE else None
        if match is None:
            continue

        def says(attribute: str, value: str, at: Line = line) -> Evidence:
            return Evidence(attribute, value, at.text, at.locator, COVER_RULE)

        found = [says("年度", match["year"])]
        if match["level"]:
            found.append(says("层级", _RULES["levels"][match["level"]]))
        if match["after"] in _RULES["consolidations"]:
            found.append(says("汇总口径", _RULES["consolidations"][match["after"]]))
        before = spaced_fold(line.text).split(match["year"])[0].strip() if match["before"] else ""
        if before and " " not in before:
            found.append(says("单位", without_blanks(before)))
        elif not before and i and len(fold(lines[i - 1].text)) <= 40:
            found.append(says("单位", without_blanks(lines[i - 1].text), lines[i - 1]))
        return found
    return []


def _from_statements(statements: Sequence[Statement]) -> list[Evidence]:
    found = []
    for statement in statements:
        if statement.unit_printed:
            name = statement.unit_printed
            for mark, value in _RULES["consolidations"].items():
                if name.endswith(mark) and len(name) > len(mark) + 3:
                    found.append(Evidence("汇总口径", value, name, statement.locator, "表头单位名称之后"))
                    name = name.removesuffix(mark) if mark == "汇总" else name
            found.append(Evidence("单位", name, statement.unit_printed, statement.locator, "表头"))
        if statement.year_printed and (match := wording().year.search(spaced_fold(statement.year_printed))):
            found.append(Evidence("年度", match[1], statement.year_printed, statement.locator, "表头"))
    return found


def _from_cells(blocks: Sequence[Block]) -> list[Evidence]:
    """The unit of a performance document stands in the cell after its label."""
    labels = {name_key(word) for word in _RULES["unit_cells"]}
    for block in blocks:
        for row in block.rows if isinstance(block, Grid) else ():
            cells = [cell for cell in row if cell.text]
            for label, value in pairwise(cells):
                if name_key(label.text) in labels:
                    return [
                        Evidence("单位", without_blanks(value.text), value.text, value.locator, label.text)
                    ]
    return []


def _from_heads(lines: Sequence[Line]) -> list[Evidence]:
    """The unit of a budget stands after its label, on the cover or above its first table."""
    for line in lines[:_COVER_LINES]:
        match = wording().unit.match(spaced_fold(line.text)) if len(line.text) <= _LONGEST_TITLE else None
        if match and match["unit"]:
            return [Evidence("单位", without_blanks(match["unit"]), line.text, line.locator, "表头")]
    return []


def _year_of_title(kind: Evidence) -> list[Evidence]:
    match = wording().year.search(spaced_fold(kind.printed))
    return [Evidence("年度", match[1], kind.printed, kind.locator, "题名")] if match else []


def _year_anywhere(lines: Sequence[Line]) -> list[Evidence]:
    for line in lines[:_COVER_LINES]:
        if match := re.fullmatch(r"\(?(\d{4})年(?:度)?\)?", fold(line.text)):
            return [Evidence("年度", match[1], line.text, line.locator, "题名下的年度")]
    return []


def _published(lines: Sequence[Line]) -> list[Evidence]:
    for line in lines:
        if len(line.text) > _LONGEST_TITLE:
            continue
        if match := _PUBLISHED.search(fold(line.text)):
            try:
                day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            except ValueError:
                continue
            return [Evidence("发布日期", day.isoformat(), line.text, line.locator, "文中印出")]
    return []


def _setup_paragraphs(lines: Sequence[Line]) -> list[Line]:
    """The lines under the heading of 机构设置, up to the next heading."""
    found: list[Line] = []
    inside = False
    for line in lines:
        folded = fold(line.text) if len(line.text) <= _LONGEST_TITLE else ""
        heading = 0 < len(folded) <= 30 and (wording().is_heading(folded) or bool(_SETUP.search(folded)))
        if heading and not _MEMBER_LIST.search(folded):
            if inside and found:
                return found
            inside = bool(_SETUP.search(folded)) and not re.search(r"\d$", folded)
        elif inside:
            found.append(line)
    return found


def _nature(paragraphs: Sequence[Line]) -> list[Evidence]:
    """The nature of the unit itself: what is said before the text turns to others."""
    for line in paragraphs:
        own = _OTHERS.split(fold(line.text))[0]
        for nature, pattern in _NATURES:
            if pattern.search(own):
                return [Evidence("单位性质", nature, _excerpt(own, pattern), line.locator, "机构设置")]
    return []


def _own_nature(lines: Sequence[Line]) -> list[Evidence]:
    """The nature that a sentence of 主要职能 gives the unit itself (… 的政府工作部门)."""
    for line in lines[: 2 * _COVER_LINES]:
        if match := _OWN_NATURE.search(fold(line.text)):
            return [Evidence("单位性质", "行政单位", match[0], line.locator, "主要职能")]
    return []


def is_member_table(grid: Grid) -> bool:
    """Whether a table lists the units that the accounts gather (its head names the column)."""
    return _member_column(grid) is not None


def _member_column(grid: Grid) -> int | None:
    wanted = {fold(word) for word in _RULES["member_column"]}
    return next((i for i, cell in enumerate(grid.rows[0]) if fold(cell.text) in wanted), None)


def _listed_members(blocks: Sequence[Block]) -> list[UnitRelation]:
    """The members that a table of units lists; a unit XX of a template is none."""
    found = []
    for grid in (block for block in blocks if isinstance(block, Grid)):
        column = _member_column(grid)
        for row in grid.rows[1:] if column is not None else ():
            cell = row[column] if column is not None and column < len(row) else None
            if cell and len(name := without_blanks(cell.text)) > 3 and not _PLACEHOLDER.search(fold(name)):
                found.append(UnitRelation("所属", name, cell.text, cell.locator))
    return found


def _excerpt(text: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(text)
    return match[0] if match else ""


def _relations(paragraphs: Sequence[Line]) -> list[UnitRelation]:
    found: list[UnitRelation] = []
    listing = False
    for line in paragraphs:
        folded = fold(line.text)
        if listing and (entry := _MEMBER_ENTRY.fullmatch(folded)):
            found.append(UnitRelation("所属", entry["name"], line.text, line.locator))
            continue
        listing = bool(_MEMBER_LIST.search(folded))
        for sentence in _SENTENCE.findall(folded):
            found += _parents(sentence, line)
            found += _members(sentence, line)
    return list(dict.fromkeys(found))


def _parents(sentence: str, line: Line) -> list[UnitRelation]:
    for pattern in _PARENTS:
        match = pattern.search(sentence)
        if match and _ORGANISATION.search(match["name"]):
            return [_relation("上级", match["name"], match[0], line)]
    return []


def _members(sentence: str, line: Line) -> list[UnitRelation]:
    for pattern in _MEMBERS:
        match = pattern.search(sentence)
        if match and _RULES["inner_bodies"] not in match[0]:
            return [
                _relation("所属", name, name, line) for name in _LIST.split(match["list"]) if len(name) > 3
            ]
    return []


def _relation(relation: Literal["上级", "所属"], name: str, printed: str, line: Line) -> UnitRelation:
    return UnitRelation(relation, name, printed, line.locator)
