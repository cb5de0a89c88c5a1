-- Which part of what was said in a day belongs to each brand?
-- A topic without a brand counts as a brand of its own name. Shares are taken among the topics of
-- one topic_group; a post that speaks of two topics counts for both. Late mentions are counted.
--
-- day          date     UTC day of reception
-- topic_group  text     null for topics without a group
-- brand        text     the topic's brand, else its name
-- mentions     integer
-- negative     integer
-- share        float    of the mentions of that day and group; the shares of a day add up to 1
--
-- SELECT brand, sum(mentions) AS mentions, round(sum(mentions) / sum(sum(mentions)) OVER (), 3) AS share
-- FROM (SELECT brand, mentions * 1.0 AS mentions FROM share_of_voice WHERE brand <> 'films')
-- GROUP BY brand ORDER BY share DESC, brand LIMIT 3
--
SELECT day, topic_group, coalesce(brand, topic) AS brand, count(*) AS mentions,
  count(*) FILTER (WHERE polarity = 'negative') AS negative,
  count(*) * 1.0 / sum(count(*)) OVER (PARTITION BY day, topic_group) AS share
FROM mentions GROUP BY day, topic_group, coalesce(brand, topic)
