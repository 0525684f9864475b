SELECT
    d.unit AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    f.seq AS 绩效表序号,
    f.project_name AS 项目名称,
    k.relation AS 关系,
    other.seq AS 对方序号,
    other.document_id AS 对方文档,
    other.project_name AS 对方项目名称,
    k.subject_code AS 科目代码,
    k.evidence AS 依据,
    first.seq AS 重复于,
    f.document_id AS 文档,
    d.path AS 文件,
    f.locator AS 位置
FROM performance_link k
JOIN fact_performance_form f USING (form_id)
JOIN document_in_force d ON d.document_id = f.document_id
LEFT JOIN fact_performance_form other ON other.form_id = k.other_form_id
LEFT JOIN fact_performance_form first ON first.form_id = f.duplicate_of
