//! Do the pure stages keep their promises? Properties, oracles and tables, without any I/O around.

mod alerts;
mod answers;
mod any_input;
mod confidence;
mod damage;
mod desk;
mod drivers;
mod escalation;
mod feeds;
mod intents;
mod invariants;
mod jetstream;
mod mention_effort;
mod mention_oracle;
mod mention_queries;
mod meta;
mod promise;
mod redaction;
mod sentiment_complaints;
mod sentiment_custom;
mod sentiment_rules;
mod sentiment_vader;
mod shards;
mod support;
mod times;
mod waves;
