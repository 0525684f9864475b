"""Importing Great Expectations without the libraries that our suites never touch.

Belongs here: the import hook of the validation worker, and the list of what it defers and why.
Does not belong here: any change to Great Expectations itself. It is imported whole and unpatched.

``import great_expectations`` spends about half of its CPU time on modules that only a few of its
expectations, renderers and SQL engines use. Two supported mechanisms save it:

* modules that it imports whole (``import altair``, ``from scipy import stats``) are created by
  ``importlib.util.LazyLoader``: they load at the first attribute that somebody asks of them, so an
  expectation that needs one works as ever, a moment later;
* SQLAlchemy is an optional extra of Great Expectations, which runs without it on pandas frames. It
  imports names *from* it, which would load it, so it is reported as not installed instead.

The hook stands only while the block runs and only in a process of its own: nothing of it can reach
Dagster, which needs SQLAlchemy.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

# Plots of one distribution expectation; its tests of distributions; the JSON Schema expectation;
# Markdown and time zones of Data Docs.
DEFERRED = ("altair", "scipy.stats", "jsonschema", "mistune", "tzlocal")
# Extras of great_expectations that other packages may have brought along.
ABSENT = ("sqlalchemy",)


class _Deferral(MetaPathFinder):
    """Finds deferred modules with a lazy loader, and absent ones not at all."""

    def __init__(self, deferred: Sequence[str], absent: Sequence[str]) -> None:
        self._deferred = frozenset(deferred)
        self._absent = frozenset(absent)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self._absent:
            raise ModuleNotFoundError(f"{fullname} is left out on purpose", name=fullname)
        if fullname not in self._deferred:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def deferred_imports(deferred: Sequence[str] = DEFERRED, absent: Sequence[str] = ABSENT) -> Iterator[None]:
    """Within the block, imports of ``deferred`` are lazy and imports of ``absent`` fail.

    Modules that are already imported stay as they are. What was deferred stays lazy after the block
    and loads by itself on first use; what was absent can be imported again. The garbage collector
    rests meanwhile: an import makes many objects and hardly any garbage.
    """
    hook = _Deferral(deferred, absent)
    collecting = gc.isenabled()
    sys.meta_path.insert(0, hook)
    gc.disable()
    try:
        yield
    finally:
        sys.meta_path.remove(hook)
        if collecting:
            gc.enable()
