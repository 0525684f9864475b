SELECT
    d.document_id,
    u.name AS unit,
    d.fiscal_year,
    d.level,
    d.kind,
    d.path
FROM dim_document d
LEFT JOIN dim_unit u USING (unit_id)
WHERE d.known_to IS NULL AND d.fiscal_year IS NOT NULL
