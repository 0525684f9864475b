SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.seq AS 绩效表序号,
    s.source AS 来源,
    CAST(s.budget_amount * 0.0001 AS DECIMAL(24,6)) AS 预算金额,
    CAST(s.received_amount * 0.0001 AS DECIMAL(24,6)) AS 到位金额,
    CAST(s.executed_amount * 0.0001 AS DECIMAL(24,6)) AS 执行金额,
    s.document_id AS 文档,
    d.path AS 文件,
    split_part(s.locator, '/', 1) AS 位置,
    s.seq AS 序号,
    s.period AS 期间,
    s.kind AS 类别,
    s.source_printed AS 印刷来源,
    s.execution_rate AS 执行率,
    s.status AS 状态,
    s.reason AS 原因,
    s.budget_cell AS 预算单元格,
    s.received_cell AS 到位单元格,
    s.executed_cell AS 执行单元格,
    f.project_name AS 项目名称,
    first.seq AS 重复于
FROM fact_performance_funding s
JOIN fact_performance_form f USING (form_id)
JOIN document_in_force d ON d.document_id = s.document_id
LEFT JOIN fact_performance_form first ON first.form_id = f.duplicate_of
