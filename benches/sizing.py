"""What does a machine have to be for 1, 10, 100 million posts a day? Measured on this one.

usage: python3 benches/sizing.py [--binary PATH] [--posts N] [--topics N...]

Needs `cargo build --profile dist` first. So many posts of one day (the bundled archive, many times with ids and times
of their own) through `reprocess`, for each number of topics, with a spike rule over all of them. CPU seconds count, not those
on the clock, so that other work on the machine changes little. Then what follows for whole days, by multiplying.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DAY_S = 86_400
# A day's busiest hour has this many times the posts of its mean one.
PEAK = 3
# Of the cores one half is for questions, commits and catching up.
SHARE = 0.5
# A row with a text of its own, as `cargo bench --bench layout` finds it; those of the archive repeat.
ROW_BYTES = 160


def write_posts(path, count):
    """Posts of one day, evenly; each text of the archive again and again."""
    plain = subprocess.run(["zstd", "-dcq", REPOSITORY / "data/archive.jsonl.zst"], check=True, stdout=subprocess.PIPE).stdout
    rows = [json.loads(line) for line in plain.splitlines()]
    with open(path, "w") as out:
        for number in range(count):
            row, turn = rows[number * 7_919 % len(rows)], number // len(rows)
            second, rest = divmod(number * DAY_S * 1_000 // count, 1_000)
            at = f"2026-03-02T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{rest:03}Z"
            text = f"{row['text']} {number:x}"
            fresh = dict(row, id=f"{row['id']}-{turn}", author=f"{row['author']}-{turn}", text=text, posted_at=at, received_at=at)
            out.write(json.dumps(fresh) + "\n")


def write_config(path, topics):
    demo = (REPOSITORY / "data/demo.toml").read_text()
    more = "".join(f"[[topic]]\nname = \"t{n}\"\nquery = 'brand{n} OR \"product {n}\" NEAR/5 (refund OR broken)'\n" for n in range(topics - 8))
    path.write_text(f"[privacy]\nauthor_key_file = \"author.key\"\n{demo}\n{more}\n[[rule]]\nname = \"crisis\"\ntype = \"spike\"\n")


def run(command):
    """CPU seconds and peak memory in MB of a command that succeeds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def size(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def measure(args, folder, topics):
    posts, config, lake = folder / "posts.jsonl", folder / "resonanz.toml", folder / f"lake-{topics}"
    write_config(config, topics)
    cpu, memory = run([args.binary, "reprocess", posts, "--config", config, "--lake", lake])
    asked = [args.binary, "query", "--lake", lake, "--format", "json", "SELECT count(*) AS n FROM mentions"]
    mentions = json.loads(subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout)[0]["n"]
    return cpu, memory, mentions, size(lake / "panes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=REPOSITORY / "target/dist/resonanz")
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--topics", type=int, nargs="+", default=[10, 1_000, 10_000])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_posts(folder / "posts.jsonl", args.posts)
        print("| topics | posts/s a core | peak memory | mentions | bytes of panes a mention |\n|---|---|---|---|---|")
        for topics in args.topics:
            cpu, memory, mentions, panes = measure(args, folder, topics)
            slowest, share, panes = args.posts / cpu, mentions / args.posts, panes / mentions
            print(f"| {topics:,} | {slowest:,.0f} | {memory:.0f} MB | {mentions:,} | {panes:.1f} |", flush=True)
        print(f"\nOne post in {1 / share:.1f} mentions a topic; the most topics decide.\n")
        print("| posts a day | a second, mean and busiest hour | of one core, busiest hour | machine | disk a day, matched | disk a day, all |\n|---|---|---|---|---|---|")
        for millions in (1, 10, 100):
            posts = millions * 1_000_000
            mean = posts / DAY_S
            used = PEAK * mean / slowest
            cores = max(2, -(-used // SHARE))
            mentions = posts * share * (ROW_BYTES + panes)
            matched, kept = mentions + posts * share * ROW_BYTES, mentions + posts * ROW_BYTES
            print(f"| {millions} million | {mean:,.0f}, {PEAK * mean:,.0f} | {100 * used:.1f} % | {cores:.0f} cores | {matched / 1e9:.2f} GB | {kept / 1e9:.2f} GB |")


main()
