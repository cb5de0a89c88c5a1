-- How well is each topic spoken of in a day, and how sure is that?
-- Net sentiment is the share of positive less the share of negative mentions, from closed panes.
-- The interval covers the true value in about 95 of 100 cases if mentions are independent: the
-- method of Bonett and Price (2012) for the difference of two shares of one sample, which adds one
-- positive and one negative mention and stays honest for small counts.
--
-- day        date     UTC day
-- topic      text
-- mentions   integer
-- positive   integer
-- negative   integer
-- net        float    from -1 (all negative) to 1 (all positive)
-- net_low    float    lower end of the 95 % interval
-- net_high   float    upper end
--
-- SELECT day, mentions, round(net, 2) AS net, round(net_low, 2) AS low, round(net_high, 2) AS high
-- FROM net_sentiment WHERE topic = 'nokia' ORDER BY day
--
WITH counts AS (
  SELECT day, topic, sum(mentions) AS mentions, sum(positive) AS positive, sum(negative) AS negative
  FROM panes GROUP BY day, topic
), shares AS (
  SELECT *, (positive + 1.0) / (mentions + 2) AS good, (negative + 1.0) / (mentions + 2) AS bad FROM counts
), errors AS (
  SELECT *, 1.96 * sqrt((good + bad - (good - bad) * (good - bad)) / (mentions + 2)) AS error FROM shares
)
SELECT day, topic, mentions, positive, negative, (positive - negative) * 1.0 / mentions AS net,
  greatest(-1.0, good - bad - error) AS net_low, least(1.0, good - bad + error) AS net_high
FROM errors
