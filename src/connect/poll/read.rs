//! Which posts does an answer hold? From JSON to posts, by the mappings of a preset.

use serde_json::Value as Json;

use super::preset::{Mapping, Preset};
use super::template::Pointer;
use crate::decode::{ArchiveLine, Decoder, Parcel, Reading, Refused, Value};
use crate::post::{Event, Post};
use crate::time::{EventTime, TimeStyle};

/// What an item says.
#[derive(Debug)]
pub(super) enum Heard {
    /// A post, with the id that the platform gives it and the mapping that read it.
    Post { id: String, of: usize, post: Box<Post>, is_cut: bool, is_mended: bool },
    /// A post that is gone.
    Gone { id: String },
    /// Something that says no post, though it should.
    Refused(Refused),
    /// Something that is not a post by nature.
    Nothing,
}

/// Reads items by a preset.
pub(super) struct Reader<'a> {
    pub(super) preset: &'a Preset,
    pub(super) decoder: &'a mut Decoder,
    /// Keys of the source.
    pub(super) named: &'a dyn Fn(&str) -> Option<String>,
    pub(super) now: EventTime,
}

/// The items of an answer; a lone object is a list of one, as converters from XML write it.
///
/// # Errors
/// In words, for an answer without them.
pub(super) fn items<'v>(
    answer: &'v Json,
    at: &Pointer,
    is_optional: bool,
) -> Result<Vec<&'v Json>, String> {
    match at.value(answer) {
        Some(Json::Array(list)) => Ok(list.iter().collect()),
        Some(object @ Json::Object(_)) => Ok(vec![object]),
        None if is_optional => Ok(Vec::new()),
        _ => Err("the answer does not hold the list of posts that this preset expects".to_owned()),
    }
}

impl Reader<'_> {
    /// All that an item of the list says.
    pub(super) fn item(&mut self, item: &Json, heard: &mut Vec<Heard>) {
        let preset = self.preset;
        for (of, mapping) in preset.post.iter().enumerate() {
            if !mapping.only_recheck {
                self.part(of, mapping, item, heard);
            }
        }
    }

    /// What an item says that is itself what a mapping reads.
    pub(super) fn by(&mut self, of: usize, item: &Json, heard: &mut Vec<Heard>) {
        let preset = self.preset;
        heard.extend(preset.post.get(of).map(|mapping| self.post(of, mapping, item)));
    }

    fn part(&mut self, of: usize, mapping: &Mapping, item: &Json, heard: &mut Vec<Heard>) {
        match mapping.at.value(item) {
            Some(Json::Array(list)) => {
                heard.extend(list.iter().map(|part| self.post(of, mapping, part)));
            }
            Some(part) => heard.push(self.post(of, mapping, part)),
            None => {}
        }
    }

    fn post(&mut self, of: usize, mapping: &Mapping, part: &Json) -> Heard {
        if mapping.skip.iter().any(|test| test.holds(part)) {
            return Heard::Nothing;
        }
        let field = |name: &str| {
            let places = mapping.fields.get(name);
            places.map_or(Value::Null, |places| places.read(part, self.named))
        };
        let id = match field("id") {
            Value::Text(text) | Value::Number(text) => text.into_owned(),
            Value::Int(int) => int.to_string(),
            _ => String::new(),
        };
        if mapping.gone.iter().any(|test| test.holds(part)) {
            return if id.is_empty() { Heard::Nothing } else { Heard::Gone { id } };
        }
        let has_words = match field("text") {
            Value::Null => false,
            Value::Text(text) => !text.trim().is_empty(),
            _ => true,
        };
        if !has_words && !id.is_empty() {
            // A picture without a word, a rating without a review.
            return Heard::Nothing;
        }
        let kind = mapping.kinds.iter().find(|kind| kind.test.holds(part));
        let kind = kind.map_or(mapping.kind, |kind| kind.kind);
        let reading = Reading { times: TimeStyle::utc(), ..Reading::default() };
        let said = |name: &'static str| {
            Ok(match name {
                "received_at" => Value::Time(self.now),
                "kind" => Value::Text(kind.as_str().into()),
                _ => field(name),
            })
        };
        let line = ArchiveLine::from_fields(said, &reading);
        self.decoder.set_now(self.now);
        let mut parcel = Parcel::new(self.decoder.source());
        self.decoder.decode_fields(line, || part.to_string().into_bytes(), &mut parcel);
        let (is_cut, is_mended) = (parcel.cut > 0, parcel.mended > 0);
        match parcel.events.pop() {
            Some(Event::Create(post)) => Heard::Post { id, of, post, is_cut, is_mended },
            _ => parcel.refused.pop().map_or(Heard::Nothing, Heard::Refused),
        }
    }
}
