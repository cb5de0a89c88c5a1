//! Could X be heard? What costs nothing tells: the rules that are set, and how much of the month's posts is
//! read. The stream is left alone, since a second one would be turned away or end the first.

use async_trait::async_trait;
use serde_json::Value;

use super::ask::{Api, Refusal};
use crate::connect::source::{Fault, Outlet, Source};
use crate::connect::transport::Http;
use crate::secret::SecretPlace;

/// A look at X that reads no post.
#[derive(Debug)]
pub(super) struct Probe {
    url: String,
    token: SecretPlace,
    /// Rules that the topics make.
    rules: usize,
}

impl Probe {
    pub(super) fn new(url: String, token: SecretPlace, rules: usize) -> Self {
        Self { url, token, rules }
    }
}

#[async_trait]
impl Source for Probe {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let token = self.token.fetch();
        let token = token.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        let api = Api { http: Http::new()?, url: self.url.clone(), token };
        let set = api.rules_set(outlet).await.map_err(|refused| refused.fault)?;
        outlet.up();
        let rules = self.rules;
        let mut said = format!("{set} rules are set at X, the topics here make {rules}");
        // Some plans do not tell; that is no reason to doubt the token.
        if let Ok(usage) = api.usage(outlet).await {
            let number = |name: &str| {
                let value = usage.pointer(&format!("/data/{name}"))?;
                value.as_str().map(str::to_owned).or_else(|| Some(value.as_u64()?.to_string()))
            };
            if let (Some(read), Some(most)) = (number("project_usage"), number("project_cap")) {
                let day = number("cap_reset_day");
                let day = day.map(|day| format!(", anew on day {day} of the month"));
                let day = day.unwrap_or_default();
                said += &format!("; {read} of {most} posts that the plan has are read{day}");
            }
        }
        outlet.limits(&said);
        Ok(())
    }
}

impl Api {
    /// How many rules are set.
    async fn rules_set(&self, outlet: &Outlet) -> Result<usize, Refusal> {
        let answer = self.send(self.rules(), outlet).await?;
        let rules: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(rules.get("data").and_then(Value::as_array).map_or(0, Vec::len))
    }

    /// What X says of the posts that were read.
    async fn usage(&self, outlet: &Outlet) -> Result<Value, Refusal> {
        let path = "/2/usage/tweets?usage.fields=cap_reset_day,project_cap,project_usage";
        let answer = self.send(self.get(path), outlet).await?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}
