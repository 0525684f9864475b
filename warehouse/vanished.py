"""Which known files have gone, and where nothing may be concluded from their absence.

Belongs here: that decision, from the ledger's state and a listing. Does not belong here: listing
(``listing``) and noting what was decided (``ledger``).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass

from warehouse.listing import Listing, place_of
from warehouse.replay import FileState, LedgerState

# The tenth of a folder: more than that missing at once is a mount that failed, not a withdrawal.
VANISH_SHARE = 10

_AS_THEY_WERE = "一个也没有标为撤回"


@dataclass(frozen=True, slots=True)
class Vanished:
    """Paths to mark as withdrawn; ``refused`` says in Chinese why nothing of a folder was marked."""

    paths: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def vanished(state: LedgerState, listing: Listing) -> Vanished:
    """Which known files of the scanned folders are gone.

    Only folders that were scanned in this run are judged, and of those only the parts that could be
    listed and are not empty, as a mount point is without its mount. Where over a tenth of a folder's files
    are gone at once, none of that folder is marked. What could not be listed before, and now can, is over.
    """
    known = [file for file in state.current.values() if file.status != "withdrawn"]
    there = {place_of(f.path) for f in listing.files} | {place_of(s.path) for s in listing.skipped}
    refused = [
        f"{problem.path}：{problem.reason}；原有的 {count} 个文件照旧，{_AS_THEY_WERE} → {problem.advice}"
        for problem in listing.problems
        if (count := len(_within(known, place_of(problem.path))))
    ]
    refused += [
        f"{empty} 是空的，原有的 {count} 个文件照旧，{_AS_THEY_WERE}"
        "；盘没有挂上的，挂上再运行；确已清空的，删去这个文件夹"
        for empty in listing.empty
        if (count := len(_within(known, place_of(empty))))
    ]
    unknown = {place_of(path) for path in (*(p.path for p in listing.problems), *listing.empty)}
    gone_paths: dict[str, None] = {}
    for folder in listing.folders:
        place = place_of(folder)
        inside = _within(known, place)
        gone = [f for f in inside if f.place not in there and not _below(f.place, unknown)]
        # What never had a content, an earlier failure, takes nothing with it.
        lost, had = (sum(1 for f in files if f.path in state.contents) for files in (gone, inside))
        if lost * VANISH_SHARE > had:
            refused.append(
                f"{folder} 里原有 {had} 个文件，这次少了 {lost} 个，超过一成，"
                f"{_AS_THEY_WERE}；确要撤回的，请分批移走"
            )
            gone = []
        # A folder that could not be listed in an earlier run stands among the files that failed.
        over = [f for f in known if f.place == place and not f.sha256 and place not in unknown]
        gone_paths.update(dict.fromkeys(f.path for f in (*gone, *over)))
    return Vanished(tuple(gone_paths), tuple(refused))


def _within(files: Collection[FileState], folder: str) -> list[FileState]:
    inside = folder.rstrip(os.sep) + os.sep
    return [file for file in files if file.place.startswith(inside)]


def _below(place: str, folders: Collection[str]) -> bool:
    """Whether a place is one of these folders or in one of them."""
    return any(place == folder or place.startswith(folder + os.sep) for folder in folders)
