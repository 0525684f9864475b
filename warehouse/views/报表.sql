SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.name AS 表名,
    s.title_printed AS 印刷标题,
    s.number_printed AS 印刷表号,
    s.state AS 状态,
    s.rows AS 行数,
    s.cells AS 单元格数,
    s.non_blank AS 非空,
    s.closed AS 关闭,
    s.reader AS 读法,
    s.document_id AS 文档,
    d.path AS 文件,
    split_part(s.locator, '/', 1) AS 位置
FROM dim_statement s
JOIN document_in_force d USING (document_id)
JOIN dim_form f USING (form)
