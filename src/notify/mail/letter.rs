//! What is in the envelope? A letter in plain text and HTML, with what belongs to it.

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, MultiPart};

use crate::alert::Transition;
use crate::notify::enclosure::Enclosure;
use crate::notify::format::MailText;
use crate::notify::letterbox::Letterbox;
use crate::notify::message::Message;

/// Hexadecimal digits that name a letter.
const MARK_CHARS: usize = 32;

/// The bytes of a letter. Its `Message-ID` is that of the message to this letterbox, whenever it
/// leaves; letters about one alert refer to one another.
pub(super) fn write(
    letterbox: &Letterbox,
    message: &Message,
    text: &MailText,
    enclosure: Option<Enclosure>,
) -> Result<Vec<u8>, String> {
    let name = |of: &str| {
        let mark = blake3::hash(format!("{of}\u{1f}{}", message.receiver).as_bytes()).to_hex();
        let mark: String = mark.chars().take(MARK_CHARS).collect();
        format!("<{mark}@{}>", letterbox.from.email.domain())
    };
    let again = matches!(message.transition(), Some(Transition::Escalated | Transition::Resolved));
    let subject = format!("{}{}", if again { "Re: " } else { "" }, text.subject);
    let mut letter = lettre::Message::builder()
        .from(letterbox.from.clone())
        .subject(subject)
        .message_id(Some(name(&message.id)))
        .date_now();
    for person in &letterbox.to {
        letter = letter.to(person.clone());
    }
    if message.subject.is_some() {
        let matter = name(message.alert());
        letter = letter.in_reply_to(matter.clone()).references(matter);
    }
    // No machine answers, and rules of mail programs have something to hold on to.
    for (header, value) in [
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"),
        (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All"),
        (HeaderName::new_from_ascii_str("X-Resonanz-Id"), message.id.as_str()),
    ] {
        letter = letter.raw_header(HeaderValue::new(header, value.to_owned()));
    }
    let both = MultiPart::alternative_plain_html(text.plain.clone(), text.html.clone());
    let parts = match enclosure {
        None => both,
        Some(Enclosure { name, media_type, bytes }) => {
            let kind = ContentType::parse(media_type).map_err(|error| error.to_string())?;
            let enclosed = Attachment::new(name).body(bytes, kind);
            MultiPart::mixed().multipart(both).singlepart(enclosed)
        }
    };
    letter.multipart(parts).map(|letter| letter.formatted()).map_err(|error| error.to_string())
}
