#!/usr/bin/env bash
# packaging/wheel.sh COMMAND FOLDER: builds a wheel with the Python package, which brings the command.
# Needs maturin. The command is a `resonanz` that was built for the same machine.
set -euo pipefail
command=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
cd "$(dirname "$0")/../crates/python"
trap 'rm -rf resonanz._resonanz.data' EXIT
install -D -m 755 "$command" resonanz._resonanz.data/scripts/resonanz
strip resonanz._resonanz.data/scripts/resonanz
maturin build --release --locked --out "$out"
