-- Where is each topic spoken of?
-- Closed panes only.
--
-- day         date     UTC day
-- source      text     name of the source
-- topic       text
-- mentions    integer
-- negative    integer
-- positive    integer
-- mean_score  float    mean target score, from -1 to 1
--
-- SELECT source, sum(mentions) AS mentions, sum(negative) AS negative
-- FROM sources GROUP BY source ORDER BY mentions DESC LIMIT 3
--
SELECT day, source, topic, sum(mentions) AS mentions, sum(negative) AS negative, sum(positive) AS positive,
  sum(score_sum) / 10000.0 / sum(mentions) AS mean_score
FROM panes GROUP BY day, source, topic
