"""The report: a static site of the published file, for people who look before they query."""
