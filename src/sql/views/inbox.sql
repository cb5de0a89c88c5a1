-- Which mentions may want an answer of ours, and how does each stand?
-- One row per mention of others, reposts left out. It is open until somebody changes its state, or
-- one of the topic's accounts replies to it; whichever came last counts. The verdict is that of the
-- latest review, or of the scorer where nobody looked. Which of them the inbox lists, column wanted says, and
-- due_at when the promise ends, by [service], where a configuration is at hand: under run and serve, and to a
-- query with one. The priority supposes a promise of a day around the clock.
--
-- day                date     UTC day of the mention's reception
-- topic              text
-- source             text
-- post_id            text
-- posted_at          time     when it was written
-- received_at        time     when it reached us
-- kind               text
-- lang               text
-- polarity           text     the verdict that counts
-- scored_polarity    text     the scorer's verdict
-- relevant           integer  0 if a review found it not to be about the topic, else 1
-- confidence         float    of the scorer's verdict; 1 where somebody looked
-- intents            text     those that count, as in mentions: of the latest review, or of the scorer
-- intent_confidence  float    as in mentions; 1 where somebody said which there are
-- scored_intents     text     the scorer's
-- reach              integer  null if unknown
-- priority           integer  who is to be answered first, 0 to 100, as of now
-- state              text     open, assigned, answered or ignored
-- owner              text     who takes care of it; null if nobody
-- note               text     the latest note; null if there is none
-- changed_by         text     who changed the state last; null if nobody did
-- changed_at         time     when that was
-- replies            integer  answers by accounts of ours
-- answered_at        time     the first answer by an account, or when a person noted one; null if none
-- answered_by        text     account or person
-- wait_s             float    seconds from the mention to its answer
-- due_at             time     when the promise ends; null where no configuration says what is promised
-- wanted             integer  1 if the inbox lists it, else 0; null where no configuration says what is wanted
-- revision           integer  number of the state; a change names the one that it saw
--
-- SELECT topic, state, count(*) AS mentions FROM inbox WHERE coalesce(wanted, 1) = 1
-- GROUP BY topic, state ORDER BY topic, state
--
WITH reviewed AS (
  SELECT topic, source, post_id, last_value(polarity ORDER BY revision, at) AS polarity,
    last_value(relevant ORDER BY revision, at) AS relevant, last_value(intents ORDER BY revision, at) AS intents,
    last_value(judged ORDER BY revision, at) AS judged
  FROM reviews GROUP BY topic, source, post_id
), calls AS (
  SELECT mentions.day, mentions.topic, mentions.source, mentions.post_id, mentions.posted_at, mentions.received_at,
    mentions.kind, mentions.lang, coalesce(reviewed.polarity, mentions.polarity) AS polarity,
    mentions.polarity AS scored_polarity, coalesce(reviewed.relevant, 1) AS relevant,
    CASE WHEN reviewed.judged = 1 THEN 1.0 ELSE mentions.confidence END AS confidence,
    CASE WHEN reviewed.intents IS NULL THEN mentions.intents ELSE nullif(reviewed.intents, '') END AS intents,
    CASE WHEN reviewed.intents IS NULL THEN mentions.intent_confidence WHEN reviewed.intents <> '' THEN 1.0 END
      AS intent_confidence, mentions.intents AS scored_intents, mentions.reach, mentions.thread
  FROM mentions LEFT JOIN reviewed ON reviewed.topic = mentions.topic AND reviewed.source = mentions.source
    AND reviewed.post_id = mentions.post_id
  WHERE coalesce(mentions.own, 0) = 0 AND mentions.kind <> 'repost'
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
SELECT day, topic, source, post_id, posted_at, received_at, kind, lang, polarity, scored_polarity,
  relevant, confidence, intents, intent_confidence, scored_intents, reach,
  priority(intents, intent_confidence, polarity, confidence, reach, posted_at, now()) AS priority,
  state, owner, note, changed_by, changed_at, replies, answered_at,
  CASE WHEN answered_at IS NULL THEN NULL WHEN answered_at = replied_at THEN 'account' ELSE 'person' END AS answered_by,
  CASE WHEN answered_at IS NULL THEN NULL
    ELSE greatest(date_part('epoch', answered_at) - date_part('epoch', posted_at), 0.0) END AS wait_s,
  promised_until(topic, posted_at) AS due_at,
  wanted(topic, polarity, intents, relevant, changed_at, posted_at,
    (SELECT max(last) FROM (SELECT max(posted_at) AS last FROM mentions UNION ALL SELECT max(posted_at) FROM posts)),
    now()) AS wanted,
  revision
FROM (SELECT *, coalesce(least(replied_at, told_at), replied_at, told_at) AS answered_at FROM standing)
