//! Which version is this? Its number, the commit where git tells it, and the features built in.

use std::env::{var, var_os};
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RESONANZ_COMMIT");
    let version = var("CARGO_PKG_VERSION").unwrap_or_default();
    let commit = var("RESONANZ_COMMIT").ok().filter(|commit| !commit.is_empty()).or_else(commit);
    let features: Vec<&str> = ["postgres", "s3", "nats", "kafka", "terminal"]
        .into_iter()
        .filter(|name| var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some())
        .collect();
    let features = match features.as_slice() {
        [] => "no features".to_owned(),
        some => format!("features {}", some.join(", ")),
    };
    let commit = commit.map_or(String::new(), |commit| format!("commit {commit}, "));
    println!("cargo:rustc-env=RESONANZ_VERSION={version} ({commit}{features})");
}

/// The commit of this folder's own repository; a package may lie inside another's.
fn commit() -> Option<String> {
    let here = var("CARGO_MANIFEST_DIR").ok()?;
    let top = git(&here, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&here).canonicalize().ok()? {
        return None;
    }
    // A commit moves one of these.
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&here, &["rev-parse", "--path-format=absolute", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&here, &["rev-parse", "--short=9", "HEAD"])
}

fn git(folder: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
