SELECT r.*
FROM reconciliation r
JOIN document_in_force d USING (document_id)
JOIN dim_document own USING (document_id)
LEFT JOIN document_in_force other ON other.document_id = r.counterpart_document_id
LEFT JOIN dim_document counterpart ON counterpart.document_id = r.counterpart_document_id
-- A comparison with another disclosure counts only with its version in force; one with another version
-- of the same disclosure is about just that.
WHERE r.counterpart_document_id IS NULL OR other.document_id IS NOT NULL
    OR (counterpart.unit_id = own.unit_id AND counterpart.fiscal_year = own.fiscal_year)
