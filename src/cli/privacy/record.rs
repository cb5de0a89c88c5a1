//! What is processed, why, for how long, and who gets it? The record that GDPR article 30(1) asks
//! for, in Markdown.
//!
//! Everything in it follows from the configuration; what that does not say is marked, and counted on
//! standard error.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::words::{DE, EN, Words};
use crate::chart::zoned;
use crate::cli::output::one_line;
use crate::cli::places::ConfigAt;
use crate::cli::{Ending, Failure};
use crate::config::{Config, Encryption, Evidence, MailConfig, ReceiverConfig, UrlPlace};
use crate::privacy::Names;
use crate::state::write_whole_shared;
use crate::system::wall_clock;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Language of the record
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    /// File to write, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigAt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// English
    En,
    /// German
    De,
}

pub(super) fn record(args: &Args) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let words = match args.lang {
        Lang::En => &EN,
        Lang::De => &DE,
    };
    let today = zoned(wall_clock(), &TimeZone::UTC).date();
    let mut record = Record { words, config: &config, text: String::new(), missing: 0 };
    record.write(today);
    match &args.out {
        Some(path) => write_whole_shared(path, record.text.as_bytes())?,
        None => io::stdout().lock().write_all(record.text.as_bytes())?,
    }
    if record.missing > 0 {
        tracing::warn!(
            count = record.missing,
            "the record marks what the configuration does not say"
        );
    }
    Ok(Ending::Done)
}

/// A record as it grows.
struct Record<'c> {
    words: &'static Words,
    config: &'c Config,
    text: String,
    /// How much is not said.
    missing: usize,
}

impl Record<'_> {
    fn write(&mut self, today: Date) {
        let words = self.words;
        self.text += &format!("# {}\n\n{} {today}. {}\n", words.title, words.made, words.check);
        self.controller();
        self.purposes();
        self.heading(words.people_title);
        self.text += &format!("{}\n", words.people);
        self.data();
        self.recipients();
        self.heading(words.transfers_title);
        self.text += &format!("{}\n", words.transfers);
        self.limits();
        self.measures();
        self.heading(words.workers_title);
        self.text += &format!("{}\n", words.workers);
    }

    fn heading(&mut self, title: &str) {
        self.text += &format!("\n## {title}\n\n");
    }

    /// What is said, or a mark with the key that would say it.
    fn said(&mut self, said: Option<&str>, key: &str) -> String {
        match said {
            Some(said) => cell(said),
            None => {
                self.missing += 1;
                format!("**{}** (`{key}`)", self.words.missing)
            }
        }
    }

    fn controller(&mut self) {
        let (words, law) = (self.words, &self.config.charter.law);
        self.heading(words.controller_title);
        for (name, value, key) in [
            (words.controller, &law.controller, "[law] controller"),
            (words.contact, &law.contact, "[law] contact"),
            (words.officer, &law.officer, "[law] officer"),
        ] {
            let said = self.said(value.as_deref(), key);
            self.text += &format!("- {name}: {said}\n");
        }
    }

    fn purposes(&mut self) {
        let (words, charter) = (self.words, &self.config.charter);
        self.heading(words.purposes_title);
        self.text += &format!(
            "| {} | {} | {} | {} |\n|---|---|---|---|\n",
            words.topic, words.purpose, words.basis, words.review
        );
        for (topic, duty) in &charter.duties {
            let duty = duty.or(&charter.law.usual);
            let purpose = self.said(duty.purpose.as_deref(), "purpose");
            let basis = duty.legal_basis.map(|basis| {
                format!("{} 6(1)({}): {}", words.article, basis.letter(), words.basis_of(basis))
            });
            let basis = self.said(basis.as_deref(), "legal_basis");
            let review = duty.review.map(|review| review.to_string());
            let review = self.said(review.as_deref(), "review");
            self.text += &format!("| {} | {purpose} | {basis} | {review} |\n", cell(topic));
        }
        self.text += &format!("\n{}\n", words.balance);
    }

    fn data(&mut self) {
        let words = self.words;
        self.heading(words.data_title);
        let names = match self.config.names {
            Names::Hash => words.hashed,
            Names::Keep => words.kept,
        };
        let sources: Vec<&str> =
            self.config.sources.iter().map(|source| source.name.as_str()).collect();
        self.text +=
            &format!("{}\n\n- {names}\n- {}: {}\n", words.data, words.sources, sources.join(", "));
    }

    fn recipients(&mut self) {
        let words = self.words;
        self.heading(words.recipients_title);
        self.text += &format!("- {}\n", words.inside);
        for receiver in &self.config.receivers {
            let evidence = match receiver.evidence {
                Evidence::Full => words.full,
                Evidence::Ids => words.ids,
            };
            let place = place(receiver, words);
            self.text += &format!("- {} ({place}): {evidence}\n", cell(&receiver.name));
        }
        for report in &self.config.reports {
            let to = report.to.join(", ");
            self.text += &format!("- {} {}: {}\n", words.report, cell(&report.name), cell(&to));
        }
        let path = self.config.lake.path.display().to_string();
        self.text += &format!("- {}: {}\n", words.storage, cell(&path));
    }

    fn limits(&mut self) {
        let (words, kept) = (self.words, self.config.lake.retention);
        self.heading(words.limits_title);
        let days = |days: Option<i32>| {
            days.map_or_else(|| words.forever.to_owned(), |days| format!("{days} {}", words.days))
        };
        for (name, limit) in [
            (words.texts, kept.text_days),
            (words.mentions, kept.mentions_days),
            (words.panes, kept.panes_days),
            (words.letters, kept.dead_letters_days),
            (words.notes, kept.text_days),
            (words.decisions, kept.mentions_days),
            (words.audit, kept.audit_days),
        ] {
            self.text += &format!("- {name}: {}\n", days(limit));
        }
        let hours = self.config.follow_deletes.as_secs().div_ceil(3_600);
        self.text += &format!("- {}: {hours} h\n- {}\n", words.deletes, words.erasure);
    }

    fn measures(&mut self) {
        let words = self.words;
        self.heading(words.measures_title);
        let config = self.config;
        let mut lines = vec![words.keyed];
        let is_mail = |receiver: &&ReceiverConfig| receiver.mail.is_some();
        let (mail, hooks): (Vec<_>, Vec<_>) = config.receivers.iter().partition(is_mail);
        if !hooks.is_empty() {
            let is_signed = hooks.iter().all(|receiver| receiver.secret.is_some());
            lines.push(if is_signed { words.signed } else { words.unsigned });
        }
        let is_open = |mail: &MailConfig| mail.encryption == Encryption::None;
        if !mail.is_empty() {
            let any_open = mail.iter().filter_map(|one| one.mail.as_ref()).any(is_open);
            lines.push(if any_open { words.mail_open } else { words.mail_closed });
        }
        lines.push(words.erased);
        self.doors(&mut lines);
        lines.iter().for_each(|line| self.text += &format!("- {line}\n"));
        self.text += &format!("- {} {}.\n", words.group, config.charter.law.min_group);
    }

    /// Who reaches pages, API and database, and may change something.
    fn doors(&self, lines: &mut Vec<&'static str>) {
        let (words, config) = (self.words, self.config);
        let Some(listen) = config.listen else {
            lines.push(words.closed);
            return;
        };
        let has_logins = config.access.demands_login();
        lines.push(match (listen.ip().is_loopback(), has_logins) {
            (true, _) => words.local,
            (false, true) => words.behind_login,
            (false, false) => words.network,
        });
        if config.access.tls.is_some() {
            lines.push(words.tls);
        }
        lines.push(match (has_logins, &config.token_env) {
            (true, _) => words.roles,
            (false, Some(_)) => words.token,
            (false, None) => words.no_token,
        });
    }
}

/// Where a receiver is, without what only its owner may know.
fn place(receiver: &ReceiverConfig, words: &Words) -> String {
    if let Some(mail) = &receiver.mail {
        let domains: BTreeSet<&str> = mail.to.iter().map(|to| to.email.domain()).collect();
        let domains: Vec<&str> = domains.into_iter().collect();
        let (count, domains) = (mail.to.len(), domains.join(", "));
        return cell(&format!("{} {}, {count} @ {domains}", words.mail, mail.server));
    }
    match &receiver.url {
        UrlPlace::Plain(url) => {
            let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
            cell(&host.unwrap_or_default())
        }
        UrlPlace::Secret(_) => words.secret.to_owned(),
    }
}

/// A text that stays in its cell, and is no Markdown.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for sign in one_line(text).chars() {
        if matches!(sign, '|' | '\\' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#') {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}
