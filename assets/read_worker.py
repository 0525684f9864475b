"""The process in which documents are read, one at a time: ``python -m assets.read_worker``.

Belongs here: the process's side of ``assets.fanout``. Does not belong here: how a document is read and its
part kept (``recipe``), and what follows from a failure.
"""

from __future__ import annotations

import importlib
from contextlib import suppress

from assets.recipe import Job, Terms, failed, read_and_keep, refusal, resolve
from pipelines.child import Caller, serve
from warehouse.store import StoreError, store_at


def prepare(reader: str) -> None:
    """Have a reader make ready what is slow to come: its module's ``prepare``, if there is one."""
    resolve(reader)
    module = importlib.import_module(reader.partition(":")[0])
    getattr(module, "prepare", lambda: None)()


def _answer(caller: Caller) -> None:
    with suppress(ImportError):  # where there is no such module, there are no core files
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked, _ = caller.receive()
    terms = Terms(**asked)
    try:
        store = store_at(terms.store)
        refused = refusal(terms, store)
    except StoreError as error:
        refused = failed("store", str(error))
    if refused is None:
        prepare(terms.reader)
    caller.send({"ready": True})
    while True:
        request, _ = caller.receive()
        caller.send(refused or read_and_keep(Job(**request), terms, store))


if __name__ == "__main__":
    serve(_answer)
