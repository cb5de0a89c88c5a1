#!/usr/bin/env python3
"""Rebuilds the lexicon files that are made from published packages.

    python3 models/build.py            writes the files next to this script
    python3 models/build.py --check    says whether they are what it would write

Needs pip and a network. Two archives are fetched into a temporary folder, their
SHA-256 is compared with the constants below, and nothing in them is executed by
this script. The files written are the same bytes every time.
"""

import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as xml
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ARCHIVES = {
    "vaderSentiment-3.3.2.tar.gz": (
        ["--no-binary", ":all:", "vaderSentiment==3.3.2"],
        "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    ),
    "textblob_de-0.4.3-py2.py3-none-any.whl": (
        ["--only-binary", ":all:", "textblob-de==0.4.3"],
        "1d7751957d3e42b80209f451984166868891781f5af4c358ae64e81f16bb8eec",
    ),
}


def fetch(folder):
    """Downloads the archives and returns name -> bytes, all verified."""
    archives = {}
    for name, (choice, want) in ARCHIVES.items():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--dest", folder, *choice], check=True)
        content = pathlib.Path(folder, name).read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != want:
            sys.exit(f"{name}: SHA-256 is {found}, expected {want}")
        archives[name] = content
    return archives


def vader_lexicon(source):
    """token, mean valence; of lines with the same token the last counts, as in a dict."""
    lexicon = {}
    for line in source.rstrip("\n").split("\n"):
        if line:
            token, valence = line.strip().split("\t")[0:2]
            lexicon[token] = float(valence)
    return "".join(f"{token}\t{valence!r}\n" for token, valence in lexicon.items())


def vader_emoji(source):
    """emoji, description."""
    emoji = {}
    for line in source.rstrip("\n").split("\n"):
        sign, description = line.strip().split("\t")[0:2]
        emoji[sign] = description
    return "".join(f"{sign}\t{description}\n" for sign, description in emoji.items())


def zurich(source):
    """lemma, part of speech, polarity -1..1; only the neutral adverbs have an intensity."""
    lines = []
    for word in xml.fromstring(source).iter("word"):
        values = [word.get(name) for name in ("form", "pos", "polarity")]
        if "\t" in "".join(values):
            sys.exit(f"tab inside {values}")
        lines.append("\t".join(values) + "\n")
    return "".join(lines)


def build():
    """All files as name -> text."""
    with tempfile.TemporaryDirectory() as folder:
        archives = fetch(folder)
    vader = tarfile.open(fileobj=io.BytesIO(archives["vaderSentiment-3.3.2.tar.gz"]))
    german = zipfile.ZipFile(io.BytesIO(archives["textblob_de-0.4.3-py2.py3-none-any.whl"]))

    def read(path):
        return vader.extractfile(f"vaderSentiment-3.3.2/{path}").read().decode("utf-8")

    return {
        "vader-en.tsv": vader_lexicon(read("vaderSentiment/vader_lexicon.txt")),
        "vader-emoji.tsv": vader_emoji(
            read("vaderSentiment/emoji_utf8_lexicon.txt").replace("\r\n", "\n")
        ),
        "zurich-de.tsv": zurich(german.read("textblob_de/data/de-sentiment.xml")),
        "LICENSE-vaderSentiment.txt": read("LICENSE.txt").replace("\r\n", "\n").rstrip() + "\n",
    }


def main():
    wrong = []
    for name, text in build().items():
        path, content = HERE / name, text.encode("utf-8")
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_bytes() != content:
                wrong.append(name)
        else:
            path.write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")
    if wrong:
        sys.exit("differs from what would be written: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
