//! Has a site something new? Its feed says so at little cost, or by itself, where a hub tells of it; who
//! reads the site in another way asks it then.

use std::sync::Arc;

use super::address::checked;
use super::ask::{Ask, Trouble};
use super::push::Push;
use super::settings::{PushSettings, push};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Door, Http, Validators};
use crate::decode::feed::Entry;
use crate::post::SourceId;
use crate::settings::Section;

/// The key under which its hub is asked to tell.
const KEY: &str = "bell";

/// Which feed tells of a site.
#[derive(Debug, Clone)]
pub(in crate::connect) struct BellSettings {
    url: String,
    push: Option<PushSettings>,
}

/// A feed that is looked at for changes alone.
#[derive(Debug)]
pub(in crate::connect) struct Bell {
    url: String,
    /// Where the feed is now.
    address: String,
    validators: Validators,
    /// As it was; `None` before the first look.
    entries: Option<Vec<Entry>>,
    push: Option<Push>,
}

impl BellSettings {
    /// Reads `feed` and `websub`.
    pub(in crate::connect) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        let push = push(section);
        let Some(url) = section.text("feed") else {
            if push.is_some() {
                let at = section.place("websub");
                let hint = "add the address of the feed whose hub is asked: feed = \"https://...\"";
                section.problems.add(at, "websub without a feed", hint);
            }
            return None;
        };
        if let Err((message, hint)) = checked(&url) {
            section.problems.add(section.place("feed"), message, hint);
        }
        Some(Self { url: url.trim().to_owned(), push })
    }

    /// Where hubs knock, if they can.
    pub(in crate::connect) fn door(&self) -> Option<Arc<dyn Door>> {
        self.push.as_ref().map(PushSettings::door)
    }

    /// The bell of a source.
    pub(in crate::connect) fn bell(&self, source: &SourceId) -> Bell {
        Bell {
            url: self.url.clone(),
            address: self.url.clone(),
            validators: Validators::default(),
            entries: None,
            push: self.push.as_ref().and_then(|push| push.of(source)),
        }
    }
}

impl Bell {
    /// Lets hubs knock.
    pub(in crate::connect) fn begin(&self) {
        self.push.iter().for_each(Push::begin);
    }

    /// Lets them knock no more.
    pub(in crate::connect) fn end(&self) {
        self.push.iter().for_each(Push::end);
    }

    /// Waits until a hub says that there is something new.
    pub(in crate::connect) async fn knock(&mut self) {
        match &mut self.push {
            Some(push) => drop(push.next().await),
            None => std::future::pending().await,
        }
    }

    /// Whether the feed has changed since it was looked at last; the first look says yes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::connect) async fn has_rung(&mut self, outlet: &Outlet) -> Result<bool, Fault> {
        let ask = Ask {
            http: Http::new()?,
            url: self.address.clone(),
            given: self.url.clone(),
            validators: self.validators.clone(),
            token: None,
        };
        let found = ask.look(outlet).await.map_err(|trouble| match trouble {
            Trouble::Closed => Fault::Closed,
            Trouble::Gone => Fault::external("it is gone"),
            Trouble::Passing { reason, wait } => Fault::External { reason, wait },
            Trouble::Lasting { reason, hint } => Fault::User { reason, hint },
        })?;
        self.validators = found.validators;
        if let Some((address, _)) = found.address {
            self.address = address;
        }
        if let (Some(push), Some(hub)) = (&mut self.push, &found.hub) {
            push.keep(KEY, hub, outlet);
        }
        let Some(document) = found.document else { return Ok(false) };
        let before = self.entries.replace(document.entries);
        Ok(before.is_none() || before != self.entries)
    }
}
