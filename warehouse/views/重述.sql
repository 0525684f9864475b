WITH version AS (
    SELECT d.supersedes AS earlier, d.document_id AS later, d.unit_id, d.fiscal_year, d.level,
        d.known_from, d.path, e.path AS earlier_path
    FROM dim_document d
    JOIN dim_document e ON e.document_id = d.supersedes
    WHERE d.fiscal_year IS NOT NULL
), about AS (
    -- What a cell is about, and which of several rows about the same it stands in; never where it stands.
    SELECT l.*,
        substr(l.statement_id, length(l.document_id) + 2) AS statement,
        coalesce(l.item, l.subject_code, regexp_replace(l.name_printed, '[\s\x{3000}\x{00A0}]+', '', 'g'), '')
            AS subject,
        dense_rank() OVER (
            PARTITION BY l.statement_id, l.side, subject, l.subject_code ORDER BY l.row_seq
        ) AS occurrence,
        coalesce(l.quantity, l.amount) AS figure
    FROM fact_line_item l
    WHERE l.document_id IN (SELECT earlier FROM version UNION SELECT later FROM version)
), earlier AS (
    SELECT v.later AS version, a.* FROM about a JOIN version v ON v.earlier = a.document_id
), later AS (
    SELECT a.document_id AS version, a.* FROM about a SEMI JOIN version v ON v.later = a.document_id
), changed AS (
    SELECT
        coalesce(n.version, o.version) AS version,
        coalesce(n.form, o.form) AS form,
        coalesce(n.statement, o.statement) AS statement,
        coalesce(n.side, o.side) AS side,
        coalesce(n.line_no, o.line_no) AS line_no,
        coalesce(n.item, o.item, n.name_printed, o.name_printed) AS item,
        coalesce(n.subject_code, o.subject_code) AS subject_code,
        coalesce(n.measure, o.measure) AS measure,
        coalesce(n.quantity_unit, o.quantity_unit, '元') AS unit,
        o.figure AS old_figure, n.figure AS new_figure,
        o.amount_printed AS old_printed, n.amount_printed AS new_printed,
        o.cell_id AS old_cell, n.cell_id AS new_cell,
        coalesce(n.row_seq, o.row_seq) AS row_seq
    FROM earlier o
    FULL JOIN later n ON o.version = n.version AND o.statement = n.statement AND o.subject = n.subject
        AND o.side IS NOT DISTINCT FROM n.side AND o.subject_code IS NOT DISTINCT FROM n.subject_code
        AND o.occurrence = n.occurrence AND o.measure = n.measure
    WHERE o.figure IS DISTINCT FROM n.figure
        -- What is not known in one of them is no change that the office made.
        AND coalesce(o.status, '') NOT IN ('held', 'missing') AND coalesce(n.status, '') NOT IN ('held', 'missing')
)
SELECT
    u.name AS 单位,
    v.fiscal_year AS 年度,
    v.level AS 层级,
    f.name AS 表名,
    c.side AS 方向,
    c.line_no AS 行次,
    c.item AS 项目,
    c.subject_code AS 科目代码,
    c.measure AS 列,
    CASE WHEN c.old_figure IS NULL THEN '新增' WHEN c.new_figure IS NULL THEN '删去' ELSE '改数' END AS 变动,
    c.old_figure AS 原值,
    c.new_figure AS 新值,
    coalesce(c.new_figure, 0) - coalesce(c.old_figure, 0) AS 增减,
    c.unit AS 计量单位,
    c.old_printed AS 原印刷文字,
    c.new_printed AS 新印刷文字,
    c.old_cell AS 原单元格,
    c.new_cell AS 新单元格,
    v.earlier AS 原文档,
    v.later AS 新文档,
    v.earlier_path AS 原文件,
    v.path AS 新文件,
    v.known_from AS 首次见到
FROM changed c
JOIN version v ON v.later = c.version
JOIN dim_form f USING (form)
LEFT JOIN dim_unit u USING (unit_id)
-- A statement that could not be read whole in either version says nothing of rows that are not there.
WHERE (c.old_cell IS NOT NULL AND c.new_cell IS NOT NULL) OR NOT EXISTS (
    FROM dim_statement s
    WHERE s.document_id IN (v.earlier, v.later) AND s.form = c.form AND s.state IN ('待核', '不完整')
)
ORDER BY v.known_from, v.later, f.form, c.statement, c.row_seq, c.measure
