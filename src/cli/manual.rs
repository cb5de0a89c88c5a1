//! How do shells and manuals learn of the commands? Completions, man pages and the reference, all
//! made from the arguments themselves.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{Arg, Command};
use clap_complete::Shell;

use super::{Ending, Failure};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
For bash: resonanz completions bash > ~/.local/share/bash-completion/completions/resonanz")]
pub(super) struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// Folder for the pages; created if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints what a shell completes by.
pub(super) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "resonanz", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Ending::Done)
}

/// Writes a page for each command.
pub(super) fn man(args: &ManArgs, command: Command) -> Result<Ending, Failure> {
    let folder = &args.folder;
    let failure = |error: io::Error| Failure::file(folder, &error, "give a folder to write to");
    fs::create_dir_all(folder).map_err(failure)?;
    let mut pages = 0;
    for (name, command) in all(command) {
        let file = name.replace(' ', "-");
        let page = clap_mangen::Man::new(command).title(file.clone());
        let mut file = File::create(folder.join(format!("{file}.1"))).map_err(failure)?;
        page.render(&mut file)?;
        pages += 1;
    }
    writeln!(
        io::stdout().lock(),
        "{}: {pages} pages; read one: man -l {0}/resonanz.1",
        folder.display()
    )?;
    Ok(Ending::Done)
}

/// Prints the reference in Markdown.
pub(super) fn reference(command: Command) -> Result<Ending, Failure> {
    let mut text = String::from(
        "# Command-line reference\n\nAll commands and options, as `--help` says them. \
         [Commands](../src/cli/commands.md) tells what they have in common.\nThis file is made from \
         the program: `BLESS=1 cargo test --release --test end_to_end reference` writes it anew.\n",
    );
    for (name, command) in all(command) {
        section(&name, &command, &mut text);
    }
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Ending::Done)
}

/// All commands that are shown, each with its whole name.
fn all(mut command: Command) -> Vec<(String, Command)> {
    command.build();
    let mut found = Vec::new();
    let mut open = vec![("resonanz".to_owned(), command)];
    while let Some((name, command)) = open.pop() {
        let inner = command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help");
        let inner: Vec<(String, Command)> =
            inner.map(|inner| (format!("{name} {}", inner.get_name()), inner.clone())).collect();
        open.extend(inner.into_iter().rev());
        found.push((name, command));
    }
    found
}

fn section(name: &str, command: &Command, out: &mut String) {
    let plain = |text: Option<&StyledStr>| text.map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    // Writing to a string cannot fail.
    let _ = write!(out, "\n## {name}\n\n{}\n\n```text\n{usage}\n```\n", plain(command.get_about()));
    let shown = |arg: &&Arg| {
        !arg.is_hide_set()
            && !matches!(arg.get_id().as_str(), "help" | "version")
            && (!arg.is_global_set() || name == "resonanz")
    };
    let arguments: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    if !arguments.is_empty() {
        out.push_str("\n| option | meaning |\n|---|---|\n");
    }
    for argument in arguments {
        let _ = writeln!(out, "| `{}` | {} |", syntax(argument), meaning(argument));
    }
    let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    for inner in inner.filter(|inner| inner.get_name() != "help") {
        let anchor = format!("{name} {}", inner.get_name()).replace(' ', "-");
        let _ = write!(out, "\n- [{}](#{anchor}): {}", inner.get_name(), plain(inner.get_about()));
    }
    if command.has_subcommands() {
        out.push('\n');
    }
    let after = plain(command.get_after_help());
    if !after.is_empty() {
        let _ = write!(out, "\n{after}\n");
    }
}

/// How an argument is typed.
fn syntax(argument: &Arg) -> String {
    let values: Vec<String> = match argument.get_value_names() {
        Some(names) if argument.get_action().takes_values() => {
            names.iter().map(|name| format!("<{name}>")).collect()
        }
        _ => Vec::new(),
    };
    let values = values.join(" ");
    let dots = if argument.get_num_args().is_some_and(|count| count.max_values() > 1)
        || matches!(argument.get_action(), clap::ArgAction::Append)
    {
        "..."
    } else {
        ""
    };
    let typed = match (argument.get_short(), argument.get_long()) {
        (None, None) => format!("{values}{dots}"),
        (Some(short), Some(long)) => format!("-{short}, --{long} {values}"),
        (Some(short), None) => format!("-{short} {values}"),
        (None, Some(long)) => format!("--{long} {values}{dots}"),
    };
    typed.trim_end().replace('|', "\\|")
}

/// What an argument says, with its values and its default.
fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && argument.get_action().takes_values())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({help})", value.get_name()),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(text, ": {}", values.join(", "));
    }
    let default: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into()).collect();
    let is_shown = !default.is_empty() && !argument.is_hide_default_value_set();
    if is_shown && argument.get_action().takes_values() {
        let _ = write!(text, " [default: {}]", default.join(" "));
    }
    if let Some(variable) = argument.get_env() {
        let _ = write!(text, " [env: {}]", variable.to_string_lossy());
    }
    text.replace('|', "\\|").replace('\n', " ")
}
