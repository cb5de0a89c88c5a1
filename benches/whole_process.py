"""How fast are the main jobs as whole processes, against named peers, in one run?

usage: python3 benches/whole_process.py [--posts N] [--bare] [--flat-gb N] [--binary PATH]

Needs `cargo build --release` first, and the Python packages duckdb, zstandard and vaderSentiment. Prints one
Markdown table row per job: median of three runs, peak memory of the process, and the ratio to the
peer. Everything runs on this machine, in a temporary folder. `--flat-gb 10` instead streams so much text
through `score` and prints its peak memory at 1 % of it and at the end.
"""
import argparse
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
TOPICS = f"{REPOSITORY}/data/demo.toml"
RUNS = 3
# Turns through the archive's texts that `score` gets, so that its start does not decide.
TURNS = 10


def measure(command, **options):
    """Seconds and peak MB of one process."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def median(command, prepare=lambda: None, **options):
    runs = []
    for _ in range(RUNS):
        prepare()
        runs.append(measure(command, **options))
    return statistics.median(seconds for seconds, _ in runs), max(memory for _, memory in runs)


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


def row(job, items, ours, peer_name, peer):
    (seconds, memory), (peer_seconds, peer_memory) = ours, peer
    print(f"| {job} | {items / seconds:,.0f}/s | {seconds:.2f} s | {memory:.0f} MB | {peer_name} | {peer_seconds:.2f} s | {peer_memory:.0f} MB | {peer_seconds / seconds:.1f} |", flush=True)


def live(binary, folder, archive, posts):
    """Posts a second over a loopback WebSocket, sender in another process, until all are committed."""
    frames = subprocess.Popen([binary, "replay", archive, "--speed", "0", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    url = frames.stdout.readline().split()[-1]
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
    print(f"| live over a WebSocket | {posts / seconds:,.0f}/s | {seconds:.2f} s | {usage.ru_maxrss / 1024:.0f} MB | | | | |", flush=True)


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=2_000_000)
    parser.add_argument("--bare", action="store_true", help="only the fields that resonanz reads, about 330 bytes a post")
    parser.add_argument("--binary", default=f"{REPOSITORY}/target/dist/resonanz")
    parser.add_argument("--flat-gb", type=float)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = f"{folder}/posts.jsonl"
        texts, count = make_archive(archive, args.posts, args.bare)
        if args.flat_gb:
            return flat(args.binary, texts, args.flat_gb)
        size = os.path.getsize(archive) / 1e6
        print(f"{args.posts:,} posts, {size:.0f} MB of JSON lines\n")
        print("| job | rate | time | peak memory | peer | its time | its memory | times as fast |\n|---|---|---|---|---|---|---|---|")
        clean = lambda: subprocess.run(["rm", "-rf", f"{folder}/lake", f"{folder}/peer.parquet"], check=True)
        ours = median([args.binary, "reprocess", archive, "--config", TOPICS, "--lake", f"{folder}/lake"], clean)
        convert = "import duckdb,sys;duckdb.sql(f\"copy (select * from read_json('{sys.argv[1]}',format='newline_delimited')) to '{sys.argv[2]}' (format parquet, compression zstd)\")"
        peer = median([sys.executable, "-c", convert, archive, f"{folder}/peer.parquet"], clean)
        row("reprocess into a lake", args.posts, ours, "DuckDB, JSON to zstd Parquet only", peer)
        single = dict(os.environ, RAYON_NUM_THREADS="1")
        ours = median(["sh", "-c", f"'{args.binary}' score --profile vader --format jsonl < '{texts}'"], env=single)
        vader = "import sys;from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer as S;s=S();[s.polarity_scores(l.rstrip('\\n')) for l in open(sys.argv[1])]"
        peer = median([sys.executable, "-c", vader, texts])
        row("score --profile vader, one thread", count, ours, "vaderSentiment 3.3.2, Python", peer)
        live(args.binary, folder, archive, min(args.posts, 500_000))


main()
