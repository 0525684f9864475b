SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    p.prior_year AS 上年,
    p.object AS 对象,
    f.name AS 表名,
    p.item AS 项目,
    p.subject_code AS 科目代码,
    p.measure AS 列,
    CAST(p.amount * 0.0001 AS DECIMAL(24,6)) AS 金额,
    CAST(p.tolerance * 0.0001 AS DECIMAL(24,6)) AS 误差,
    p.basis AS 推法,
    p.formula AS 算式,
    p.evidence AS 依据,
    p.document_id AS 文档,
    d.path AS 文件
FROM fact_prior p
JOIN document_in_force d USING (document_id)
LEFT JOIN dim_form f USING (form)
