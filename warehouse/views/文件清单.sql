SELECT
    s.document_id AS 文档,
    s.path AS 文件,
    d.kind AS 类别,
    u.name AS 单位,
    d.fiscal_year AS 年度,
    d.level AS 层级,
    d.template AS 模板,
    d.pages AS 页数,
    s.state AS 状态,
    s.reason AS 原因,
    d.published_on AS 发布日期,
    s.first_seen AS 首次见到,
    d.supersedes AS 取代,
    d.superseded_by AS 被取代
FROM source_file s
LEFT JOIN dim_document d USING (document_id)
LEFT JOIN dim_unit u USING (unit_id)
