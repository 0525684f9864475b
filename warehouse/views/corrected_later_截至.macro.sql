-- Ordered lists, so that a figure stands at the place of its measure in each of them.
SELECT
    l.statement_id,
    l.row_seq,
    list(l.measure ORDER BY l.measure) AS measures,
    list(c.amount_before ORDER BY l.measure) AS amounts,
    list(c.quantity_before ORDER BY l.measure) AS quantities,
    list(l.measure ORDER BY l.measure)
        FILTER (WHERE coalesce(c.amount_before, c.quantity_before) IS NOT NULL) AS printed
FROM correction c
JOIN fact_line_item l USING (cell_id)
WHERE c.applied AND c.decided_on > CAST(日期 AS DATE)
GROUP BY ALL
