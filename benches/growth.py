"""How does a lake grow? One archive through `reprocess`, of 1, 10 and 100 million posts.

usage: python3 benches/growth.py [--binary PATH] MILLIONS...

Needs `cargo build --release` first. A million posts are the bundled archive over its three days, many times with ids and
milliseconds of their own; each further million is the same in the days that follow. They come through a pipe, so that
nothing but the lake is on disk. Prints one Markdown table row per size.
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
TURN, MARK = 1_000_000, b"@@@@"
TREND = "SELECT date_trunc('month', start) AS month, topic, sum(mentions) AS n FROM panes GROUP BY 1, 2 ORDER BY 1, 2"


def template():
    """A million posts with a mark in each id, and the days on which they were said."""
    plain = subprocess.run(["zstd", "-dcq", REPOSITORY / "data/archive.jsonl.zst"], check=True, stdout=subprocess.PIPE).stdout
    rows = [json.loads(line) for line in plain.splitlines()]
    turns, lines = -(-TURN // len(rows)), []
    for number in range(TURN):
        row, turn = rows[number // turns], number % turns
        fresh = dict(row, id=f"{row['id']}-{turn}-{MARK.decode()}", author=f"{row['author']}-{turn}")
        for field in ("posted_at", "received_at"):
            fresh[field] = f"{row[field][:-1]}{turn:03}Z"
        lines.append(json.dumps(fresh, separators=(",", ":")))
    text = "\n".join(lines).encode() + b"\n"
    return text, sorted(set(re.findall(rb'_at":"(\d{4}-\d\d-\d\d)T', text)))


def feed(pipe, text, days, millions):
    span = (datetime.date.fromisoformat(days[-1].decode()) - datetime.date.fromisoformat(days[0].decode())).days + 1
    day = re.compile(rb'(_at":")(\d{4}-\d\d-\d\d)T')
    for turn in range(millions):
        moved = {old: (datetime.date.fromisoformat(old.decode()) + datetime.timedelta(days=span * turn)).isoformat().encode() for old in days}
        for begin in range(0, len(text), 1 << 24):
            # A part may cut a mark or a date in two: it ends with a line.
            begin, end = (text.rfind(b"\n", 0, at) + 1 if at < len(text) else len(text) for at in (begin, begin + (1 << 24)))
            part = text[begin:end].replace(MARK, b"%04d" % turn)
            pipe.write(day.sub(lambda found: found[1] + moved[found[2]] + b"T", part))
    pipe.close()


def held(pid):
    """Peak memory of a process in MB; what wait4 tells begins with the memory of this one."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    return int(peak[1]) / 1024 if peak else 0


def size(folder, pattern):
    files = [file.stat().st_size for file in folder.glob(pattern) if file.is_file()]
    return len(files), sum(files)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=REPOSITORY / "target/dist/resonanz")
    parser.add_argument("millions", type=int, nargs="+")
    args = parser.parse_args()
    text, days = template()
    print("| posts | time | posts/s | peak memory | mentions | bytes a mention | files of mentions | whole lake | trend by month |\n|---|---|---|---|---|---|---|---|---|")
    for millions in args.millions:
        with tempfile.TemporaryDirectory() as folder:
            lake = pathlib.Path(folder) / "lake"
            command = [args.binary, "reprocess", "-", "--config", REPOSITORY / "data/demo.toml", "--lake", lake]
            begin = time.monotonic()
            job = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            feeder = threading.Thread(target=feed, args=(job.stdin, text, days, millions))
            feeder.start()
            peak = 0
            while job.poll() is None:
                peak = max(peak, held(job.pid))
                time.sleep(0.05)
            assert job.returncode == 0
            seconds = time.monotonic() - begin
            ask = lambda sql: subprocess.run([args.binary, "query", "--lake", lake, "--format", "json", sql], check=True, stdout=subprocess.PIPE).stdout
            mentions = json.loads(ask("SELECT count(*) AS n FROM mentions"))[0]["n"]
            begin = time.monotonic()
            ask(TREND)
            trend = time.monotonic() - begin
            files, rows = size(lake, "mentions/day=*/*.parquet")
            whole = size(lake, "**/*")[1]
            print(f"| {millions:,} million | {seconds:,.0f} s | {millions * TURN / seconds:,.0f} | {peak:.0f} MB | {mentions:,} | {rows / mentions:.1f} | {files:,} | {whole / 1e6:,.0f} MB | {trend:.2f} s |", flush=True)


main()
