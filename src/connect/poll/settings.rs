//! Which platform does the user want to ask, and with what keys?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Poll;
use super::access::odd_token;
use super::budget::Ledger;
use super::manners::Token;
use super::plan::{Named, Plan, request};
use super::preset::Preset;
use super::presets::{PRESETS, shipped};
use super::service::ServiceKey;
use crate::connect::feed::BellSettings;
use crate::connect::network::{Finding, Look, Settings, SourceSpec, Telling, asked_every};
use crate::connect::source::{Fault, Outlet, Source};
use crate::connect::transport::Door;
use crate::post::Kind;
use crate::secret::{self, SecretFault, SecretPlace};
use crate::settings::{Section, nearest};
use crate::time::EventTime;

/// Every sort of post that a platform may have.
const KINDS: [Kind; 7] = [
    Kind::Original,
    Kind::Reply,
    Kind::Repost,
    Kind::Quote,
    Kind::Comment,
    Kind::Review,
    Kind::Article,
];
/// Most pages of one look, where the user says nothing else.
const PAGES_MAX: u32 = 20;

/// A platform that is asked.
#[derive(Debug, Clone)]
pub struct PollSettings {
    /// `None` where the configuration has problems.
    plan: Option<Arc<Plan>>,
    is_shipped: bool,
}

/// Reads `preset`, `set`, the places of `token` and `secret`, `feed`,
/// `websub`, `since`, `interval`, `pages` and `budget`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let name = section.required_text("preset");
    let set: Named = section.pairs("set").into_iter().collect();
    let token = secret::place(section, base, ["token_env", "token_file"]);
    let secret = secret::place(section, base, ["secret_env", "secret_file"]);
    let bell = BellSettings::read(section);
    let since = section.span("since", 1_000);
    let interval = section.span("interval", 1_000);
    let pages = section.count("pages");
    let budget = section.count("budget");
    let is_shipped = shipped().iter().any(|(known, _)| *known == name);
    let none = Arc::new(PollSettings { plan: None, is_shipped });
    if name.is_empty() {
        return none;
    }
    let Some(preset) = preset(&name, section, base) else { return none };
    for key in preset.needs.keys().chain(preset.takes.keys()) {
        section.elsewhere(key, format!("it is a key of the preset: set = {{ {key} = \"...\" }}"));
    }
    let Some(set) = checked(&preset, &name, set, section) else { return none };
    for (place, wanted, what) in
        [(&token, &preset.token, "token"), (&secret, &preset.secret, "secret")]
    {
        check_secret(&name, what, (wanted.as_ref(), place.as_ref()), &set, section);
    }
    warn_of_end(&preset, token.as_ref(), section);
    let small =
        |number: Option<u64>| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let ledger = preset.budget.as_ref().map(|daily| Ledger::new(daily, small(budget)));
    let Ok(ledger) = ledger.transpose().inspect_err(|why| {
        section.problems.add(section.at(), why.clone(), "mend the preset");
    }) else {
        return none;
    };
    let interval_us = interval.unwrap_or(preset.interval.0).max(100_000);
    let plan = Plan {
        interval: Duration::from_micros(u64::try_from(interval_us).unwrap_or(0)),
        since_us: since.unwrap_or(preset.since.0),
        pages_max: small(pages).unwrap_or(PAGES_MAX).max(1),
        name,
        preset,
        set,
        token,
        secret,
        bell,
        ledger,
    };
    check_address(&plan, section);
    Arc::new(PollSettings { plan: Some(Arc::new(plan)), is_shipped })
}

/// The preset of a name, or of a file.
fn preset(name: &str, section: &mut Section<'_, '_>, base: &Path) -> Option<Preset> {
    let at = section.place("preset");
    if let Some((_, preset)) = shipped().iter().find(|(known, _)| *known == name) {
        return Some(preset.clone());
    }
    if Path::new(name).extension().is_none_or(|ending| ending != "toml") {
        let names = PRESETS.map(|(name, _)| name);
        let near = nearest(name, names).map(|near| format!("did you mean \"{near}\"? "));
        let hint = format!(
            "{}There are {}; one of your own is a file that ends in .toml",
            near.unwrap_or_default(),
            names.join(", ")
        );
        section.problems.add(at, format!("no preset is called \"{name}\""), hint);
        return None;
    }
    let path = base.join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
    match text.and_then(|text| Preset::parse(&text)) {
        Ok(preset) => Some(preset),
        Err(why) => {
            let hint = "docs/sources/own-preset.md says how a preset is written";
            section.problems.add(at, format!("{}: {why}", path.display()), hint);
            None
        }
    }
}

/// The keys that are set, with defaults for those that are not.
fn checked(
    preset: &Preset,
    name: &str,
    mut set: Named,
    section: &mut Section<'_, '_>,
) -> Option<Named> {
    let at = section.place("set");
    // A secret may be set where it opens nothing by itself.
    let secret = preset.secret.is_some().then(|| "secret".to_owned());
    let known = || preset.needs.keys().chain(preset.takes.keys()).chain(&secret);
    let mut is_well = true;
    for (key, about) in &preset.needs {
        if set.get(key).is_none_or(String::is_empty) {
            let hint = format!("add: set = {{ {key} = \"...\" }}");
            section.problems.add(at, format!("{name} needs \"{key}\": {about}"), hint);
            is_well = false;
        }
    }
    for key in set.keys().filter(|key| !known().any(|known| known == *key)) {
        let names: Vec<&str> = known().map(String::as_str).collect();
        let hint = format!("the keys here are {}", names.join(", "));
        section.problems.add(at, format!("{name} has no key \"{key}\""), hint);
        is_well = false;
    }
    for (key, written) in &preset.written {
        let Some(value) = set.get_mut(key) else { continue };
        match written.read(value) {
            Ok(meant) => *value = meant,
            Err((why, hint)) => {
                section.problems.add(at, format!("{key}: {why}"), hint);
                is_well = false;
            }
        }
    }
    if !preset.one_of.is_empty() && !preset.one_of.iter().any(|key| set.contains_key(key)) {
        let hint = format!("set at least one of {}", preset.one_of.join(", "));
        section.problems.add(at, format!("{name} does not know what to ask for"), hint);
        is_well = false;
    }
    for (key, taken) in &preset.takes {
        if let Some(default) = taken.default.as_ref().filter(|_| !set.contains_key(key)) {
            set.insert(key.clone(), default.clone());
        }
    }
    is_well.then_some(set)
}

/// Whether a secret is there if one is needed, and none if none is.
fn check_secret(
    name: &str,
    what: &'static str,
    (wanted, place): (Option<&Token>, Option<&SecretPlace>),
    set: &Named,
    section: &mut Section<'_, '_>,
) {
    match (wanted, place) {
        (Some(wanted), None) if wanted.is_needed(set) && !set.contains_key(what) => {
            section.problems.add(
                section.at(),
                format!("{name} needs a {what}: {}", wanted.about),
                format!("add {what}_file = \"FILE\", or {what}_env = \"VARIABLE\""),
            );
        }
        (None, Some(_)) => {
            section.problems.add(
                section.at(),
                format!("{name} takes no {what}"),
                format!("remove {what}_env and {what}_file"),
            );
        }
        _ => {}
    }
}

/// A token that others take the place of must be where they can be written.
fn warn_of_end(preset: &Preset, token: Option<&SecretPlace>, section: &mut Section<'_, '_>) {
    let Some(SecretPlace::Env(name)) = token else { return };
    let (at, hint) = (section.place("token_env"), "keep it in a file: token_file = \"...\"");
    if preset.renew.is_some() {
        let message = format!("the token in {name} is not renewed before it ends");
        section.problems.warn(at, message, hint);
    } else if preset.rotates() {
        let message =
            format!("tokens that take the place of the one in {name} end with the process");
        section.problems.warn(at, message, hint);
    }
}

/// Whether the keys make an address.
fn check_address(plan: &Plan, section: &mut Section<'_, '_>) {
    let mut named = plan.named(EventTime(0));
    for later in ["page", "offset", "token", "secret", "access"] {
        named.insert(later.to_owned(), "1".to_owned());
    }
    if let Err(why) = request(&plan.preset.list.ask, &named) {
        let hint = "check set = { ... }; an address is written as https://blog.example.com";
        section.problems.add(section.place("set"), why, hint);
    }
}

#[async_trait]
impl Settings for PollSettings {
    async fn identify(&self, handle: &str) -> Result<Option<String>, Fault> {
        match &self.plan {
            Some(plan) => plan.identify(handle).await,
            None => Ok(None),
        }
    }

    fn delay_us(&self) -> Option<i64> {
        let interval = self.plan.as_ref()?.interval;
        Some(asked_every(i64::try_from(interval.as_micros()).unwrap_or(i64::MAX)))
    }

    fn telling(&self) -> Option<Telling> {
        // What a preset of the user's own says of authors and kinds is theirs to know.
        let plan = self.plan.as_ref().filter(|_| self.is_shipped)?;
        let tells = plan.preset.tells;
        Some(Telling {
            reach: tells.reach,
            engagement: tells.engagement,
            later: false,
            kinds: &KINDS,
            authors: "",
            handles: None,
            host: "",
        })
    }

    fn never(&self) -> &[String] {
        self.plan.as_ref().map_or(&[], |plan| &plan.preset.never)
    }

    fn look(&self) -> Look {
        let Some(plan) = &self.plan else { return Look::Well };
        let finding =
            |fault: SecretFault| Finding { reason: fault.to_string(), hint: fault.hint() };
        let places = [&plan.token, &plan.secret].into_iter().flatten();
        if let Some(fault) = places.filter_map(|place| place.fetch().err()).next() {
            return Look::Fails(finding(fault));
        }
        let token = plan.token.as_ref().and_then(|place| place.fetch().ok());
        let odd = token.and_then(|token| odd_token(plan, token.expose()));
        if let Some(fault) = odd.or_else(|| service_key(plan)?.err()) {
            return Look::Fails(Finding {
                reason: fault.to_string(),
                hint: fault.hint().to_owned(),
            });
        }
        // One in a variable was warned of where it is named.
        let written = plan.token.as_ref().filter(|place| matches!(place, SecretPlace::File(_)));
        match written
            .filter(|_| plan.preset.renew.is_some() || plan.preset.rotates())
            .map(SecretPlace::try_replacing)
        {
            Some(Err(fault)) => Look::Warns(finding(fault)),
            _ => Look::Well,
        }
    }

    fn door(&self) -> Option<Arc<dyn Door>> {
        self.plan.as_ref()?.bell.as_ref()?.door()
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        match &self.plan {
            Some(plan) => Box::new(Poll::new(Arc::clone(plan), spec)),
            None => Box::new(Unplanned),
        }
    }
}

/// The key of a service account, where one may be the token and is; whether it can sign.
fn service_key(plan: &Plan) -> Option<Result<ServiceKey, Fault>> {
    plan.preset.service.as_ref()?;
    let token = plan.token.as_ref()?.fetch().ok()?;
    ServiceKey::is_one(token.expose()).then(|| ServiceKey::read(token.expose()))
}

/// What stands for a source whose configuration has problems: it is never read.
#[derive(Debug)]
struct Unplanned;

#[async_trait]
impl Source for Unplanned {
    async fn read(&mut self, _: &Outlet) -> Result<(), Fault> {
        Err(Fault::Internal { reason: "the source has no preset".to_owned() })
    }
}
