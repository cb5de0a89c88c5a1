"""Where does the time of `reprocess` go? Samples of its stacks, told apart by stage.

usage: python3 benches/profile.py ARCHIVE [--binary PATH]

Needs Linux's `perf` and `cargo build --release`. Counts each sample for the innermost function that belongs to a stage,
with what it calls: library, allocator, kernel. Prints one Markdown table row per stage.
"""
import argparse
import collections
import os
import subprocess
import tempfile

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# By a part of the function's name, innermost function first.
STAGES = {
    "decompress": ["zstd::stream::read", "flate2::"],
    "read": ["resonanz::connect::lines", "resonanz::connect::input", "resonanz::reprocess::feed::Feed::read_files"],
    "parse": ["ArchiveLine::parse", "ArchiveLine::into_post", "serde_json::", "serde_core::"],
    "hash names": ["resonanz::privacy"],
    "match": ["resonanz::mention", "resonanz::text", "Analyzer::mentions_any"],
    "score": ["resonanz::sentiment"],
    "tell copies, fold windows": ["resonanz::window"],
    "judge": ["resonanz::alert"],
    "rows": ["resonanz::lake::rows"],
    "sort, encode, compress, write": ["resonanz::lake", "parquet::", "arrow_"],
    "engine": ["resonanz::engine", "resonanz::analyze"],
    "decode, the rest": ["resonanz::connect", "resonanz::reprocess"],
}


def stage(frames):
    for frame in frames:
        for name, parts in STAGES.items():
            if any(part in frame for part in parts):
                return name
    return "start, threads, all else"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("archive")
    parser.add_argument("--binary", default=f"{REPOSITORY}/target/dist/resonanz")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        job = [args.binary, "reprocess", args.archive, "--config", f"{REPOSITORY}/data/demo.toml", "--lake", f"{folder}/lake"]
        record = ["perf", "record", "-q", "-F", "199", "--call-graph", "dwarf,16384", "-o", f"{folder}/samples", *job]
        subprocess.run(record, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        script = ["perf", "script", "--no-inline", "-F", "ip,sym", "-i", f"{folder}/samples"]
        stacks = subprocess.run(script, check=True, capture_output=True, text=True).stdout.split("\n\n")
    counts = collections.Counter(stage(stack.splitlines()) for stack in stacks if stack.strip())
    print("| stage | share |\n|---|---|")
    for name, count in counts.most_common():
        print(f"| {name} | {100 * count / counts.total():.0f} % |")


main()
