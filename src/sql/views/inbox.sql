-- Which mentions may want an answer of ours, and how does each stand?
-- One row per mention of others, reposts left out. It is open until somebody changes its state, or
-- one of the topic's accounts replies to it; whichever came last counts. Which verdicts wait for an
-- answer, [service] wants says, and when the promise ends, GET /api/v1/inbox: this view leaves both
-- to whoever asks.
--
-- day          date     UTC day of the mention's reception
-- topic        text
-- source       text
-- post_id      text
-- posted_at    time     when it was written
-- received_at  time     when it reached us
-- kind         text
-- lang         text
-- polarity     text
-- confidence   float    as in mentions
-- reach        integer  null if unknown
-- state        text     open, assigned, answered or ignored
-- owner        text     who takes care of it; null if nobody
-- note         text     the latest note; null if there is none
-- changed_by   text     who changed the state last; null if nobody did
-- changed_at   time     when that was
-- replies      integer  answers by accounts of ours
-- answered_at  time     the first answer by an account, or when a person noted one; null if none
-- answered_by  text     account or person
-- wait_s       float    seconds from the mention to its answer
-- revision     integer  number of the state; a change names the one that it saw
--
-- SELECT topic, state, count(*) AS mentions FROM inbox WHERE polarity = 'negative'
-- GROUP BY topic, state ORDER BY topic, state
--
WITH calls AS (
  SELECT day, topic, source, post_id, posted_at, received_at, kind, lang, polarity, confidence, reach, thread
  FROM mentions WHERE coalesce(own, 0) = 0 AND kind <> 'repost'
), ours AS (
  SELECT source, post_id, posted_at, parent, thread, concat(' | ', own, ' | ') AS own
  FROM posts WHERE own IS NOT NULL AND kind IN ('reply', 'comment')
), targets AS (
  SELECT source, post_id, posted_at, own, parent AS target FROM ours WHERE parent IS NOT NULL
  UNION ALL
  SELECT source, post_id, posted_at, own, thread FROM ours WHERE thread IS NOT NULL AND thread <> coalesce(parent, '')
), met AS (
  SELECT calls.topic, calls.source, calls.post_id, targets.post_id AS reply, targets.posted_at AS replied_at
  FROM calls JOIN targets ON targets.source = calls.source AND targets.target = calls.post_id
  WHERE targets.posted_at >= calls.posted_at AND strpos(targets.own, concat(' | ', calls.topic, ' | ')) > 0
  UNION ALL
  SELECT calls.topic, calls.source, calls.post_id, ours.post_id, ours.posted_at
  FROM calls JOIN ours ON ours.source = calls.source AND ours.thread = calls.thread
  WHERE ours.parent IS NULL AND ours.posted_at >= calls.posted_at AND strpos(ours.own, concat(' | ', calls.topic, ' | ')) > 0
), answers AS (
  SELECT topic, source, post_id, count(DISTINCT reply) AS replies, min(replied_at) AS replied_at
  FROM met GROUP BY topic, source, post_id
), changed AS (
  SELECT topic, source, post_id, count(*) AS changes, max(at) AS changed_at,
    last_value(state ORDER BY revision, at) AS state, last_value(owner ORDER BY revision, at) AS owner,
    last_value(changed_by ORDER BY revision, at) AS changed_by, last_value(replies ORDER BY revision, at) AS seen,
    last_value(note ORDER BY revision, at) FILTER (WHERE note IS NOT NULL) AS note,
    min(at) FILTER (WHERE state = 'answered') AS told_at
  FROM triage GROUP BY topic, source, post_id
), standing AS (
  SELECT calls.*, changed.owner, changed.note, changed.changed_by, changed.changed_at,
    coalesce(answers.replies, 0) AS replies, answers.replied_at,
    CASE WHEN changed.state = 'answered' THEN changed.told_at END AS told_at,
    CASE WHEN coalesce(answers.replies, 0) > coalesce(changed.seen, 0) THEN 'answered'
      ELSE coalesce(changed.state, 'open') END AS state,
    coalesce(changed.changes, 0) + coalesce(answers.replies, 0) AS revision
  FROM calls
  LEFT JOIN answers ON answers.topic = calls.topic AND answers.source = calls.source AND answers.post_id = calls.post_id
  LEFT JOIN changed ON changed.topic = calls.topic AND changed.source = calls.source AND changed.post_id = calls.post_id
)
SELECT day, topic, source, post_id, posted_at, received_at, kind, lang, polarity, confidence, reach,
  state, owner, note, changed_by, changed_at, replies, answered_at,
  CASE WHEN answered_at IS NULL THEN NULL WHEN answered_at = replied_at THEN 'account' ELSE 'person' END AS answered_by,
  CASE WHEN answered_at IS NULL THEN NULL
    ELSE greatest(date_part('epoch', answered_at) - date_part('epoch', posted_at), 0.0) END AS wait_s,
  revision
FROM (SELECT *, coalesce(least(replied_at, told_at), replied_at, told_at) AS answered_at FROM standing)
