SELECT
    i.stage AS 阶段,
    i.object AS 对象,
    i.reason AS 原因,
    i.advice AS 怎么办,
    i.document_id AS 文档,
    d.path AS 文件,
    split_part(i.locator, '/', 1) AS 位置,
    i.first_seen AS 首次见到,
    CASE WHEN contains(i.locator, '/') THEN i.document_id || '/' || i.locator END AS 单元格
FROM issue i
JOIN dim_document d USING (document_id)
LEFT JOIN dim_document later ON later.document_id = d.superseded_by
WHERE i.kind IN ('held', 'failed', 'ignored')
    -- What is wrong with a version that a later one replaced needs nobody; that it was set aside does,
    -- and so does what is wrong with one of two that came together, for a person has to choose.
    AND (d.known_to IS NULL OR i.stage = '入库' OR d.known_from = later.known_from)
UNION ALL
SELECT
    '读取' AS 阶段,
    CASE s.state WHEN '重复' THEN '文件内容' ELSE '文件' END AS 对象,
    s.reason AS 原因,
    s.advice AS 怎么办,
    s.document_id AS 文档,
    s.path AS 文件,
    '' AS 位置,
    s.first_seen AS 首次见到,
    NULL AS 单元格
FROM source_file s
WHERE s.state = '重复' OR (s.state = '失败' AND s.document_id NOT IN (SELECT document_id FROM issue))
    OR (s.state = '失败' AND s.document_id IS NULL)
UNION ALL
SELECT
    '处理' AS 阶段,
    w.object AS 对象,
    w.reason AS 原因,
    w.advice AS 怎么办,
    NULL AS 文档,
    w.file AS 文件,
    w.place AS 位置,
    w.first_seen AS 首次见到,
    NULL AS 单元格
FROM input_issue w
