WITH printed AS (
    FROM query_table(表)
),
above AS (
    SELECT DISTINCT r.文档, left(r.科目代码, n.digits) AS 科目代码
    FROM printed r, unnest([3, 5]) n(digits)
    WHERE length(r.科目代码) > n.digits
)
SELECT r.*
FROM printed r
ANTI JOIN above USING (文档, 科目代码)
WHERE r.科目代码 IS NOT NULL
    AND CASE WHEN 表 IN ({statements}) THEN true ELSE error('末级科目 只用于有科目代码的报表视图，不用于：' || 表) END
