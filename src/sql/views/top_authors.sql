-- Who speaks most of each topic?
-- Authors are keys, never names: equal keys are one author under one author key file. Posts without
-- an author are left out.
--
-- topic       text
-- author      text     keyed hash
-- mentions    integer
-- negative    integer
-- mean_score  float    mean target score, from -1 to 1
-- reach       integer  largest reach seen; null if unknown
-- first_at    time     posting time of the first mention
-- last_at     time     posting time of the last
--
-- SELECT topic, mentions, negative, round(mean_score, 2) AS mean_score
-- FROM top_authors ORDER BY mentions DESC, topic, author LIMIT 3
--
SELECT topic, author, count(*) AS mentions, count(*) FILTER (WHERE polarity = 'negative') AS negative,
  avg(target_score) AS mean_score, max(reach) AS reach, min(posted_at) AS first_at, max(posted_at) AS last_at
FROM mentions WHERE author <> '00000000000000000000000000000000' GROUP BY topic, author
