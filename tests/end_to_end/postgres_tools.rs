//! Is what tools ask of PostgreSQL's catalog answered? The statements that DBeaver, Metabase, Grafana, Npgsql,
//! pgAdmin and Power BI send when somebody connects and looks around.

use std::process::Command;

use crate::ask::lake;
use crate::postgres::{PASSWORD, Served};
use crate::support::{repository, stderr, stdout};

#[test]
fn what_tools_send_first_is_answered() {
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    let known = Command::new(&python).args(["-c", "import psycopg"]).output();
    if !known.is_ok_and(|known| known.status.success()) {
        return;
    }
    let served = Served::new(lake(), &["--concurrent", "4"]);
    let script = repository("tests/end_to_end/postgres_tools.py");
    let output =
        Command::new(python).arg(script).arg(served.port.to_string()).arg(PASSWORD).output();
    let output = output.expect("Python runs");
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).ends_with("done\n"));
}
