//! What does a platform call an account of ours? Some name the writers of posts by ids, while people know
//! handles.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Poll;
use super::manners::Means;
use super::plan::{Named, Plan, request};
use super::stop::Stop;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Http;
use crate::secret::SecretPlace;
use crate::system::wall_clock;

impl Poll {
    /// Puts ids in the place of handles among the keys of a source; each is asked for once.
    ///
    /// # Errors
    /// When nobody has such a handle, or the platform cannot be asked.
    pub(super) async fn resolve(&mut self, named: &mut Named, outlet: &Outlet) -> Result<(), Stop> {
        let plan = Arc::clone(&self.plan);
        let Some(account) = &plan.preset.account else { return Ok(()) };
        let keys = plan.preset.written.iter().filter(|(_, written)| written.takes_handles());
        for (key, _) in keys {
            let handle = named.get(key).and_then(|value| value.strip_prefix('@'));
            let Some(handle) = handle.map(str::to_owned) else { continue };
            let id = match self.ids.get(&handle) {
                Some(id) => id.clone(),
                None => {
                    let mut named = named.clone();
                    named.insert("handle".to_owned(), handle.clone());
                    let asked = request(&account.ask, &named).map_err(Fault::external)?;
                    let reply = self.asker.ask(asked, outlet).await?;
                    let id = account.id.text(&reply.json);
                    id.ok_or_else(|| {
                        let hint = format!("check set = {{ {key} = \"@{handle}\" }}");
                        Fault::user(format!("nobody there is called @{handle}"), hint)
                    })?
                }
            };
            self.ids.insert(handle, id.clone());
            named.insert(key.clone(), id);
        }
        Ok(())
    }
}

impl Plan {
    /// The id of the account with a handle; `None` where nobody has it, or ids are handles.
    pub(super) async fn identify(&self, handle: &str) -> Result<Option<String>, Fault> {
        let Some(account) = &self.preset.account else { return Ok(None) };
        // Names of other networks: of servers, as @acme@example.com, and ids with a scheme.
        let is_id = account.ids.as_ref().is_some_and(|ids| handle.starts_with(ids.as_str()));
        if is_id || handle.contains(['@', ':', '/']) {
            return Ok(None);
        }
        let mut named = self.named(wall_clock());
        named.insert("handle".to_owned(), handle.to_owned());
        if let Some(token) = self.token.as_ref().map(SecretPlace::fetch) {
            let token = token.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
            named.insert("token".to_owned(), token.expose().to_owned());
        }
        let asked = request(&account.ask, &named).map_err(Fault::external)?;
        let http = Http::new()?;
        let mut sending = http.get(asked.url.as_str());
        for (name, value) in &asked.headers {
            sending = sending.header(name, value);
        }
        let answer = http.send_unbroken(sending).await?;
        let json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(id) = account.id.text(&json).filter(|_| answer.status.is_success()) {
            return Ok(Some(id));
        }
        let problem = &self.preset.problem;
        let code = problem.code.iter().find_map(|at| at.text(&json));
        let means = code.as_ref().and_then(|code| problem.means.get(code));
        match means {
            Some(Means::Missing) => Ok(None),
            Some(_) => {
                Err(Fault::external(format!("the platform says {}", code.unwrap_or_default())))
            }
            None if answer.status.is_success() || answer.status.as_u16() == 404 => Ok(None),
            None => Err(answer.fault()),
        }
    }
}
