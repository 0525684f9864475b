"""Which version of a document is in force, since when and until when.

Belongs here: the order of the versions of one disclosure, now and on any day, as pure functions.
Does not belong here: where the versions come from, and how the answer is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

# What a document is about: unit, fiscal year, 层级, 汇总口径, kind.
Identity = tuple[str, int, str | None, str | None, str]


@dataclass(frozen=True, slots=True)
class Version:
    """A document as far as its history needs it; no ``identity`` where unit, year or kind is unknown."""

    document_id: str
    sha256: str
    identity: Identity | None
    published_on: date | None
    first_seen: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """When a document was in force, its neighbours in order, and whether that order was arbitrary."""

    known_from: datetime
    known_to: datetime | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    arbitrary: bool = False


def standings(versions: Iterable[Version]) -> dict[str, Standing]:
    """The standing of every document by its id.

    A document of unknown identity stands alone. A withdrawn one supersedes nothing, so that removing
    a file that was added by mistake brings back the one before it.
    """
    found: dict[str, Standing] = {}
    groups: dict[Identity, list[Version]] = {}
    for version in versions:
        found[version.document_id] = Standing(version.first_seen, version.withdrawn_at)
        if version.identity is not None and version.withdrawn_at is None:
            groups.setdefault(version.identity, []).append(version)
    for group in groups.values():
        ordered = in_order(group)
        for place, version in enumerate(ordered[:-1]):
            follower = ordered[place + 1]
            before = found[version.document_id]
            # It stopped being in force when the first of those that outrank it became known.
            replaced = min(later.first_seen for later in ordered[place + 1 :])
            found[version.document_id] = Standing(
                before.known_from,
                max(version.first_seen, replaced),
                before.supersedes,
                follower.document_id,
                _arbitrary(version, follower),
            )
            found[follower.document_id] = Standing(follower.first_seen, supersedes=version.document_id)
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """When a document was the version in force: from a moment on, until another (``None``: still)."""

    document_id: str
    in_force_from: datetime
    in_force_to: datetime | None


def spans(versions: Iterable[Version]) -> list[Span]:
    """When each document was in force, by what was known then, in the order of ids and times.

    Of one identity never two at once. A document may be in force twice: when the one that superseded it
    was withdrawn, it is again.
    """
    groups: dict[Identity | str, list[Version]] = {}
    for version in versions:
        groups.setdefault(version.identity or version.document_id, []).append(version)
    found = [span for group in groups.values() for span in _spans(group)]
    return sorted(found, key=lambda span: (span.document_id, span.in_force_from))


def _spans(group: list[Version]) -> Iterator[Span]:
    changes = {v.first_seen for v in group} | {v.withdrawn_at for v in group if v.withdrawn_at}
    shown, since = "", datetime.min
    for moment in sorted(changes):
        known = [
            v for v in group if v.first_seen <= moment and (v.withdrawn_at is None or v.withdrawn_at > moment)
        ]
        latest = in_order(known)[-1].document_id if known else ""
        if latest == shown:
            continue
        if shown:
            yield Span(shown, since, moment)
        shown, since = latest, moment
    if shown:
        yield Span(shown, since, None)


def in_order(group: Iterable[Version]) -> list[Version]:
    """The versions of one identity, the one in force last.

    By printed date where both have one, else by first sight, else by sha256. Pairs alone would allow
    a circle, so dated versions are put in order first, and each undated one follows the last dated
    version that was seen no later than it.
    """
    versions = list(group)
    dated = sorted(
        (v for v in versions if v.published_on),
        key=lambda v: (v.published_on or date.min, v.first_seen, v.sha256),
    )
    undated = sorted((v for v in versions if not v.published_on), key=lambda v: (v.first_seen, v.sha256))
    placed: list[tuple[int, Version]] = [(2 * rank, version) for rank, version in enumerate(dated)]
    for version in undated:
        before = [rank for rank, d in enumerate(dated) if _key(d) < _key(version)]
        placed.append((2 * before[-1] + 1 if before else -1, version))
    return [version for _, version in sorted(placed, key=lambda p: p[0])]


def _key(version: Version) -> tuple[datetime, str]:
    return version.first_seen, version.sha256


def _arbitrary(version: Version, follower: Version) -> bool:
    """Whether nothing but the sha256 put one before the other."""
    dates = (version.published_on, follower.published_on)
    by_date = None not in dates and dates[0] != dates[1]
    return not by_date and version.first_seen == follower.first_seen
