"""The version that a part of the lake carries: of what reads a document, and of what settles its amounts.

Belongs here: that version. Does not belong here: what it is a version of. Imports nothing heavy: a quiet run
asks here.
"""

from __future__ import annotations

import hashlib
from functools import cache

from expectations.version import settling_version
from pipelines import document


@cache
def reader_version() -> str:
    """The version of reading: another one reads every document again."""
    both = f"{document.reader_version()} {settling_version()}"
    return hashlib.sha256(both.encode()).hexdigest()[:12]
