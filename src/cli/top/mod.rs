//! How is a running process, at a glance and in a terminal? Asked over its HTTP API, again and again.

mod board;
mod fetch;
mod paint;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use super::{Ending, Failure, runtime};
use board::Board;
use fetch::{Asker, NoAnswer};

/// How often keys are looked at.
const BLINK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address of the process, as `run` says it
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8600")]
    url: String,
    /// Span that is counted: 1h, 24h, 7d, today, this-week
    #[arg(long, default_value = "24h")]
    period: String,
    /// Time zone of its days, as Europe/Berlin
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Seconds between updates
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Environment variable that holds the token, if the process needs one
    #[arg(long, value_name = "NAME")]
    token_env: Option<String>,
}

pub(super) fn top(args: &Args) -> Result<Ending, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let hint = format!("for programs: curl {}/api/v1/overview", args.url);
        return Err(Failure::usage("top needs a terminal", hint));
    }
    let asker = Asker::new(args)?;
    let runtime = runtime()?;
    // The first answer decides: a wrong address is said at once, on the usual screen.
    let first = runtime.block_on(asker.look(&Board::default())).map_err(|NoAnswer { why, wants_token }| {
        let error = anyhow::anyhow!("no answer from {}: {why}", args.url);
        let hint = match wants_token {
            true => "make one with: resonanz users token top --role read --write; reload the process; then: export TOP_TOKEN=rz_...; resonanz top --token-env TOP_TOKEN",
            false => "start it with: resonanz run; its address is [serve] listen, or add --url URL",
        };
        Failure { error, code: 1, hint: Some(hint.to_owned()) }
    })?;
    let (sender, boards) = sync_channel(1);
    let every = Duration::from_secs(args.every);
    let shown = first.clone();
    runtime.spawn(async move {
        let mut last = first;
        loop {
            tokio::time::sleep(every).await;
            last = match asker.look(&last).await {
                Ok(board) => board,
                Err(NoAnswer { why, .. }) => last.silent(why),
            };
            // Nobody looks any more once the other end is gone.
            if sender.send(last.clone()).is_err() {
                return;
            }
        }
    });
    let mut terminal = ratatui::try_init()?;
    let ended = watch(&mut terminal, shown, &boards);
    ratatui::restore();
    drop(boards);
    runtime.shutdown_background();
    ended?;
    Ok(Ending::Done)
}

/// Draws until somebody wants to leave.
fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    mut board: Board,
    boards: &Receiver<Board>,
) -> io::Result<()> {
    loop {
        terminal.draw(|frame| paint::paint(frame, &board))?;
        loop {
            if event::poll(BLINK)? {
                match event::read()? {
                    Event::Key(key) if key.kind == KeyEventKind::Press => {
                        let control = key.modifiers.contains(KeyModifiers::CONTROL);
                        match key.code {
                            KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                            KeyCode::Char('c') if control => return Ok(()),
                            _ => {}
                        }
                    }
                    Event::Resize(..) => break,
                    _ => {}
                }
            }
            match boards.recv_timeout(Duration::ZERO) {
                Ok(next) => {
                    board = next;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }
}
