-- How fast and how often do we answer negative mentions?
-- One row per day, topic and source. Mentions that a person ignores want no answer, and are counted
-- apart; those that a review found not to be negative, or not about the topic, are left out. Waits
-- are from the mention to the first answer, of those that were answered.
--
-- day         date     UTC day of the mentions' reception
-- topic       text
-- source      text
-- asked       integer  negative mentions that want an answer
-- answered    integer  those among them that have one
-- ignored     integer  negative mentions that want none
-- waiting     integer  those that are open or assigned
-- p50_s       float    half of the answered ones waited no longer, in seconds
-- p90_s       float    nine of ten waited no longer
-- within_1h   integer  answered within an hour
-- within_24h  integer  answered within a day
--
-- SELECT topic, sum(asked) AS asked, sum(answered) AS answered FROM service_figures GROUP BY topic ORDER BY topic
--
SELECT day, topic, source, count(*) FILTER (WHERE state <> 'ignored') AS asked, count(wait_s) AS answered,
  count(*) FILTER (WHERE state = 'ignored') AS ignored,
  count(*) FILTER (WHERE state IN ('open', 'assigned')) AS waiting,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY wait_s) AS p50_s,
  percentile_cont(0.9) WITHIN GROUP (ORDER BY wait_s) AS p90_s,
  count(*) FILTER (WHERE wait_s <= 3600) AS within_1h, count(*) FILTER (WHERE wait_s <= 86400) AS within_24h
FROM (SELECT day, topic, source, state, CASE WHEN state <> 'ignored' THEN wait_s END AS wait_s FROM inbox WHERE polarity = 'negative' AND relevant = 1)
GROUP BY day, topic, source
