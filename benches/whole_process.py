"""How fast are the main jobs as whole processes, against named peers, in one run?

usage: python3 benches/whole_process.py [--posts N] [--bare] [--only WORD] [--flat-gb N] [--binary PATH]

Needs `cargo build --release` first, and the Python packages duckdb, zstandard and vaderSentiment. Prints one
Markdown table row per job: medians of three runs that take turns with the peer's, peak memory of the process, and two
ratios to the peer: of time on the clock, and of processor time, which other work on the machine hardly changes.
Everything runs on this machine, in a temporary folder. --only takes the jobs whose name holds a word. `--flat-gb 10`
instead streams so much text through `score` and prints its peak memory at 1 % of it and at the end.
"""
import argparse
import hashlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
TOPICS = f"{REPOSITORY}/data/demo.toml"
RUNS = 3
# Turns through the archive's texts that `score` gets, so that its start does not decide.
TURNS = 10


def measure(command, **options):
    """Seconds on the clock, of processor time, and peak MB of one process."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def medians(runs):
    """Of time on the clock and of processor time; the most of memory."""
    clock, cpu, memory = zip(*runs)
    return statistics.median(clock), statistics.median(cpu), max(memory)


def compare(job, items, ours, peer_name, peer, prepare=lambda: None, **options):
    """Prints the row of a job: a command of ours and one of the peer, in turns."""
    runs = []
    for _ in range(RUNS):
        prepare()
        runs.append((measure(ours, **options), measure(peer, **options)))
    row(job, items, medians([own for own, _ in runs]), peer_name, medians([other for _, other in runs]))


def envelope(row, number):
    """What a collector keeps around a post: about 1 KB with the text, much of it not read by resonanz."""
    digest = hashlib.blake2b(str(number).encode()).hexdigest()
    who, key, of = f"did:plc:{digest[:24]}", digest[24:37], f"at://did:plc:{digest[37:61]}/app.bsky.feed.post/{digest[61:74]}"
    fields = {
        "id": f"at://{who}/app.bsky.feed.post/{key}",
        "author": who,
        "handle": f"{digest[:9]}.bsky.social",
        "display_name": row["author"].replace("-", " ").title(),
        "avatar": f"https://cdn.bsky.app/img/avatar/plain/{who}/bafkrei{digest[40:92]}@jpeg",
        "cid": f"bafyrei{digest[70:122]}",
        "rev": digest[100:113],
        "url": f"https://bsky.app/profile/{who}/post/{key}",
        "labels": [],
        "langs": [row["lang"]],
        "likes": row["engagement"],
        "reposts": row["engagement"] // 4,
        "replies": row["engagement"] // 3,
        "indexed_at": row["received_at"],
        "embed": {
            "type": "app.bsky.embed.external",
            "uri": f"https://news.example/{digest[80:88]}/{digest[90:110]}",
            "title": row["text"][:40],
        },
    }
    return fields if number % 3 else dict(fields, parent=of, thread=of)


def make_archive(path, posts, bare):
    """The bundled archive, each post many times with ids, authors and milliseconds of its own."""
    unpack = "import sys,zstandard;zstandard.ZstdDecompressor().copy_stream(open(sys.argv[1],'rb'),sys.stdout.buffer)"
    plain = subprocess.check_output([sys.executable, "-c", unpack, f"{REPOSITORY}/data/archive.jsonl.zst"])
    rows = [json.loads(line) for line in plain.splitlines()]
    turns = -(-posts // len(rows))
    with open(path, "w") as out:
        for number in range(posts):
            row, turn = rows[number // turns], number % turns
            fresh = dict(row, id=f"{row['id']}-{turn}", author=f"{row['author']}-{turn}")
            for field in ("posted_at", "received_at"):
                fresh[field] = f"{row[field][:-1]}{turn:03}Z"
            fresh = fresh if bare else fresh | envelope(fresh, number)
            out.write(json.dumps(fresh, separators=(",", ":")) + "\n")
    texts = f"{path}.texts"
    with open(texts, "w") as out:
        for _ in range(TURNS):
            out.writelines(row["text"].replace("\n", " ") + "\n" for row in rows)
    return texts, TURNS * len(rows)


HEAD = """| job | rate | time | processor | peak memory | peer | its time | its processor | its memory | times as fast | by processor time |
|---|---|---|---|---|---|---|---|---|---|---|"""


def row(job, items, ours, peer_name, peer):
    (seconds, cpu, memory), (peer_seconds, peer_cpu, peer_memory) = ours, peer
    print(f"| {job} | {items / seconds:,.0f}/s | {seconds:.2f} s | {cpu:.2f} s | {memory:.0f} MB | {peer_name} | {peer_seconds:.2f} s "
          f"| {peer_cpu:.2f} s | {peer_memory:.0f} MB | {peer_seconds / seconds:.2f} | {peer_cpu / cpu:.2f} |", flush=True)


def sender(binary, archive):
    """A process that sends the posts over a loopback WebSocket as fast as it can, and its address."""
    process = subprocess.Popen([binary, "replay", archive, "--speed", "0", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().split()[-1]


def sink(url, last):
    """What `live` is measured against: takes what the sender sends, and looks for nothing but the last post."""
    at = urllib.parse.urlparse(url)
    with socket.create_connection((at.hostname, at.port)) as wire:
        wire.sendall(f"GET {at.path or '/'} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        block, tail = bytearray(1 << 20), b""
        while last not in tail:
            read = wire.recv_into(block)
            assert read, "the sender has closed before the last post"
            tail = tail[-1024:] + block[max(0, read - 8192):read]


def live(binary, folder, archive, posts):
    """Posts a second over a loopback WebSocket, sender in another process, until all are committed."""
    few = f"{folder}/live.jsonl"
    with open(archive, "rb") as whole, open(few, "wb") as out:
        out.writelines(itertools.islice(whole, posts))
        out.write(b'{"id":"the-very-last","posted_at":"2026-03-04T23:59:59Z","text":"the end"}\n')
    frames, url = sender(binary, few)
    begin = time.monotonic()
    subprocess.run([sys.executable, __file__, "--sink", url], check=True)
    bare = time.monotonic() - begin
    frames.kill()
    frames, url = sender(binary, few)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = f"{folder}/live.toml"
    with open(config, "w") as out:
        out.write(f'[lake]\npath = "live"\n[serve]\nlisten = "127.0.0.1:{port}"\n[[source]]\nname = "ws"\ntype = "websocket"\nurl = "{url}"\n' + open(TOPICS).read())
    begin = time.monotonic()
    run = subprocess.Popen([binary, "run", "--config", config], stdout=subprocess.DEVNULL)
    seen = 0
    while seen < posts:
        try:
            seen = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"))["events"]
        except OSError:
            pass
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    run.terminate()
    _, _, usage = os.wait4(run.pid, 0)
    frames.kill()
    row("live over a WebSocket", posts, (seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), "a sink that only reads", (bare, 0, 0))


def flat(binary, texts, gigabytes):
    """Peak memory of one `score` early and late in a long stream."""
    block = open(texts, "rb").read()
    process = subprocess.Popen([binary, "score", "--format", "jsonl"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def peak():
        lines = open(f"/proc/{process.pid}/status").read().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

    begin, sent, early = time.monotonic(), 0, None
    while sent < gigabytes * 1e9:
        process.stdin.write(block)
        sent += len(block)
        if early is None and sent >= gigabytes * 1e7:
            early = peak()
    late = peak()
    process.stdin.close()
    assert process.wait() == 0
    print(f"score: {sent / 1e9:.1f} GB in {time.monotonic() - begin:.0f} s, peak memory {early:.0f} MB after {gigabytes * 10:.0f} MB, {late:.0f} MB at the end")


CONVERT = """
import duckdb, sys
read = f"read_parquet('{sys.argv[1]}')" if sys.argv[1].endswith("parquet") else f"read_json('{sys.argv[1]}', format='newline_delimited')"
duckdb.sql(f"copy (select * from {read}) to '{sys.argv[2]}' (format parquet, compression zstd)")
"""
VADER = """
import sys
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
scorer = SentimentIntensityAnalyzer()
[scorer.polarity_scores(line.rstrip("\\n")) for line in open(sys.argv[1])]
"""


def reprocess(args, folder, archive, wanted):
    """The same posts as plain lines, as zstd and as Parquet, each against DuckDB."""
    def clean():
        subprocess.run(["rm", "-rf", f"{folder}/lake", f"{folder}/peer.parquet"], check=True)

    for name, ending in [("plain lines", ""), ("zstd lines", ".zst"), ("Parquet", ".parquet")]:
        if not wanted(f"reprocess, {name}"):
            continue
        path = f"{archive}{ending}"
        if ending == ".zst":
            subprocess.run(["zstd", "-q", archive, "-o", path], check=True)
        elif ending:
            subprocess.run([sys.executable, "-c", CONVERT, archive, path], check=True)
        ours = [args.binary, "reprocess", path, "--config", TOPICS, "--lake", f"{folder}/lake"]
        peer = [sys.executable, "-c", CONVERT, path, f"{folder}/peer.parquet"]
        compare(f"reprocess, {name}", args.posts, ours, "DuckDB to zstd Parquet only", peer, clean)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=2_000_000)
    parser.add_argument("--bare", action="store_true", help="only the fields that resonanz reads, about 330 bytes a post")
    parser.add_argument("--binary", default=f"{REPOSITORY}/target/dist/resonanz")
    parser.add_argument("--only", default="", metavar="WORD", help="jobs whose name holds it")
    parser.add_argument("--flat-gb", type=float)
    parser.add_argument("--sink", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sink:
        return sink(args.sink, b"the-very-last")
    with tempfile.TemporaryDirectory() as folder:
        archive = f"{folder}/posts.jsonl"
        texts, count = make_archive(archive, args.posts, args.bare)
        if args.flat_gb:
            return flat(args.binary, texts, args.flat_gb)
        size = os.path.getsize(archive) / 1e6
        print(f"{args.posts:,} posts, {size:.0f} MB of JSON lines\n\n{HEAD}", flush=True)
        wanted = lambda job: args.only in job
        reprocess(args, folder, archive, wanted)
        single = dict(os.environ, RAYON_NUM_THREADS="1")
        for profile in ["vader", "resonanz"]:
            job = f"score --profile {profile}, one thread"
            ours = ["sh", "-c", f"'{args.binary}' score --profile {profile} --format jsonl < '{texts}'"]
            if wanted(job):
                compare(job, count, ours, "vaderSentiment 3.3.2, Python", [sys.executable, "-c", VADER, texts], env=single)
        if wanted("live"):
            live(args.binary, folder, archive, min(args.posts, 500_000))


main()
