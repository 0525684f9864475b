SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.seq AS 序号,
    f.family AS 表式,
    f.project_name AS 项目名称,
    f.implementing_unit AS 实施单位,
    CAST(f.budget_amount * 0.0001 AS DECIMAL(24,6)) AS 预算金额,
    CAST(f.received_amount * 0.0001 AS DECIMAL(24,6)) AS 到位金额,
    CAST(f.executed_amount * 0.0001 AS DECIMAL(24,6)) AS 执行金额,
    f.execution_rate AS 执行率,
    f.execution_score AS 执行得分,
    f.output_score AS 产出得分,
    f.benefit_score AS 效益得分,
    f.satisfaction_score AS 满意度得分,
    f.indicator_subtotal AS 指标小计,
    f.deduction AS 减分,
    f.total_score AS 总分,
    f.grade AS 等级,
    f.filled_on AS 填报日期,
    first.seq AS 重复于,
    f.document_id AS 文档,
    d.path AS 文件,
    split_part(f.locator, '/', 1) AS 位置,
    -- Whole numbers, halves rounded up: a quotient of decimals would be a binary fraction.
    CAST(CAST((200000000 * CAST(f.executed_amount * 100 AS HUGEINT) + CAST(f.received_amount * 100 AS HUGEINT))
        // nullif(2 * CAST(f.received_amount * 100 AS HUGEINT), 0) AS DECIMAL(24,0))
        * 0.000001 AS DECIMAL(24,6)) AS 到位口径执行率,
    CAST(CAST((200000000 * CAST(f.executed_amount * 100 AS HUGEINT) + CAST(f.budget_amount * 100 AS HUGEINT))
        // nullif(2 * CAST(f.budget_amount * 100 AS HUGEINT), 0) AS DECIMAL(24,0))
        * 0.000001 AS DECIMAL(24,6)) AS 预算口径执行率,
    f.state AS 状态,
    f.note AS 待核说明,
    f.department AS 主管部门,
    f.evaluated_year AS 评价年度,
    f.starts_on AS 开始日期,
    f.ends_on AS 结束日期,
    f.variant AS 子变式,
    f.title_printed AS 印刷标题,
    f.money_unit AS 金额单位
FROM fact_performance_form f
JOIN document_in_force d USING (document_id)
LEFT JOIN fact_performance_form first ON first.form_id = f.duplicate_of
