SELECT r.*, d.unit AS disclosed_by, d.path
FROM reconciliation r
JOIN document_in_force d USING (document_id)
-- A comparison with another disclosure counts only with its version in force; one with another version
-- of the same disclosure is about just that. Written as lists, so that a question about one document or
-- unit is asked of its verdicts alone.
WHERE r.counterpart_document_id IS NULL
    OR r.counterpart_document_id IN (SELECT document_id FROM document_in_force)
    OR (r.document_id, r.counterpart_document_id) IN (
        SELECT (own.document_id, other.document_id)
        FROM dim_document own JOIN dim_document other USING (unit_id, fiscal_year)
    )
