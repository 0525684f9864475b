SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.seq AS 绩效表序号,
    t.seq AS 序号,
    t.task AS 年度主要任务,
    t.project AS 对应项目,
    CAST(t.allotted_amount * 0.0001 AS DECIMAL(24,6)) AS 下达金额,
    CAST(t.executed_amount * 0.0001 AS DECIMAL(24,6)) AS 执行金额,
    t.execution_rate AS 执行率,
    t.weight AS 分值,
    t.score AS 得分,
    t.status AS 状态,
    t.reason AS 原因,
    t.cell_id AS 单元格,
    first.seq AS 重复于,
    t.document_id AS 文档,
    d.path AS 文件,
    split_part(substr(t.cell_id, length(t.document_id) + 2), '/', 1) AS 位置
FROM fact_performance_task t
JOIN fact_performance_form f USING (form_id)
JOIN document_in_force d ON d.document_id = t.document_id
LEFT JOIN fact_performance_form first ON first.form_id = f.duplicate_of
