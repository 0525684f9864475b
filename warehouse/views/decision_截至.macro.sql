SELECT * FROM decision WHERE decided_on <= CAST(日期 AS DATE)
