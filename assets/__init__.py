"""When, in what order, for which year? Dagster assets, checks, partitions, jobs, schedules."""
