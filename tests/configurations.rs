//! Is every configuration read, or are its faults placed?

#[path = "stages/damage.rs"]
mod damage;

use std::path::Path;

use proptest::prelude::*;

use damage::{cases, damaged_text};
use resonanz::config::Config;

const CONFIG: &str = r#"
[lake]
path = "lake"
commit_interval = "10s"
shard = "2/3"
[privacy]
author_key_file = "key"
[stream]
type = "nats"
url = "nats://h:4222"
stream = "POSTS"
keep = "3d"
[engine]
lateness = "5s"
[sentiment]
profile = "resonanz"
[[source]]
name = "ws"
type = "websocket"
url = "wss://example.org/subscribe"
format = "jetstream"
[[topic]]
name = "acme"
query = 'acme NOT job'
[[receiver]]
name = "team"
url = "https://example.org/hook"
[[rule]]
name = "spike"
type = "spike"
window = "10m"
active = "mon-fri 08:00-18:00"
zone = "Europe/Berlin"
receivers = ["team"]
[[receiver]]
name = "lead"
kind = "mail"
server = "smtp.example.org"
port = 587
from = "a@example.org"
to = ["B C <b@example.org>"]
[report.weekly]
at = "Mo 07:00"
zone = "Europe/Berlin"
to = ["lead"]
"#;

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn every_configuration_is_read_or_its_faults_are_placed(text in damaged_text(CONFIG)) {
        if let Err(errors) = Config::parse(&text, Path::new("/")) {
            prop_assert!(!errors.is_empty());
            let lines = text.split('\n').count();
            for error in errors {
                prop_assert!((1..=lines).contains(&error.line), "{error}\n{text}");
                prop_assert!(error.column >= 1 && !error.message.is_empty());
            }
        }
    }
}
