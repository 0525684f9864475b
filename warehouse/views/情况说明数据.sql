SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    c.seq AS 序号,
    c.section AS 章节,
    c.object AS 对象,
    c.kind AS 类别,
    c.value AS 数值,
    c.unit AS 计量单位,
    c.direction AS 方向,
    CAST(CASE
        WHEN c.kind = '金额' AND c.unit = '万元' THEN l.amount * 0.0001
        WHEN c.kind = '金额' AND c.unit = '元' THEN l.amount
        WHEN c.kind = '金额' AND c.unit = '亿元' THEN l.amount * 0.00000001
        WHEN c.kind = '数量' THEN l.quantity
        WHEN c.kind IN ('占比', '完成率') THEN round(100 * l.amount / nullif(w.amount, 0), 6)
    END AS DECIMAL(24,6)) AS 对照值,
    c.cell_id AS 对照单元格,
    c.sentence AS 句子,
    c.document_id AS 文档,
    d.path AS 文件,
    split_part(c.locator, '/', 1) AS 位置,
    c.value_printed AS 印刷文字,
    c.period AS 期间,
    c.claim_id AS 编号
FROM fact_claim c
JOIN document_in_force d USING (document_id)
LEFT JOIN fact_line_item l ON l.cell_id = c.cell_id AND l.measure = c.measure
LEFT JOIN fact_line_item w ON w.cell_id = c.whole_cell_id
