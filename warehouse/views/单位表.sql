SELECT
    u.name AS 单位,
    coalesce(
        (SELECT list_sort(list(DISTINCT a.name_printed)) FROM dim_unit_alias a
         WHERE a.unit_id = u.unit_id AND a.name_printed <> u.name),
        []
    ) AS 别名,
    u.parent_name AS 上级,
    u.nature AS 单位性质,
    u.division AS 行政区划,
    u.evidence AS 依据,
    u.unit_id AS 编号,
    u.codes AS 代码,
    u.path AS 层级路径,
    (SELECT count(*) FROM dim_unit below WHERE below.parent_name = u.name) AS 下属数
FROM dim_unit u
