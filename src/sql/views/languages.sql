-- In which languages is each topic spoken of?
-- The language in which the text was read, from closed panes.
--
-- day         date     UTC day
-- lang        text     ISO 639; und if unknown
-- topic       text
-- mentions    integer
-- negative    integer
-- positive    integer
-- mean_score  float    mean target score, from -1 to 1
--
-- SELECT lang, sum(mentions) AS mentions, sum(negative) AS negative
-- FROM languages GROUP BY lang ORDER BY mentions DESC LIMIT 3
--
SELECT day, lang, topic, sum(mentions) AS mentions, sum(negative) AS negative, sum(positive) AS positive,
  sum(score_sum) / 10000.0 / sum(mentions) AS mean_score
FROM panes GROUP BY day, lang, topic
