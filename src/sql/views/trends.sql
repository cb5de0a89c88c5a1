-- How much was said about each topic in each hour, and how was it meant?
-- Closed panes only: a mention that came too late for its pane is not counted.
-- Another step: date_bin(INTERVAL '15 minutes', start) over table panes.
--
-- day         date     UTC day; a condition on it reads the files of that day only
-- hour        time     first instant of the hour
-- topic       text
-- mentions    integer
-- negative    integer
-- neutral     integer
-- positive    integer
-- mean_score  float    mean target score, from -1 to 1
--
-- SELECT date_trunc('day', hour) AS day, sum(mentions) AS mentions, sum(negative) AS negative
-- FROM trends WHERE topic = 'apex' GROUP BY 1 ORDER BY 1
--
SELECT day, date_trunc('hour', start) AS hour, topic,
  sum(mentions) AS mentions, sum(negative) AS negative, sum(neutral) AS neutral, sum(positive) AS positive,
  sum(score_sum) / 10000.0 / sum(mentions) AS mean_score
FROM panes GROUP BY day, date_trunc('hour', start), topic
