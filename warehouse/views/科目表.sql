SELECT
    classification AS 分类,
    subject_code AS 科目代码,
    name AS 名称,
    level AS 级次,
    parent_code AS 上级代码,
    from_year AS 起始年度,
    to_year AS 终止年度,
    evidence AS 依据
FROM dim_subject
