-- What was said, as people corrected it?
-- Mentions with the verdict of their latest review, or of the scorer where nobody looked. Posts that
-- somebody found not to be about the topic have relevant = 0: leave them out with WHERE relevant = 1.
--
-- day                date     UTC day of reception
-- topic              text
-- brand              text
-- topic_group        text
-- source             text
-- post_id            text
-- posted_at          time     when it was written
-- lang               text
-- reach              integer  null if unknown
-- engagement         integer  null if unknown
-- target_score       float    of the scorer, from -1 to 1
-- confidence         float    of the scorer's verdict
-- scored_polarity    text     the scorer's verdict
-- polarity           text     the verdict that counts
-- relevant           integer  0 if it is not about the topic, else 1
-- reviewed           integer  1 if somebody looked, else 0
-- judged             integer  1 if somebody judged the verdict, 0 if nobody did, or spoke of intents alone
-- intents            text     those that count, as in mentions
-- intent_confidence  float    as in mentions; 1 where somebody said which there are
-- scored_intents     text     the scorer's
-- intents_reviewed   integer  1 if somebody said which there are, else 0
-- own                integer  as in mentions
-- url                text
-- text               text
--
-- SELECT topic, polarity, count(*) AS mentions FROM mentions_reviewed WHERE relevant = 1
-- GROUP BY topic, polarity ORDER BY topic, polarity LIMIT 3
--
WITH latest AS (
  SELECT topic, source, post_id, last_value(polarity ORDER BY revision, at) AS polarity,
    last_value(relevant ORDER BY revision, at) AS relevant, last_value(intents ORDER BY revision, at) AS intents,
    last_value(judged ORDER BY revision, at) AS judged
  FROM reviews GROUP BY topic, source, post_id
)
SELECT mentions.day, mentions.topic, mentions.brand, mentions.topic_group, mentions.source, mentions.post_id,
  mentions.posted_at, mentions.lang, mentions.reach, mentions.engagement, mentions.target_score,
  mentions.confidence, mentions.polarity AS scored_polarity, coalesce(latest.polarity, mentions.polarity) AS polarity,
  coalesce(latest.relevant, 1) AS relevant, CASE WHEN latest.topic IS NULL THEN 0 ELSE 1 END AS reviewed,
  coalesce(latest.judged, 0) AS judged,
  CASE WHEN latest.intents IS NULL THEN mentions.intents ELSE nullif(latest.intents, '') END AS intents,
  CASE WHEN latest.intents IS NULL THEN mentions.intent_confidence WHEN latest.intents <> '' THEN 1.0 END AS intent_confidence,
  mentions.intents AS scored_intents, CASE WHEN latest.intents IS NULL THEN 0 ELSE 1 END AS intents_reviewed,
  mentions.own, mentions.url, mentions.text
FROM mentions LEFT JOIN latest ON latest.topic = mentions.topic AND latest.source = mentions.source
  AND latest.post_id = mentions.post_id
