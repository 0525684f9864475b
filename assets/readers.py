"""Where the graph has documents read: in processes of this machine, or on a Dask cluster.

Belongs here: the resource. Does not belong here: how either reads (``fanout``, ``cluster``).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of this class.
import os

import dagster as dg

from assets import cluster, fanout
from assets.reading import ReadAll


class ReadingResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic over nothing we use
    """The address of a Dask scheduler (``tcp://host:8786``); by default JUESUAN_DASK, else this machine."""

    dask: str = ""

    def reads(self) -> ReadAll:
        """What reads documents and keeps their parts."""
        address = self.dask or os.environ.get(cluster.DASK, "")
        return cluster.reads_at(address) if address else fanout.read_all
