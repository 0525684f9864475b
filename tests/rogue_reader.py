"""A reader that does what the document tells it: what broken and hostile documents do to a real one."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import stat
import struct
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pipelines.document import read_document
from pipelines.model import DocumentPart

PREFIX = b"\x00do "


class Trap:
    """Runs a command wherever it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch " + os.environ["TRAP"],)


def read(data: bytes, *, name: str) -> DocumentPart:
    """Do as told, or read the document as it is."""
    if not data.startswith(PREFIX):
        return replace(read_document(data, name=name), cells=(), issues=())
    order, *words = data.removeprefix(PREFIX).decode().split(maxsplit=1)
    globals()["given"] = data
    return globals()[f"_{order}"](*words)


def _litter() -> None:
    Path(tempfile.mkdtemp(), "left").write_text("behind")
    os.abort()


def _crash() -> None:
    os.abort()


def _exit(code: str) -> None:
    print("说过的话", file=sys.stderr, flush=True)
    os._exit(int(code))


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _stall(seconds: str) -> None:
    time.sleep(float(seconds))


def _eat() -> None:
    eaten = []
    while True:
        eaten.append(b"x" * (16 << 20))
        time.sleep(0.01)


def _run_out() -> None:
    raise MemoryError


def _raise() -> None:
    raise RuntimeError("坏了\n两行")


def _nothing() -> str:
    return "不是文档"


def _trap() -> DocumentPart:
    """Answer with something that would run a command if it were unpickled."""
    head, body = json.dumps({"bodies": 1}).encode(), pickle.dumps(Trap())
    message = b"".join(struct.pack(">Q", len(each)) + each for each in (head, body))
    return _everywhere(message)


def _answer(text: str) -> DocumentPart:
    """Answer in the worker's place."""
    head = json.dumps({**json.loads(text), "bodies": 0}).encode()
    return _everywhere(struct.pack(">Q", len(head)) + head)


def _noise(text: str) -> DocumentPart:
    """Write on every pipe that this process has, as a library that is out of its mind would."""
    return _everywhere(text.encode() * 100)


def _everywhere(message: bytes) -> DocumentPart:
    for handle in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(handle).st_mode):
                os.write(handle, message)
        except OSError:
            continue
    time.sleep(60)
    return _where()


def _where() -> DocumentPart:
    """A document whose title is the process that read it."""
    part = read_document(globals()["given"], name="")
    return replace(part, document=replace(part.document, title=str(os.getpid())))


def _grow(mib: str) -> DocumentPart:
    globals()["kept"] = b"x" * (int(mib) << 20)
    return _where()
