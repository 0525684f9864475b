WITH decided AS (
    SELECT
        r.*,
        c.treatment,
        r.left_value IS NOT DISTINCT FROM c.left_value
            AND r.right_value IS NOT DISTINCT FROM c.right_value AS fits,
        '原来的处理「' || c.treatment || '」（' || c.decided_by || '，' || c.decided_on || '）已不适用：处理时披露值 '
            || coalesce(regexp_replace(CAST(c.left_value AS VARCHAR), '\.?0+$', ''), '空') || '、对照值 '
            || coalesce(regexp_replace(CAST(c.right_value AS VARCHAR), '\.?0+$', ''), '空')
            || '，与现在的两个数不同' AS came_back
    FROM verdict_in_force r
    LEFT JOIN decision c USING (check_id)
    WHERE r.conclusion = '不成立'
)
SELECT
    r.check_id AS 编号,
    r.rule AS 规则,
    r.severity AS 级别,
    r.disclosed_by AS 单位,
    r.fiscal_year AS 年度,
    r.left_value AS 披露值,
    r.right_value AS 对照值,
    r.difference AS 差额,
    r.tolerance AS 容差,
    r.unit AS 计量单位,
    r.left_text AS 披露文字,
    split_part(r.left_locator, '/', 1) AS 位置,
    split_part(r.right_locator, '/', 1) AS 对照位置,
    CASE WHEN r.fits OR r.treatment IS NULL THEN r.note
        ELSE concat_ws('；', nullif(r.note, ''), r.came_back) END AS 说明,
    CASE WHEN r.fits THEN r.treatment END AS 处理,
    r.document_id AS 文档,
    r.path AS 文件,
    coalesce(r.left_cell, r.document_id || '/' || r.left_locator) AS 披露单元格,
    coalesce(r.right_cell, coalesce(r.counterpart_document_id, r.document_id) || '/' || r.right_locator)
        AS 对照单元格
-- Unit and path come with the verdict: joined to it here, a choice of units would read every verdict first.
FROM decided r
