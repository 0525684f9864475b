"""What steps are given and how they fail: the home, what a step may be told, which failures are tried again.

Belongs here: resources, configurations and the retry policy of the graph. Does not belong here: assets
(``definitions.py``), and what the command line says of an error (``juesuan.py``).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of these classes.
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from assets.cluster import ClusterError
from assets.recipe import ReadingError
from assets.steps import StaleYearsError
from warehouse.build import BuildError
from warehouse.home import Home
from warehouse.ledger import LedgerError
from warehouse.lock import HomeBusyError, alone
from warehouse.settings import SettingsError
from warehouse.store import StoreError

# Whoever writes to the home queues for this pool; its limit is 1 (see instance.yml).
POOL = "home"
# A run of a province is over sooner; a step that waits longer says who holds the home.
WAIT_SECONDS = 3600
# Three more attempts within about four minutes, spread so that several hosts do not come back at once.
RETRY = dg.RetryPolicy(max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
# Under which names a failure says why, and what to do.
REASON, ADVICE = "原因", "怎么办"
# What of the system's refusals does not pass by itself.
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR})
# What to do about our own errors, which say in their message what happened and where.
_ADVICE: dict[type[Exception], str] = {
    HomeBusyError: "等它结束；下一次运行会补上，已发布的仓库不受影响",
    StaleYearsError: "先运行 year_job，或在命令行运行一次 juesuan run",
    BuildError: "原来发布的文件还在；这是程序的错，把这条信息交给维护者",
    SettingsError: "改正 settings.yml 后再运行一次",
    LedgerError: "从备份恢复台账后再运行一次",
    StoreError: "存储好了以后下一次运行会补上，已发布的仓库不受影响",
    ReadingError: "已发布的仓库不受影响",
}
_DISK = "检查磁盘、网络盘和存储；好了以后下一次运行会补上，已发布的仓库不受影响"
_UNKNOWN = "打开运行日志看全部细节；已发布的仓库不受影响"


def may_pass(error: Exception) -> bool:
    """Whether trying again may help: something was busy, or a disk, store or cluster gone."""
    if isinstance(error, OSError):
        return error.errno not in _REFUSED
    return isinstance(error, HomeBusyError | StoreError | ClusterError)


def told(error: Exception) -> tuple[str, str]:
    """Why a step failed and what to do, in Chinese, one line each.

    Of an error that is not our own only its name is told: its message may quote a document.
    """
    for known, advice in _ADVICE.items():
        if isinstance(error, known):
            return " ".join(str(error).split()), advice
    if isinstance(error, OSError):
        where = f"（{error.filename}）" if error.filename else ""
        return f"磁盘、存储或网络出错：{error.strerror or type(error).__name__}{where}", _DISK
    return f"程序出错：{type(error).__name__}", _UNKNOWN


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic over nothing we use
    """Where the user's data live; by default JUESUAN_HOME, else ./data.

    Where somebody is waiting for the run (``attended``) nothing is tried again.
    """

    root: str = ""
    attended: bool = False

    def open(self) -> Home:
        """The home, with its folders made."""
        home = Home(Path(self.root or os.environ.get("JUESUAN_HOME") or "data").resolve())
        home.ensure()
        return home

    @contextmanager
    def alone(self, what: str) -> Iterator[Home]:
        """The home for a step that writes: it waits a while for another run to end, then fails.

        Whatever the step raises becomes a ``dagster.Failure`` that says why and what to do, and whether
        the step is to be tried again; the error itself is its cause.
        """
        try:
            home = self.open()
            with alone(home, f"Dagster {what}", wait=WAIT_SECONDS):
                yield home
        except Exception as error:
            why, advice = told(error)
            again = may_pass(error) and not self.attended
            metadata = {REASON: why, ADVICE: advice}
            raise dg.Failure(f"{why}。{advice}", metadata=metadata, allow_retries=again) from error


class IngestConfig(dg.Config):
    """What to read: files, folders and URLs; empty means the standing sources of the home."""

    paths: list[str] = []


class YearConfig(dg.Config):
    """Whether documents of the years are read again from their kept sources first, whatever is cached."""

    reread: bool = False
