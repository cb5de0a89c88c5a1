//! What does a row say that was analyzed elsewhere? A post and what was found in it.

use super::{ArchiveLine, Decoded, Decoder, Parcel, cut_text};
use crate::portable::Carried;
use crate::post::{Event, Found, Passed, TEXT_BYTES_MAX};

impl Decoder {
    /// Adds what named fields say to `parcel`, and what was found in them; `raw` gives them as
    /// JSON, for a refusal to show. Where only matched posts are kept, one without findings passes.
    pub fn decode_found(
        &mut self,
        line: Result<ArchiveLine<'_>, String>,
        carried: Option<&[u8]>,
        raw: impl FnOnce() -> Vec<u8>,
        parcel: &mut Parcel,
    ) {
        let decoded = line.and_then(|line| self.found(line, carried));
        let raw = if decoded.is_err() { raw() } else { Vec::new() };
        self.take(decoded, &raw, parcel);
    }

    fn found(
        &mut self,
        mut line: ArchiveLine<'_>,
        carried: Option<&[u8]>,
    ) -> Result<Decoded, String> {
        let carried = carried.ok_or("the field \"findings\" is missing")?;
        let topics = self.reading.topics.as_deref().unwrap_or_default();
        let carried = Carried::read(carried).and_then(|carried| carried.among(topics));
        let carried = carried.ok_or("the findings are damaged")?;
        if let Some(now) = self.now {
            line.received_by(now);
        }
        let is_mended = line.is_mended();
        let source = line.source().ok_or("the field \"source\" is missing")?;
        let source = self.named(source);
        let post = line.into_post(source, &self.authors);
        let event = if post.is_ahead() {
            Event::Create(Box::new(post))
        } else if carried.is_empty() && self.sieve.is_some() {
            Event::Pass(Passed::of(&post, self.authors.post_key(&post.source, &post.id)))
        } else if carried.fits(cut_text(&post.text, TEXT_BYTES_MAX)) {
            Event::Found(Box::new(Found { post, carried: carried.to_bytes().into() }))
        } else if post.text.is_empty() {
            return Err("its text was left out, and is to be kept; prepare it with texts=\"all\""
                .to_owned());
        } else {
            return Err("the text is not the one that was analyzed".to_owned());
        };
        Ok(if is_mended { Decoded::Mended(event, None) } else { Decoded::Event(event, None) })
    }
}
