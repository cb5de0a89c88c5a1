"""How fast are the standard questions answered while posts come in, and what do they cost the posts?

    python3 benches/readers.py RESONANZ [READERS] [COPIES]

The bundled archive, copied so many times (60), each copy three days later, is read by `run` from a file as fast as it
goes, once alone and once with readers (200) who each ask one of eight questions every second over a connection of their
own, or, as often as each of these, `SELECT 1` through the same door. Prints the time for the posts, and the times to the
whole answer as the readers see them, of the questions and of `SELECT 1`."""

import asyncio
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESONANZ = pathlib.Path(sys.argv[1]).resolve()
READERS = int(sys.argv[2]) if len(sys.argv) > 2 else 200
COPIES = int(sys.argv[3]) if len(sys.argv) > 3 else 60
PORT = 8637
QUESTIONS = ["overview", "trends?topic=apex&step=1h", "trends?topic=films&step=day", "voices", "sentiment?topic=apex",
             "changes?topic=apex", "mentions?topic=apex&order=worst", "topics"]
PEER = "sql?q=SELECT%201"


def archive(path):
    lines = subprocess.run(["zstd", "-dc", ROOT / "data/archive.jsonl.zst"], capture_output=True, check=True).stdout
    posts = [json.loads(line) for line in lines.splitlines()]
    with open(path, "w", encoding="utf-8") as out:
        for copy in range(COPIES):
            later = datetime.timedelta(days=3 * copy)
            for post in posts:
                moved = {key: (datetime.datetime.fromisoformat(post[key]) + later).isoformat()
                         for key in ("posted_at", "received_at")}
                out.write(json.dumps(post | moved | {"id": f"{post['id']}-{copy}"}) + "\n")
    return COPIES * len(posts)


async def reader(number, times, end):
    chance = random.Random(number)
    await asyncio.sleep(chance.random())
    streams = None
    while not end.is_set():
        begun, question = time.perf_counter(), chance.choice([*QUESTIONS, PEER])
        try:
            if streams is None:
                streams = await asyncio.open_connection("127.0.0.1", PORT)
            incoming, out = streams
            out.write(f"GET /api/v1/{question} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            head = await incoming.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            if b"transfer-encoding: chunked" in lines:
                await incoming.readuntil(b"\r\n0\r\n\r\n")
            else:
                await incoming.readexactly(int(next(line for line in lines if line.startswith(b"content-length"))[15:]))
            if head.startswith(b"HTTP/1.1 200"):
                times[question == PEER].append(time.perf_counter() - begun)
        except (OSError, asyncio.IncompleteReadError):
            streams = None
        await asyncio.sleep(1)


async def ingest(work, readers):
    config = work / "config.toml"
    lake = work / f"lake-{readers}"
    topics = (ROOT / "data/demo.toml").read_text(encoding="utf-8")
    config.write_text(f'{topics}\n[[source]]\nname = "file"\ntype = "file"\npath = "{work}/posts.jsonl"\n\n'
                      f'[lake]\npath = "{lake}"\ncommit_interval = "1s"\n\n[serve]\nlisten = "127.0.0.1:{PORT}"\n')
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(RESONANZ, "run", "--config", config, stdout=subprocess.DEVNULL,
                                                   stderr=subprocess.DEVNULL)
    times, end = ([], []), asyncio.Event()
    asking = [asyncio.create_task(reader(number, times, end)) for number in range(readers)]
    code = await process.wait()
    seconds = time.perf_counter() - begun
    end.set()
    await asyncio.gather(*asking)
    assert code == 0, f"run ended with {code}"
    return seconds, [sorted(some) for some in times]


async def main():
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        posts = archive(work / "posts.jsonl")
        alone, _ = await ingest(work, 0)
        together, times = await ingest(work, READERS)
        print(f"{posts} posts alone {alone:.1f} s, with {READERS} readers {together:.1f} s "
              f"({100 * (together / alone - 1):+.0f} %)")
        for name, some in zip(["questions", "SELECT 1"], times):
            at = lambda share: 1000 * some[min(len(some) - 1, int(share * len(some)))]
            print(f"{len(some)} answers to {name}: p50 {at(.5):.1f} ms, p90 {at(.9):.1f} ms, p99 {at(.99):.1f} ms, "
                  f"most {at(1):.1f} ms")


asyncio.run(main())
