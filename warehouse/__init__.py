"""How is it kept and read? Sources, ledger, Parquet lake, schema, build, views."""
