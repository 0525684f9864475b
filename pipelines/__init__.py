"""What does the document say? Pure functions from a file to statements, line items and evidence.

Everything here takes bytes and returns records; nothing here knows of the lake, the
warehouse, Dagster or a database.
"""
