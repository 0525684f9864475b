"""The running text of a disclosure as figures: what 概况 and 情况说明 state, each with the cell it speaks of.

Belongs here: sentences, numbers, the small grammar around them and what they speak of, as code and data.
Does not belong here: the statements themselves, and whether the figures agree.
"""

from pipelines.narrative.reading import Narrative, read_narrative

__all__ = ["Narrative", "read_narrative"]
