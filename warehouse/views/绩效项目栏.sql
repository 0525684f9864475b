SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.seq AS 绩效表序号,
    p.seq AS 序号,
    p.field AS 栏目,
    p.text AS 文字,
    CAST(p.amount * 0.0001 AS DECIMAL(24,6)) AS 金额,
    p.number AS 数值,
    CASE WHEN p.amount IS NOT NULL THEN '万元' ELSE p.unit END AS 计量单位,
    p.printed AS 印刷文字,
    p.status AS 状态,
    p.reason AS 原因,
    p.cell_id AS 单元格,
    first.seq AS 重复于,
    p.document_id AS 文档,
    d.path AS 文件,
    split_part(substr(p.cell_id, length(p.document_id) + 2), '/', 1) AS 位置
FROM performance_field p
JOIN fact_performance_form f USING (form_id)
JOIN document_in_force d ON d.document_id = p.document_id
LEFT JOIN fact_performance_form first ON first.form_id = f.duplicate_of
