-- Which alerts have fired and not yet resolved?
-- The newest transition of each episode, in event time.
--
-- alert_id    text
-- rule        text
-- topic       text
-- severity    text
-- transition  text     fired or escalated
-- started_at  time     when the condition began to hold
-- at          time     of the transition
-- measure     text     what was counted
-- observed    integer  how many
-- mentions    integer  in the window
-- negative    integer  in the window
--
-- SELECT rule, topic, observed, at FROM alerts_now ORDER BY at DESC
--
SELECT alert_id, rule, topic, severity, transition, started_at, at, measure, observed, mentions, negative
FROM (SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY at DESC) AS place FROM alerts)
WHERE place = 1 AND transition <> 'resolved'
