//! What may be sent to this source, by whom, and how is it to be read?

use std::path::Path;
use std::sync::Arc;

use super::{IngestDoor, IngestSource};
use crate::connect::network::{Finding, Look, Settings, SourceSpec};
use crate::connect::source::Source;
use crate::connect::transport::Door;
use crate::decode::{EntryStyle, FIELDS, FieldMap, Reading};
use crate::secret::{SecretPlace, place};
use crate::settings::Section;

/// Longest body that can be asked for, in MiB.
const BODY_MIB_MAX: u64 = 64;

/// A door for whatever others send.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// Where the token is that senders need; without one they must be on this machine.
    pub token: Option<SecretPlace>,
    /// Where requests come in.
    door: Arc<IngestDoor>,
}

/// Reads `token_env`, `token_file`, `map`, `html` and `body_mib`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let token = place(section, base, ["token_env", "token_file"]);
    let (reading, style) = mapping(section);
    let body_mib = section.count("body_mib").unwrap_or(4);
    if !(1..=BODY_MIB_MAX).contains(&body_mib) {
        let at = section.place("body_mib");
        let message = format!("body_mib is {body_mib}");
        section.problems.add(at, message, format!("it must be 1 to {BODY_MIB_MAX}"));
    }
    let body_bytes_max = usize::try_from(body_mib.min(BODY_MIB_MAX)).unwrap_or(4) << 20;
    let is_guarded = token.is_some();
    let door = Arc::new(IngestDoor::new(is_guarded, body_bytes_max, reading, style));
    Arc::new(IngestSettings { token, door })
}

/// Reads `map` and `html`: where each field stands in what is sent.
pub(in crate::connect) fn mapping(section: &mut Section<'_, '_>) -> (Reading, EntryStyle) {
    let html = section.flag("html");
    let mut style = EntryStyle { op: None, html };
    let at = section.place("map");
    let mut pairs = Vec::new();
    for (field, path) in section.pairs("map") {
        match field.as_str() {
            "op" => style.op = Some(path),
            "source" => section.problems.add(
                at,
                "map: posts carry the name of their [[source]]",
                "write one [[source]] for each name",
            ),
            _ => pairs.push(format!("{field}={path}")),
        }
    }
    let map = pairs.join(",").parse::<FieldMap>().unwrap_or_else(|error| {
        let hint = format!("the fields are op, {}", FIELDS.join(", "));
        section.problems.add(at, format!("map: {error}"), hint);
        FieldMap::default()
    });
    (Reading { map, ..Reading::default() }, style)
}

impl Settings for IngestSettings {
    fn look(&self) -> Look {
        match self.token.as_ref().map(SecretPlace::fetch) {
            Some(Err(fault)) => {
                Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint() })
            }
            _ => Look::Well,
        }
    }

    fn door(&self) -> Option<Arc<dyn Door>> {
        Some(Arc::clone(&self.door) as Arc<dyn Door>)
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(IngestSource::new(self.token.clone(), Arc::clone(&self.door), spec))
    }
}
