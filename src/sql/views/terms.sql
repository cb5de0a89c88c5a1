-- By which words was each topic found?
-- What matched the topic's query, in lower case, each once a mention.
--
-- day         date     UTC day of reception
-- topic       text
-- term        text     in lower case
-- mentions    integer
-- negative    integer
-- mean_score  float    mean target score, from -1 to 1
--
-- SELECT term, sum(mentions) AS mentions
-- FROM terms WHERE topic = 'nokia' GROUP BY term ORDER BY mentions DESC, term LIMIT 3
--
SELECT day, topic, term, count(*) AS mentions, count(*) FILTER (WHERE polarity = 'negative') AS negative,
  avg(target_score) AS mean_score
FROM (SELECT day, topic, polarity, target_score, unnest(split_terms(terms)) AS term FROM mentions)
GROUP BY day, topic, term
