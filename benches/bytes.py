"""How many bytes does a mention take on disk, and which columns take them? Beside DuckDB's own table and its Parquet.

usage: python3 benches/bytes.py [--posts N] [--binary PATH] [--columns]

Posts as a network like Bluesky brings them: texts that do not repeat, made of halves of the archive's, addresses as ids, forty
topics of very different size, two days. `reprocess` writes them, `lake compact` merges them as a running process does; then
DuckDB gets the same rows in the same order. Prints bytes a mention and the processor time of each. Needs duckdb and zstd.
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import random
import resource
import subprocess
import tempfile

import duckdb

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
TOPICS, START = 40, datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)


def skewed(dice, end):
    """Small numbers more often."""
    return dice.randrange(1 + dice.randrange(end))


def address(dice, author, posted):
    """Of a post: its author's identity, and a key that grows with time."""
    did = hashlib.blake2b(str(author).encode()).hexdigest()[:24]
    return f"at://did:plc:{did}/app.bsky.feed.post/3{int(posted.timestamp() * 1e3):x}{dice.randrange(1024):x}"


def write_posts(path, count):
    plain = subprocess.run(["zstd", "-dcq", REPOSITORY / "data/archive.jsonl.zst"], check=True, stdout=subprocess.PIPE).stdout
    texts, dice = [json.loads(line)["text"] for line in plain.splitlines()], random.Random(7)
    with open(path, "w") as out:
        for number in range(count):
            posted = START + datetime.timedelta(microseconds=(number + dice.random()) * 2 * 86_400_000_000 // count)
            received = posted + datetime.timedelta(microseconds=200_000 + dice.randrange(2_000_000))
            author, half = skewed(dice, count // 3 + 1), dice.choice(texts)
            post = {"id": address(dice, author, posted), "author": f"did:plc:{author}", "posted_at": posted.isoformat(),
                    "received_at": received.isoformat(), "source": "bluesky", "lang": "en", "kind": "original",
                    "reach": skewed(dice, 100_000), "url": f"https://bsky.app/profile/did:plc:{author:024x}/post/{number:x}",
                    "text": f"{half[:len(half) // 2]} brand{skewed(dice, TOPICS)} {dice.choice(texts)}"}
            if dice.randrange(3) == 0:
                post["parent"] = post["thread"] = address(dice, author + 7, posted)
                post["kind"] = "reply"
            out.write(json.dumps(post) + "\n")


def spent(work):
    """Processor time of what is done, with that of processes it starts."""
    now = lambda: sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    begin = now()
    work()
    return now() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=REPOSITORY / "target/dist/resonanz")
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--columns", action="store_true", help="also print the bytes of each column of the merged files")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        posts, config, lake = folder / "posts.jsonl", folder / "topics.toml", folder / "lake"
        write_posts(posts, args.posts)
        config.write_text("".join(f'[[topic]]\nname = "topic{n}"\nquery = "brand{n}"\nbrand = "Brand {n}"\n' for n in range(TOPICS)))
        command = lambda *words: subprocess.run([args.binary, *words], check=True, stdout=subprocess.DEVNULL)
        names = lambda: sorted((lake / "mentions").glob("day=*/*.parquet"))
        rows = []

        def note(name, cpu, paths):
            count = duck.sql(f"SELECT count(*) FROM read_parquet({[str(path) for path in names()]})").fetchall()[0][0]
            rows.append((name, sum(path.stat().st_size for path in paths) / count, cpu))

        duck = duckdb.connect()
        cpu = spent(lambda: command("reprocess", posts, "--config", config, "--lake", lake))
        note("resonanz, as written (with reading, matching, scoring)", cpu, names())
        cpu = spent(lambda: (command("lake", "compact", "--lake", lake), command("lake", "vacuum", "--lake", lake, "--older-than", "0s")))
        note("resonanz, merged", cpu, names())
        ours = f"read_parquet({[str(path) for path in names()]}, hive_partitioning = false)"
        table, parquet = folder / "peer.duckdb", folder / "peer.parquet"
        cpu = spent(lambda: duck.execute(f"ATTACH '{table}' AS peer; CREATE TABLE peer.t AS FROM {ours}; DETACH peer"))
        note("DuckDB, its own table", cpu, [table])
        cpu = spent(lambda: duck.execute(f"COPY (FROM {ours}) TO '{parquet}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)"))
        note("DuckDB, Parquet zstd 3", cpu, [parquet])
        merged = rows[1][1]
        print("| layout | bytes a mention | against ours, merged | processor time |\n|---|---|---|---|")
        for name, size, cpu in rows:
            print(f"| {name} | {size:.1f} | {size / merged:.2f} | {cpu:.2f} s |")
        if args.columns:
            sizes = duck.sql(f"SELECT path_in_schema AS name, sum(total_compressed_size) AS size FROM parquet_metadata("
                             f"{[str(path) for path in names()]}) GROUP BY 1 ORDER BY 2 DESC").fetchall()
            count = duck.sql(f"SELECT count(*) FROM {ours}").fetchall()[0][0]
            print("\n| column | bytes a mention |\n|---|---|")
            for name, size in sizes:
                print(f"| {name} | {size / count:.2f} |")


main()
