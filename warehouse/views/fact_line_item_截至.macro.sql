SELECT l.* REPLACE (
    CASE WHEN c.cell_id IS NULL THEN l.amount ELSE c.amount_before END AS amount,
    CASE WHEN c.cell_id IS NULL THEN l.quantity ELSE c.quantity_before END AS quantity,
    CASE
        WHEN c.cell_id IS NULL THEN l.status
        WHEN coalesce(c.amount_before, c.quantity_before) IS NOT NULL THEN 'printed'
        WHEN coalesce(trim(l.amount_printed), '') = '' THEN 'blank'
        ELSE 'held'
    END AS status
)
FROM fact_line_item l
LEFT JOIN correction c ON c.cell_id = l.cell_id AND c.applied AND c.decided_on > CAST(日期 AS DATE)
