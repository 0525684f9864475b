"""The performance attachments (绩效附件): forms, funds, indicators, scores, read off lines and grids.

Belongs here: what is particular to these forms; its vocabulary stands in the YAML files beside the code.
Does not belong here: the ten statements and the running text.
"""
