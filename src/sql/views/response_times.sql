-- How long did a mention wait for an answer, and from whom?
-- One row per mention and answering author: the author's first reply or comment whose parent is the
-- mention, in the same source. Answers of the mention's own author do not count. Only answers that
-- table posts holds are seen: keep them with archive = "all", or with a topic that finds them. Put
-- the keys of your own accounts in the condition to learn how fast you answer.
--
-- day           date     UTC day of the mention's reception
-- topic         text
-- source        text
-- post_id       text     the mention
-- posted_at     time     when it was written
-- reply_author  text     keyed hash of who answered
-- replied_at    time     when the first answer was written
-- wait_s        float    seconds in between
-- replies       integer  answers of this author to this mention
--
-- SELECT topic, count(*) AS answered, median(wait_s) AS median_wait_s
-- FROM response_times WHERE reply_author IN ('a7c1d09d7b8ac1d0f7b4ad7c0f0b3d5e') GROUP BY topic
--
SELECT mentions.day, mentions.topic, mentions.source, mentions.post_id, mentions.posted_at,
  posts.author AS reply_author, min(posts.posted_at) AS replied_at,
  date_part('epoch', min(posts.posted_at)) - date_part('epoch', mentions.posted_at) AS wait_s, count(*) AS replies
FROM mentions JOIN posts ON posts.source = mentions.source AND posts.parent = mentions.post_id
WHERE posts.kind IN ('reply', 'comment') AND posts.author <> mentions.author
GROUP BY mentions.day, mentions.topic, mentions.source, mentions.post_id, mentions.posted_at, posts.author
