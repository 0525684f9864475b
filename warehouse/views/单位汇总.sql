WITH account AS (
    SELECT d.document_id, d.unit, d.fiscal_year, d.path, b.unit_id, b.consolidation,
        d.level = '部门' AND b.consolidation IS DISTINCT FROM '本级' AS whole
    FROM document_in_force d
    JOIN dim_document b USING (document_id)
    WHERE d.kind = '决算'
), summed AS (
    -- 本年支出合计 of the summary; of 支出决算表 where that has none, unless several tables are stacked in it.
    SELECT a.document_id, coalesce(s.amount, e.amount) AS amount
    FROM account a
    LEFT JOIN (
        SELECT t.document_id, max(t.amount) AS amount FROM fact_income_expenditure_summary t
        WHERE t.item = '本年支出合计' GROUP BY t.document_id HAVING count(*) = 1
    ) s USING (document_id)
    LEFT JOIN (
        SELECT t.document_id, max(t.total) AS amount FROM fact_expenditure t
        WHERE t.subject_code IS NULL GROUP BY t.document_id HAVING count(*) = 1
    ) e USING (document_id)
), own AS (
    -- A unit's own accounts: all of it rather than its 本级 alone.
    SELECT a.unit_id, a.fiscal_year, a.document_id, s.amount
    FROM account a
    JOIN summed s USING (document_id)
    WHERE NOT a.whole
    QUALIFY row_number() OVER (
        PARTITION BY a.unit_id, a.fiscal_year
        ORDER BY coalesce(a.consolidation, '') = '本级', a.consolidation, a.document_id
    ) = 1
), member AS (
    SELECT a.document_id AS department, m.unit_id, m.name_printed, m.document_id, m.locator, m.rule
    FROM account a
    JOIN unit_member m ON m.department_id = a.unit_id AND m.fiscal_year = a.fiscal_year
    WHERE a.whole AND (m.document_id IS NULL OR m.document_id IN (SELECT document_id FROM account))
    -- Said in several places, it is what the 部门 itself says.
    QUALIFY row_number() OVER (
        PARTITION BY a.document_id, m.unit_id
        ORDER BY m.document_id IS DISTINCT FROM a.document_id, m.rule, m.document_id, m.locator
    ) = 1
)
SELECT
    a.unit AS 部门,
    a.fiscal_year AS 年度,
    u.name AS 单位,
    CASE WHEN o.document_id IS NULL THEN '无' ELSE '有' END AS 有无单位文档,
    CAST(o.amount * 0.0001 AS DECIMAL(24,6)) AS 单位支出合计,
    CAST(sum(o.amount) OVER department * 0.0001 AS DECIMAL(24,6)) AS 各单位合计,
    CAST(s.amount * 0.0001 AS DECIMAL(24,6)) AS 部门支出合计,
    CAST((s.amount - sum(o.amount) OVER department) * 0.0001 AS DECIMAL(24,6)) AS 差额,
    count(*) FILTER (WHERE o.amount IS NULL) OVER department AS 缺数单位,
    m.name_printed AS 印刷名称,
    m.rule AS 依据,
    m.locator AS 位置,
    m.document_id AS 文档,
    listing.path AS 文件,
    o.document_id AS 单位文档,
    a.document_id AS 部门文档
FROM member m
JOIN account a ON a.document_id = m.department
JOIN summed s ON s.document_id = m.department
JOIN dim_unit u ON u.unit_id = m.unit_id
LEFT JOIN own o ON o.unit_id = m.unit_id AND o.fiscal_year = a.fiscal_year
LEFT JOIN dim_document listing ON listing.document_id = m.document_id
WINDOW department AS (PARTITION BY m.department)
ORDER BY a.unit, a.fiscal_year, a.document_id, m.document_id, m.locator, u.name
