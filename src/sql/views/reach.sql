-- How far did each topic go in a day?
-- Sums over mentions, from closed panes: whoever follows two authors is counted twice, and unknown
-- counts as 0.
--
-- day                date     UTC day
-- topic              text
-- mentions           integer
-- reach              integer  followers or views, summed
-- engagement         integer  likes, reposts and replies, summed
-- reach_per_mention  float
--
-- SELECT topic, sum(reach) AS reach, sum(engagement) AS engagement
-- FROM reach GROUP BY topic ORDER BY reach DESC, topic LIMIT 3
--
SELECT day, topic, sum(mentions) AS mentions, sum(reach_sum) AS reach, sum(engagement_sum) AS engagement,
  sum(reach_sum) * 1.0 / sum(mentions) AS reach_per_mention
FROM panes GROUP BY day, topic
