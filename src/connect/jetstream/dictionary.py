#!/usr/bin/env python3
"""Fetches the zstd dictionary of Jetstream's first wire, `subscribe.zdict`.

    python3 src/connect/jetstream/dictionary.py            writes the file next to this script
    python3 src/connect/jetstream/dictionary.py --check    says whether it is what it would write

Needs cargo and a network. The dictionary is Bluesky's (github.com/bluesky-social/jetstream, MIT or
Apache-2.0, zstd dictionary id 1612007021) and is taken from the published crate rocketman 0.4.0 (MIT,
LICENSE-rocketman.txt). Archive and file are compared with the SHA-256 below; nothing of the crate is run.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CRATE, VERSION = "rocketman", "0.4.0"
ARCHIVE = "c03927fab4f6b0d522e4bc320f3d979da15ba7c1fcf0c7abafff8a48c274544f"
DICTIONARY = "b8d77b46933aceecbdd5275a01241efc985c970c78162b8150cf67a26522f70c"


def checked(content, want, name):
    found = hashlib.sha256(content).hexdigest()
    if found != want:
        sys.exit(f"{name}: SHA-256 is {found}, expected {want}")
    return content


def fetched():
    """The crate's archive in cargo's own cache."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cargo", "init", "--quiet", "--vcs", "none", "--name", "fetch", folder], check=True)
        subprocess.run(["cargo", "add", "--quiet", f"{CRATE}@={VERSION}"], cwd=folder, check=True)
        subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, check=True)
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    [path] = home.glob(f"registry/cache/*/{CRATE}-{VERSION}.crate")
    checked(path.read_bytes(), ARCHIVE, path.name)
    return path


def main():
    with tarfile.open(fetched()) as archive:
        member = lambda name: archive.extractfile(f"{CRATE}-{VERSION}/{name}").read()
        dictionary, licence = member("zstd/dictionary"), member("LICENSE")
    checked(dictionary, DICTIONARY, "dictionary")
    wanted = {"subscribe.zdict": dictionary, "LICENSE-rocketman.txt": licence}
    for name, content in wanted.items():
        target = HERE / name
        if "--check" not in sys.argv:
            target.write_bytes(content)
        elif not target.exists() or target.read_bytes() != content:
            sys.exit(f"{name} differs")
    print("as published")


if __name__ == "__main__":
    main()
