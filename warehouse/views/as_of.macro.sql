SELECT
    d.document_id,
    u.name AS unit,
    d.fiscal_year,
    d.level,
    d.kind,
    d.path
FROM document_standing s
JOIN dim_document d USING (document_id)
LEFT JOIN dim_unit u USING (unit_id)
WHERE d.fiscal_year IS NOT NULL
    AND s.in_force_from < CAST(日期 AS DATE) + 1
    AND (s.in_force_to IS NULL OR s.in_force_to >= CAST(日期 AS DATE) + 1)
