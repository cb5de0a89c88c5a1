"""Do the parts of the core take more instructions than they did? Valgrind counts; this compares.

usage: python3 .ci/instructions.py [--bless] [CARGO ARGUMENT...]

Builds benches/instructions.rs, has valgrind's callgrind count each of its parts, and prints a table with the counts of
benches/instructions.tsv beside. A part that takes over 3 % more is a warning, one that takes over 3 % less wants to be
blessed: --bless writes the file anew. Counts do not depend on the load of the machine, but on the compiler: another one
than the file names is said first. Ends with 0 all the same: it tells, people judge.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import tempfile

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = f"{REPOSITORY}/benches/instructions.tsv"
TOLERANCE = 0.03


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)


def build(arguments):
    lines = output("cargo", "bench", "--no-run", "--bench", "instructions", "--message-format", "json", *arguments).stdout
    messages = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    found = [message["executable"] for message in messages if message.get("target", {}).get("name") == "instructions"]
    return [path for path in found if path][-1]


def count(binary, part):
    """Posts of a part, and instructions a post."""
    with tempfile.TemporaryDirectory() as folder:
        done = output("valgrind", "--tool=callgrind", "--toggle-collect=*measured_region*",
                      f"--callgrind-out-file={folder}/out", binary, part)
    posts = int(done.stdout)
    return posts, round(int(re.search(r"Collected : (\d+)", done.stderr)[1]) / posts)


def kept():
    """The compiler and the counts of the file."""
    if not os.path.exists(KEPT):
        return "", {}
    lines = open(KEPT, encoding="utf-8").read().splitlines()
    compiler = lines[0].removeprefix("# ")
    rows = (line.split("\t") for line in lines[2:])
    return compiler, {part: int(instructions) for part, _, instructions in rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bless", action="store_true")
    args, arguments = parser.parse_known_args()
    binary = build(arguments)
    parts = output(binary).stdout.split("\n")[:-1]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(parts, pool.map(lambda part: count(binary, part), parts)))
    compiler = output("rustc", "--version").stdout.strip()
    before, known = kept()
    if before != compiler and not args.bless:
        print(f"note: counted with {compiler}, kept are those of {before or 'none'}")
    print("| part | posts | instructions a post | kept | change |\n|---|---|---|---|---|")
    warnings = []
    for part, (posts, instructions) in counts.items():
        old = known.get(part, instructions)
        change = instructions / old - 1
        print(f"| {part} | {posts:,} | {instructions:,} | {old:,} | {100 * change:+.1f} % |")
        if abs(change) > TOLERANCE:
            word = "more" if change > 0 else "less"
            warnings.append(f"warning: {part} takes {100 * abs(change):.1f} % {word} instructions than kept")
    if args.bless:
        rows = [f"{part}\t{posts}\t{instructions}" for part, (posts, instructions) in counts.items()]
        head = [f"# {compiler}", "part\tposts\tinstructions a post"]
        with open(KEPT, "w", encoding="utf-8") as file:
            file.write("\n".join(head + rows) + "\n")
        return
    print("\n".join(warnings or ["no part takes over 3 % more or less than kept"]))


main()
