SELECT
    u.name AS 单位,
    c.fiscal_year AS 年度,
    d.level AS 层级,
    c.change AS 变动,
    f.name AS 表名,
    coalesce(c.item_now, c.item_before) AS 项目,
    coalesce(c.subject_code_now, c.subject_code_before) AS 科目代码,
    coalesce(c.measure_now, c.measure_before) AS 列,
    coalesce(c.quantity_before, c.amount_before) AS 原值,
    coalesce(c.quantity_now, c.amount_now) AS 新值,
    coalesce(c.quantity_unit, '元') AS 计量单位,
    c.amount_printed_before AS 原印刷文字,
    c.amount_printed_now AS 新印刷文字,
    CASE WHEN c.change = '改位' THEN concat_ws(
        ' / ', nullif(o.name, f.name), c.item_before, c.subject_code_before, c.measure_before
    ) END AS 原归属,
    c.status_before AS 原状态,
    c.status_now AS 新状态,
    c.cell_before AS 原单元格,
    c.cell_now AS 单元格,
    c.reader_before AS 原读取版本,
    c.reader_now AS 新读取版本,
    c.changed_at AS 时间,
    c.document_id AS 文档,
    d.path AS 文件,
    split_part(substr(coalesce(c.cell_now, c.cell_before), length(c.document_id) + 2), '/', 1) AS 位置
FROM reading_change c
JOIN dim_form f ON f.form = coalesce(c.form_now, c.form_before)
LEFT JOIN dim_form o ON o.form = c.form_before
LEFT JOIN dim_document d USING (document_id)
LEFT JOIN dim_unit u USING (unit_id)
ORDER BY c.changed_at, c.document_id, f.form, coalesce(c.cell_now, c.cell_before)
