SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.name AS 表名,
    l.row_seq AS 序号,
    l.line_no AS 行次,
    l.subject_code AS 科目代码,
    l.measure AS 列,
    CAST(CASE WHEN l.quantity_unit IS NULL THEN l.amount * 0.0001 ELSE l.quantity END AS DECIMAL(24,6)) AS 金额,
    coalesce(l.quantity_unit, '万元') AS 计量单位,
    l.amount_printed AS 印刷文字,
    l.status AS 状态,
    l.cell_id AS 单元格,
    l.document_id AS 文档,
    d.path AS 文件,
    split_part(l.cell_id, '/', 2) AS 位置
FROM fact_line_item l
JOIN document_in_force d USING (document_id)
JOIN dim_form f USING (form)
