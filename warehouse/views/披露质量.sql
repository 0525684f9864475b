WITH checked AS (
    -- What was received (收件) says nothing of how it was disclosed.
    SELECT DISTINCT v.document_id, v.rule, v.severity
    FROM verdict_in_force v
    LEFT JOIN rule r USING (rule)
    WHERE v.conclusion IN ('成立', '尾差', '不成立') AND r.scope IS DISTINCT FROM '收件'
), broken AS (
    -- What was decided to be 误报 is no finding; what was explained still is (see severities.yml).
    SELECT DISTINCT 文档 AS document_id, 规则 AS rule, 级别 AS severity, true AS broken
    FROM 问题
    WHERE 处理 IS DISTINCT FROM '误报'
), counted AS (
    SELECT
        c.document_id,
        c.severity,
        s.weight,
        count(*) AS checked,
        count(b.broken) AS broken
    FROM checked c
    JOIN severity s USING (severity)
    LEFT JOIN broken b USING (document_id, rule, severity)
    GROUP BY ALL
)
SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    CAST(100 * (1 - sum(c.weight * c.broken) / nullif(sum(c.weight * c.checked), 0)) AS DECIMAL(5,2)) AS 得分,
    coalesce(sum(c.checked) FILTER (WHERE c.severity = 'E'), 0)::BIGINT AS E核对,
    coalesce(sum(c.broken) FILTER (WHERE c.severity = 'E'), 0)::BIGINT AS E不成立,
    (SELECT weight FROM severity WHERE severity = 'E') AS E权重,
    coalesce(sum(c.checked) FILTER (WHERE c.severity = 'W'), 0)::BIGINT AS W核对,
    coalesce(sum(c.broken) FILTER (WHERE c.severity = 'W'), 0)::BIGINT AS W不成立,
    (SELECT weight FROM severity WHERE severity = 'W') AS W权重,
    coalesce(sum(c.checked) FILTER (WHERE c.severity = 'F'), 0)::BIGINT AS F核对,
    coalesce(sum(c.broken) FILTER (WHERE c.severity = 'F'), 0)::BIGINT AS F不成立,
    (SELECT weight FROM severity WHERE severity = 'F') AS F权重,
    d.document_id AS 文档,
    d.path AS 文件
FROM document_in_force d
LEFT JOIN counted c USING (document_id)
WHERE d.kind = '决算'
GROUP BY d.unit, d.fiscal_year, d.level, d.document_id, d.path
