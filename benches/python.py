"""How fast does the Python package score?

usage: python3 benches/python.py [--times N | --instructions]

Needs the package (`pip install ./crates/python`), pyarrow and zstandard. The texts of the bundled archive ten times, as one
column of pyarrow, through each profile on one thread and on all cores; the best of N runs (5). Prints one Markdown row each:
texts a second by the clock, and by the CPU seconds that all threads took, which other work on the machine changes little.
Beforehand the answer is compared with that for each text by itself. With --instructions valgrind counts what a text takes on
one thread, of the same texts as .ci/instructions.py does without Python.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pyarrow
import zstandard

import resonanz

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
COPIES = 10
COMPARED = 200


def texts():
    with open(REPOSITORY / "data/archive.jsonl.zst", "rb") as packed:
        lines = zstandard.ZstdDecompressor().stream_reader(packed).read().decode().splitlines()
    return [json.loads(line)["text"] for line in lines]


def measure(profile, times):
    rows = texts()
    scorer = resonanz.Scorer(profile)
    alone = [pyarrow.array(scorer.score([text]))[0].as_py() for text in rows[:COMPARED]]
    assert pyarrow.array(scorer.score(rows)).to_pylist()[:COMPARED] == alone
    column = pyarrow.array(rows * COPIES)
    clock, cpu = [], []
    for _ in range(times):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        scorer.score(column)
        clock.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
    print(json.dumps({"rows": len(column), "clock_s": min(clock), "cpu_s": min(cpu)}))


def turns(times):
    column = pyarrow.array(texts()[::12])
    scorer = resonanz.Scorer("vader")
    for _ in range(times):
        scorer.score(column)


def instructions():
    counts = []
    for times in [1, 6]:
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__, "--turns", str(times)]
        environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=True)
        counts.append(int(re.search(r"Collected : (\d+)", done.stderr)[1]))
    print(f"vader: {round((counts[1] - counts[0]) / 5 / len(texts()[::12])):,} instructions a text")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--profile", help=argparse.SUPPRESS)
    parser.add_argument("--turns", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.turns:
        return turns(arguments.turns)
    if arguments.instructions:
        return instructions()
    if arguments.profile:
        return measure(arguments.profile, arguments.times)
    size = pathlib.Path(resonanz._resonanz.__file__).stat().st_size
    print(f"library: {size / 1e6:.1f} MB\n")
    print("| profile | threads | texts/s | texts/s of CPU time |\n|---|---|---|---|")
    for profile in ["vader", "resonanz"]:
        for threads in [1, os.cpu_count()]:
            command = [sys.executable, __file__, "--times", str(arguments.times), "--profile", profile]
            # The pool of threads is made once in a process.
            environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            took = json.loads(done.stdout)
            rates = [round(took["rows"] / took[key]) for key in ["clock_s", "cpu_s"]]
            print(f"| `{profile}` | {threads} | {rates[0]:,} | {rates[1]:,} |")


if __name__ == "__main__":
    main()
