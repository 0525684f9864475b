SELECT
    p.unit AS 单位,
    p.other AS 可能是,
    p.reason AS 理由,
    p.evidence AS 依据,
    p.entry AS 建议条目
FROM unit_proposal p
ORDER BY p.other, p.unit
