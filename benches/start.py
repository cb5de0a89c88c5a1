"""How long does a command take before it does anything? Whole processes beside `true`, over a lake of 400 files.

usage: python3 benches/start.py [--binary PATH] [--days N] [--runs N] [--instructions]

The lake has a file of mentions and one of panes for each day. `run` reads a source without posts, so that it ends by itself.
Commands take turns; prints of each the median of the time on the clock and of processor time (which other work on the
machine hardly changes), and the peak of memory. --instructions has valgrind count those of one run, too.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
FIRST = datetime.date(2025, 1, 1)


def make_lake(binary, folder, days):
    """Eight mentions a day."""
    with open(folder / "posts.jsonl", "w") as out:
        for day in range(days):
            for number, hour in enumerate(range(0, 24, 3)):
                at = f"{FIRST + datetime.timedelta(days=day)}T{hour:02}:00:00Z"
                out.write(json.dumps({"id": f"{day}-{number}", "author": f"a{number}", "posted_at": at, "received_at": at,
                                      "lang": "en", "text": f"acme is great, says number {number} of day {day}"}) + "\n")
    (folder / "empty.jsonl").touch()
    (folder / "resonanz.toml").write_text(
        f'[lake]\npath = "{folder}/lake"\n[[source]]\nname = "empty"\ntype = "file"\npath = "{folder}/empty.jsonl"\n'
        '[[topic]]\nname = "acme"\nquery = "acme"\n')
    command = [binary, "reprocess", folder / "posts.jsonl", "--config", folder / "resonanz.toml"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(command):
    """Milliseconds on the clock and of processor time, and peak MB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return 1000 * (time.monotonic() - begin), 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def instructions(command):
    """Millions of instructions of one run."""
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    told = subprocess.run(counted, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
    return int(re.search(r"Collected : (\d+)", told)[1]) / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=REPOSITORY / "target/dist/resonanz")
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--instructions", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_lake(args.binary, folder, args.days)
        os.chdir(folder)
        query = [args.binary, "query", "--lake", folder / "lake"]
        commands = {
            "true": ["true"],
            "--version": [args.binary, "--version"],
            "score": [args.binary, "score", "great"],
            "query, a constant": [*query, "SELECT 1"],
            "query, a table": [*query, "SELECT count(*) FROM mentions"],
            "query, a view": [*query, "SELECT count(*) FROM inbox"],
            "run": [args.binary, "run", "--config", folder / "resonanz.toml"],
        }
        runs = {name: [] for name in commands}
        for _ in range(args.runs):
            for name, command in commands.items():
                runs[name].append(measure(command))
        files = len(list((folder / "lake/mentions").glob("day=*/*.parquet")))
        print(f"{files} files of mentions in {len(list((folder / 'lake/mentions/_delta_log').glob('*.json')))} commits\n")
        print("| process | clock | processor | peak memory | instructions |\n|---|---|---|---|---|")
        for name, measured in runs.items():
            clock, cpu, memory = (statistics.median(values) for values in zip(*measured))
            counted = f"{instructions(commands[name]):,.0f} million" if args.instructions else ""
            print(f"| {name} | {clock:.1f} ms | {cpu:.1f} ms | {memory:.0f} MB | {counted} |", flush=True)


main()
