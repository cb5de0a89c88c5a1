//! Which options say how the posts of a file are to be read, beyond what it says itself?

use clap::ValueEnum;

use crate::connect::Encoding;
use crate::decode::{FieldMap, Reading};
use crate::time::{TimeStyle, Zone};

#[derive(Debug, Clone, clap::Args)]
pub(super) struct ReadingArgs {
    /// Columns of CSV and Parquet files, or members of JSON objects, to read as fields, such as
    /// text=body,id=uid or text=data.text; posted_at=Date+Time joins two
    #[arg(long, value_name = "FIELD=COLUMN,...")]
    map: Option<FieldMap>,
    /// Text encoding; by default UTF-16 is recognized by the first bytes, and a CSV file that is
    /// not UTF-8 is read as Windows-1252
    #[arg(long, value_enum)]
    encoding: Option<EncodingName>,
    /// Time zone of times that name none, such as Europe/Berlin or +02:00; without it they are refused
    #[arg(long, allow_hyphen_values = true)]
    zone: Option<Zone>,
    /// Format of times that are not recognized, such as '%m/%d/%Y %I:%M %p'
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// Thousands separator of counts, such as the dot in 68.870
    #[arg(long, value_name = "CHARACTER")]
    thousands: Option<char>,
    /// Author of posts that name none, such as those in an archive of your own account
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EncodingName {
    #[value(name = "utf-8")]
    Utf8,
    #[value(name = "utf-16")]
    Utf16Le,
    #[value(name = "utf-16be")]
    Utf16Be,
    #[value(name = "windows-1252", alias = "cp1252", alias = "latin1", alias = "iso-8859-1")]
    Windows1252,
}

impl ReadingArgs {
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.encoding.map(|name| match name {
            EncodingName::Utf8 => Encoding::Utf8,
            EncodingName::Utf16Le => Encoding::Utf16Le,
            EncodingName::Utf16Be => Encoding::Utf16Be,
            EncodingName::Windows1252 => Encoding::Windows1252,
        })
    }

    pub(super) fn reading(&self) -> Reading {
        let zone = self.zone.clone().map(|Zone(zone)| zone);
        let times = TimeStyle { zone, format: self.time_format.clone() };
        let (map, owner) = (self.map.clone().unwrap_or_default(), self.author.clone());
        Reading { map, times, thousands: self.thousands, owner, topics: None }
    }
}
