//! How is a lake looked after on the command line?

use std::io::{self, Write};

use super::args_lake::{LakeCommand, SchemaFormat};
use super::{Ending, Failure};
use crate::lake::{schema_json, schema_markdown};

pub(super) fn lake(command: &LakeCommand) -> Result<Ending, Failure> {
    match command {
        LakeCommand::Schema { format } => {
            let text = match format {
                SchemaFormat::Markdown => schema_markdown(),
                SchemaFormat::Json => format!("{}\n", schema_json()),
            };
            io::stdout().lock().write_all(text.as_bytes())?;
            Ok(Ending::Done)
        }
    }
}
