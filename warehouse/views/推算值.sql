SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    coalesce(f.name, v.form) AS 表名,
    v.item AS 项目,
    v.subject_code AS 科目代码,
    v.measure AS 列,
    CAST(v.amount * 0.0001 AS DECIMAL(24,6)) AS 金额,
    v.number AS 数值,
    v.unit AS 计量单位,
    v.rule AS 规则,
    v.formula AS 算式,
    v.evidence AS 依据,
    v.document_id AS 文档,
    d.path AS 文件
FROM fact_derived v
JOIN document_in_force d USING (document_id)
LEFT JOIN dim_form f USING (form)
