//! How do people and programs get their passwords and tokens? As lines for the configuration, which
//! hold no more than hashes.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};

use clap::ValueEnum;

use super::places::ConfigAt;
use super::{Ending, Failure, config_file};
use crate::config::Role;
use crate::serve::{HashError, hash_password};
use crate::state::write_whole;
use crate::system::{hex, random};

/// Users and tokens.
#[derive(Debug, clap::Subcommand)]
pub(super) enum UsersCommand {
    /// Ask for a password, and print a user's lines for the configuration
    Add(AddArgs),
    /// Create a token for a program, and print it with its lines for the configuration
    Token(AddArgs),
    /// List the users and tokens of a configuration with their roles
    List(ListArgs),
}

/// Who, and what they may do.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// Name of the user or the program
    name: String,
    /// What they may do
    #[arg(long, value_enum, default_value_t = RoleArg::Read)]
    role: RoleArg,
    /// Add the lines to the end of the configuration file instead of printing them
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    config: ConfigAt,
}

/// Of which configuration.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    config: ConfigAt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleArg {
    /// See everything but the audit log
    Read,
    /// Also acknowledge, silence, resend, and work in the inbox
    Operate,
    /// Also change topics, and see the audit log
    Admin,
    /// Send posts to sources of type ingest, and nothing else; for tokens
    Ingest,
}

impl RoleArg {
    fn role(self) -> Role {
        match self {
            Self::Read => Role::Read,
            Self::Operate => Role::Operate,
            Self::Admin => Role::Admin,
            Self::Ingest => Role::Ingest,
        }
    }
}

pub(super) fn users(command: &UsersCommand) -> Result<Ending, Failure> {
    match command {
        UsersCommand::Add(args) => add(args),
        UsersCommand::Token(args) => token(args),
        UsersCommand::List(args) => list(args),
    }
}

fn add(args: &AddArgs) -> Result<Ending, Failure> {
    if args.role == RoleArg::Ingest {
        let hint = format!("make a token: resonanz users token {} --role ingest", args.name);
        return Err(Failure::usage("the role ingest is for programs", hint));
    }
    check_name(&args.name)?;
    let password = password(&args.name)?;
    let hash = hash_password(&password).map_err(|error| match error {
        HashError::Short | HashError::Long => {
            let hint = "use a passphrase, or generate one: openssl rand -base64 24";
            Failure::usage(error.to_string(), hint)
        }
        other => other.into(),
    })?;
    let lines = table("user", args, &format!("password_hash = {}", quoted(&hash)));
    put(args, &lines)
}

fn token(args: &AddArgs) -> Result<Ending, Failure> {
    check_name(&args.name)?;
    let token = format!("rz_{}", hex(&random::<32>()?));
    let hash = blake3::hash(token.as_bytes()).to_hex();
    let lines = table("token", args, &format!("token_hash = \"{hash}\""));
    // Where the lines go to a file, only the token is left to be printed.
    if args.write {
        write(args, &lines)?;
        writeln!(io::stdout().lock(), "{token}")?;
        return Ok(Ending::Done);
    }
    writeln!(io::stderr().lock(), "the token, which is shown only once:")?;
    writeln!(io::stdout().lock(), "{token}\n\n{lines}")?;
    Ok(Ending::Done)
}

fn list(args: &ListArgs) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let mut out = io::stdout().lock();
    for user in &config.access.users {
        let by = if user.password_hash.is_some() { "password" } else { "proxy" };
        writeln!(out, "{}\t{}\t{by}", user.name, user.role.as_str())?;
    }
    for token in &config.access.tokens {
        writeln!(out, "{}\t{}\ttoken", token.name, token.role.as_str())?;
    }
    Ok(Ending::Done)
}

/// The password, asked twice on a terminal without showing it, else the first line that comes in.
fn password(name: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = console::Term::stderr();
    write!(io::stderr(), "password for {name}: ")?;
    let first = terminal.read_secure_line()?;
    write!(io::stderr(), "once more: ")?;
    let second = terminal.read_secure_line()?;
    if first == second {
        return Ok(first);
    }
    Err(Failure::usage("the two passwords differ", "type the same one twice"))
}

fn check_name(name: &str) -> Result<(), Failure> {
    if name.is_empty() || name.trim() != name || name.len() > 64 || name.contains(char::is_control)
    {
        let hint = "give at most 64 bytes, without spaces around them";
        return Err(Failure::usage("this cannot be the name of a user or a token", hint));
    }
    Ok(())
}

fn table(kind: &str, args: &AddArgs, proof: &str) -> String {
    let (name, role) = (quoted(&args.name), args.role.role().as_str());
    format!("[[serve.{kind}]]\nname = {name}\nrole = \"{role}\"\n{proof}\n")
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn put(args: &AddArgs, lines: &str) -> Result<Ending, Failure> {
    if args.write {
        write(args, lines)?;
    } else {
        write!(io::stdout().lock(), "{lines}")?;
    }
    Ok(Ending::Done)
}

/// Adds lines to the end of the configuration, which may have problems of its own: a login is what
/// some of them ask for.
fn write(args: &AddArgs, lines: &str) -> Result<(), Failure> {
    let path = args.config.path();
    let text = config_file::read(path)?;
    let by_hand = "omit --write, and add the lines by hand";
    let table = |text: &str| {
        text.parse::<toml::Table>().map_err(|error| {
            let first = error.message().lines().next().unwrap_or_default().to_owned();
            Failure::usage(format!("{}: {first}", path.display()), by_hand)
        })
    };
    let known = table(&text)?;
    let listed = ["user", "token"]
        .into_iter()
        .filter_map(|kind| known.get("serve")?.get(kind)?.as_array())
        .flatten()
        .any(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(&args.name));
    if listed {
        let hint = format!("change the lines of \"{}\" in {}", args.name, path.display());
        return Err(Failure::usage("a user or token of this name already exists", hint));
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "\n" } else { "\n\n" };
    let text = format!("{text}{gap}{lines}");
    table(&text)?;
    let mode = fs::metadata(path)?.permissions();
    // A link stays one: the file behind it is replaced.
    let real = path.canonicalize()?;
    write_whole(&real, text.as_bytes())?;
    fs::set_permissions(&real, mode)?;
    let said = format!(
        "{}: added {}; it holds from the next reload (kill -HUP) or start",
        path.display(),
        args.name
    );
    writeln!(io::stderr().lock(), "{said}")?;
    Ok(())
}
