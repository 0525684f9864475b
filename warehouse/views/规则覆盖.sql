WITH counted AS (
    SELECT
        document_id,
        rule,
        count(*) FILTER (WHERE conclusion = '成立') AS held,
        count(*) FILTER (WHERE conclusion = '尾差') AS rounded,
        count(*) FILTER (WHERE conclusion = '不成立') AS broken,
        count(*) FILTER (WHERE conclusion = '不适用') AS not_applicable,
        count(*) FILTER (WHERE conclusion = '无法核对') AS unverifiable,
        string_agg(DISTINCT note, '；' ORDER BY note)
            FILTER (WHERE conclusion IN ('不适用', '无法核对')) AS notes
    FROM verdict_in_force
    GROUP BY ALL
)
SELECT
    r.rule AS 规则,
    r.severity AS 级别,
    r.scope AS 范围,
    r.statement AS 表述,
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    CASE
        WHEN c.held + c.rounded + c.broken > 0 THEN '已核对'
        WHEN c.unverifiable > 0 THEN '无法核对'
        WHEN c.not_applicable > 0 THEN '不适用'
        WHEN r.impossible IS NOT NULL THEN '不能核对'
        ELSE '没有结论'
    END AS 状态,
    coalesce(c.held + c.rounded + c.broken, 0) AS 核对,
    coalesce(c.held, 0) AS 成立,
    coalesce(c.rounded, 0) AS 尾差,
    coalesce(c.broken, 0) AS 不成立,
    coalesce(c.not_applicable, 0) AS 不适用,
    coalesce(c.unverifiable, 0) AS 无法核对,
    coalesce(c.notes, r.impossible) AS 原因,
    d.document_id AS 文档,
    d.path AS 文件
FROM document_in_force d
CROSS JOIN rule r
LEFT JOIN counted c USING (document_id, rule)
-- Rules on performance forms are asked of every document that holds such forms.
WHERE d.kind = '决算'
    OR (r.scope LIKE '附件%' AND d.document_id IN (SELECT document_id FROM fact_performance_form))
