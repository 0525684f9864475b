"""The process in which documents are read, one at a time: ``python -m assets.read_worker``.

Belongs here: the process's side of ``assets.fanout``. Does not belong here: how a document is read, and
what follows from a failure. It imports the reader and nothing else of ours: what makes a process slow to
start (polars, Dagster, Great Expectations) stays with its caller.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipelines.child import Caller, serve
from pipelines.model import DocumentPart

Reader = Callable[..., DocumentPart]


def resolve(reader: str) -> Reader:
    """The function that ``package.module:function`` names; it takes ``data`` and ``name=``."""
    module, _, function = reader.partition(":")
    found: Reader = getattr(importlib.import_module(module), function)
    return found


def prepare(reader: str) -> None:
    """Have a reader make ready what is slow to come: its module's ``prepare``, if there is one."""
    module = importlib.import_module(reader.partition(":")[0])
    getattr(module, "prepare", lambda: None)()


def told(error: BaseException) -> str:
    """An error in one line, for the list of what could not be read."""
    return f"{type(error).__name__}：{' '.join(str(error).split())[:200]}"


def _answer(caller: Caller) -> None:
    with suppress(ImportError):  # where there is no such module, there are no core files
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    read = resolve(sys.argv[2])
    prepare(sys.argv[2])
    caller.send({"ready": True})
    while True:
        request, _ = caller.receive()
        try:
            data = Path(request["source"]).read_bytes()
        except OSError:
            caller.send({"failed": "source"})
            continue
        try:
            body = pickle.dumps(read(data, name=request["name"]), protocol=5)
        except MemoryError:
            caller.send({"failed": "memory"})
        except Exception as error:  # a reader that breaks on one document goes on with the next
            caller.send({"failed": "error", "why": told(error)})
        else:
            caller.send({}, [body])


if __name__ == "__main__":
    serve(_answer)
