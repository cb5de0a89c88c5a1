"""What does a build cost, and how large is what it leaves? In an empty target folder, once for each profile.

    python3 benches/build.py [PROFILE ...]           release and dist without any
    python3 benches/build.py --crates BINARY         bytes of code by crate, of a binary that has its symbols

Seconds are of the processor, all of its cores together, so that other work on the machine changes them little. A
profile that keeps symbols is measured without them, too."""

import collections
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def spent():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def build(profile):
    target = tempfile.mkdtemp(prefix="resonanz-build-")
    try:
        begin, before = time.monotonic(), spent()
        subprocess.run(["cargo", "build", "--locked", "--bin", "resonanz", "--profile", profile], check=True,
                       cwd=REPOSITORY, env={**os.environ, "CARGO_TARGET_DIR": target, "CARGO_INCREMENTAL": "0"})
        cpu, wall = spent() - before, time.monotonic() - begin
        binary = os.path.join(target, profile, "resonanz")
        whole = os.path.getsize(binary)
        subprocess.run(["strip", binary], check=True)
        bare = os.path.getsize(binary)
        print(f"{profile:<8} {cpu:>6.0f} CPU s {wall:>6.0f} s  {whole / 1e6:>6.1f} MB, stripped {bare / 1e6:>6.1f} MB",
              flush=True)
    finally:
        shutil.rmtree(target)


def crates(binary):
    """The first crate that a function's name has, but for those of the language itself: whose types they work on."""
    listed = subprocess.run(["nm", "--defined-only", "--demangle", "--print-size", "--format=bsd", binary], check=True,
                            capture_output=True, text=True).stdout
    language = {"core", "alloc", "std", "hashbrown"}
    sizes = collections.Counter()
    for line in listed.splitlines():
        parts = line.split(" ", 3)
        if len(parts) < 4 or parts[2] not in "tTrRwWdDvV":
            continue
        named = re.findall(r"(?<![\w:])([a-z_][a-z0-9_]*)(?:\[[0-9a-f]+\])?::", parts[3])
        foreign = [name for name in named if name not in language]
        section = "code" if parts[2] in "tTwW" else "data"
        name = foreign[0] if foreign else named[0] if named else "C and assembler"
        sizes[name, section] += int(parts[1], 16)
    for (name, section), size in sizes.most_common(60):
        print(f"{size / 1e6:>8.2f} MB  {section}  {name}")
    print(f"{sum(sizes.values()) / 1e6:>8.2f} MB  in all")


if sys.argv[1:2] == ["--crates"]:
    crates(sys.argv[2])
else:
    for name in sys.argv[1:] or ["release", "dist"]:
        build(name)
