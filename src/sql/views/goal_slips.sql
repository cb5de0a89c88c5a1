-- When did each goal slip, and is it reached again?
-- One row per slip, from the alerts of goals. How every goal stands now is a question of the
-- configuration's targets: /goals, /api/v1/goals and resonanz report answer it.
--
-- goal         text
-- alert_id     text
-- measure      text     what is measured, such as net_sentiment
-- state        text     open while the goal is behind, reached once it is reached again
-- slipped_at   time     when it was found behind
-- reached_at   time     when it was found reached again; null while it is not
-- target       float    what is to be reached
-- value        float    what was measured when it slipped
-- value_low    float    lower end of the 95 % interval
-- value_high   float    upper end
--
-- SELECT goal, slipped_at, value, target FROM goal_slips WHERE state = 'open' ORDER BY slipped_at DESC
--
SELECT rule AS goal, alert_id, max(measure) AS measure,
  CASE WHEN count(*) FILTER (WHERE transition = 'resolved') = 0 THEN 'open' ELSE 'reached' END AS state,
  min(at) FILTER (WHERE transition = 'fired') AS slipped_at,
  max(at) FILTER (WHERE transition = 'resolved') AS reached_at,
  max(CAST(json_value(evidence, '$.goal.target') AS DOUBLE)) AS target,
  max(CAST(json_value(evidence, '$.goal.estimate.value') AS DOUBLE)) FILTER (WHERE transition = 'fired') AS value,
  max(CAST(json_value(evidence, '$.goal.estimate.low') AS DOUBLE)) FILTER (WHERE transition = 'fired') AS value_low,
  max(CAST(json_value(evidence, '$.goal.estimate.high') AS DOUBLE)) FILTER (WHERE transition = 'fired') AS value_high
FROM alerts WHERE rule_type = 'goal' GROUP BY rule, alert_id
