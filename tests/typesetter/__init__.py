"""The typesetter: from figures it prints a 决算公开 document in the manner of the genre.

``figures`` says what a disclosure states, ``consistent`` makes figures that add up, ``compose`` lays
them out as blocks that know no medium, ``text`` prints those, and ``truth`` lists what a reader has to
find. It takes names from ``pipelines.vocabulary`` and nothing else from the program: it is the witness
against which the reading is tested, so it must not share its eyes.
"""
