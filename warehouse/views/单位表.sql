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
    u.evidence AS 依据
FROM dim_unit u
