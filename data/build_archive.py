#!/usr/bin/env python3
"""Which posts does the demo replay? Builds archive.jsonl.zst beside this file.

The texts and their human ratings come from the source package of vaderSentiment, fetched with
pip and checked against a fixed hash. Clock, authors and reach are made up here. Same inputs, same
bytes: one fixed seed, no dates of today, no floating-point library functions, one zstd release.

    python -m pip install zstandard==0.23.0
    python data/build_archive.py            # writes data/archive.jsonl.zst
    python data/build_archive.py --report   # also prints the counts quoted in README.md

Needs Python 3.11 or newer. Scores nothing: only the human ratings place the spike and the surge.
"""

import bisect
import collections
import datetime
import hashlib
import io
import json
import pathlib
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib

import zstandard

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENT = "vaderSentiment==3.3.2"
SDIST_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
RATED_SETS = "additional_resources/hutto_ICWSM_2014.tar.gz"
# (set in the package, source, kind, rows)
SETS = (
    ("tweets", "tweets", "original", 4_200),
    ("amazonReviewSnippets", "reviews", "review", 3_708),
    ("movieReviewSnippets", "films", "review", 10_605),
    ("nytEditorialSnippets", "editorials", "article", 5_190),
)

SEED = 20_260_302
ZSTD_LEVEL = 19
ZSTD_VERSION = (1, 5, 6)  # of the library inside zstandard 0.23.0; another may write other bytes

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
DAY_MS = 24 * 60 * MINUTE_MS
START = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
DAYS = 3
# Relative volume at each full hour UTC, linear in between: a quiet night, a hump about noon, a
# higher one in the evening.
HOURLY = (56, 50, 46, 44, 46, 54, 68, 86, 106, 122, 132, 138,
          140, 134, 126, 120, 120, 126, 136, 146, 148, 134, 106, 76)

NEGATIVE_MAX = -1.0  # mean of the human raters, -4..4
POSITIVE_MIN = 1.0
# name, topic, polarity, start, minutes, posts
Burst = collections.namedtuple("Burst", "name topic polarity start_ms minutes posts")
BURSTS = (
    Burst("surge", "nokia", "positive", 1 * DAY_MS + (11 * 60 + 30) * MINUTE_MS, 20, 64),
    Burst("spike", "apex", "negative", 2 * DAY_MS + (14 * 60 + 5) * MINUTE_MS, 20, 76),
)

AUTHORS = 6_000
ZIPF_OFFSET = 40  # weight of the author of rank k is 1 / (k + offset)
JITTER_MIN_MS, JITTER_SPAN_MS = 200, 3_800


def fetch_sdist(folder):
    """Downloads the pinned source package with pip and returns its bytes."""
    pinned = pathlib.Path(folder) / "requirements.txt"
    # With the hash given, pip checks it before it runs anything inside the package.
    pinned.write_text(f"{REQUIREMENT} --hash=sha256:{SDIST_SHA256}\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download",
         "--no-deps", "--no-binary", "vaderSentiment", "--dest", str(folder),
         "--requirement", str(pinned)],
        check=True,
    )
    (path,) = pathlib.Path(folder).glob("*.tar.gz")
    sdist = path.read_bytes()
    found = hashlib.sha256(sdist).hexdigest()
    if found != SDIST_SHA256:
        sys.exit(f"{path.name}: sha256 is {found}, expected {SDIST_SHA256}")
    return sdist


def member(archive, ending):
    """The bytes of the one file of a tar.gz whose path ends so."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (name,) = [name for name in tar.getnames() if name.endswith("/" + ending)]
        return tar.extractfile(name).read()


def read_rows(sdist):
    """Yields every rated text, unaltered, as a dict with its set's row id, source and rating."""
    rated = member(sdist, RATED_SETS)
    rows = []
    for name, source, kind, expected in SETS:
        lines = member(rated, f"{name}_GroundTruth.txt").decode("utf-8").split("\r\n")
        lines = [line for line in lines if line]
        if len(lines) != expected:
            sys.exit(f"{name}: {len(lines)} rows, expected {expected}")
        for line in lines:
            row_id, rating, text = line.split("\t")
            reply = source == "tweets" and text.startswith("@")
            rows.append({"row": row_id, "source": source, "kind": "reply" if reply else kind,
                         "text": text, "rating": float(rating)})
    return rows


# A small reader of the query language: terms, "phrases", prefix*, AND OR NOT and brackets.

QUERY_TOKEN = re.compile(r'\s*("[^"]*"|\(|\)|[^\s()"]+)')
WORD = re.compile(r"\w+(?:['’]\w+)*")


def compile_query(query):
    """Turns a query into a predicate over a list of lowercase words."""
    tokens = QUERY_TOKEN.findall(query)

    def peek():
        return tokens[0] if tokens else None

    def either():
        parts = [both()]
        while peek() == "OR":
            tokens.pop(0)
            parts.append(both())
        return lambda words: any(part(words) for part in parts)

    def both():
        parts = [unary()]
        while peek() == "AND":
            tokens.pop(0)
            parts.append(unary())
        return lambda words: all(part(words) for part in parts)

    def unary():
        token = tokens.pop(0)
        if token == "NOT":
            inner = unary()
            return lambda words: not inner(words)
        if token == "(":
            inner = either()
            if tokens.pop(0) != ")":
                sys.exit(f"query {query!r}: bracket not closed")
            return inner
        return phrase(WORD.findall(token.lower())) if token[0] == '"' else term(token.lower())

    tree = either()
    if tokens:
        sys.exit(f"query {query!r}: {tokens[0]!r} follows the end")
    return tree


def term(word):
    if word.endswith("*"):
        return lambda words: any(w.startswith(word[:-1]) for w in words)
    return lambda words: word in words


def phrase(wanted):
    n = len(wanted)
    return lambda words: any(words[i:i + n] == wanted for i in range(len(words) - n + 1))


def label(rows, topics):
    """Adds the topics each row matches and the polarity its human rating gives it."""
    queries = [(topic["name"], compile_query(topic["query"])) for topic in topics]
    for row in rows:
        words = WORD.findall(row["text"].lower())
        row["topics"] = tuple(name for name, matches in queries if matches(words))
        rating = row["rating"]
        row["polarity"] = ("negative" if rating <= NEGATIVE_MAX
                           else "positive" if rating >= POSITIVE_MIN else "neutral")


def shuffled(rng, values):
    """Fisher-Yates on random() alone, whose stream Python keeps the same across releases."""
    values = list(values)
    for i in range(len(values) - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        values[i], values[j] = values[j], values[i]
    return values


def daily_curve():
    """The cumulated minute weights of the whole span: integers, one entry a minute."""
    total, cumulated = 0, []
    for minute in range(DAYS * 24 * 60):
        hour, rest = divmod(minute % (24 * 60), 60)
        total += HOURLY[hour] * (60 - rest) + HOURLY[(hour + 1) % 24] * rest
        cumulated.append(total)
    return cumulated


def at_quantile(curve, quantile):
    """The millisecond since the start by which this share of the volume has passed."""
    target = quantile * curve[-1]
    minute = bisect.bisect_right(curve, target)
    before = curve[minute - 1] if minute else 0
    return int((minute + (target - before) / (curve[minute] - before)) * MINUTE_MS)


def draw_bursts(rng, rows):
    """Gives the posts of the spike and the surge their times: an abrupt rise, a linear fall."""
    for burst in BURSTS:
        seen, eligible = set(), []
        for row in shuffled(rng, rows):
            fits = (row["source"] == "reviews" and row["topics"] == (burst.topic,)
                    and row["polarity"] == burst.polarity and row["text"] not in seen)
            if fits:
                seen.add(row["text"])
                eligible.append(row)
        if len(eligible) < burst.posts:
            sys.exit(f"{burst.name}: {len(eligible)} eligible texts, {burst.posts} wanted")
        for row in eligible[:burst.posts]:
            share = min(rng.random(), rng.random())
            row["posted_ms"] = burst.start_ms + int(share * burst.minutes * MINUTE_MS)
            row["burst"] = burst.name


def spread_background(rng, rows):
    """Spreads all other posts along the daily curve, each stratum evenly.

    A stratum is a source, a set of topics and a human rating rounded to whole points. Its n
    posts are shuffled and get one random moment in each n-th of the volume, so that neither a
    topic nor an opinion of it clumps by accident.
    """
    curve = daily_curve()
    strata = collections.defaultdict(list)
    for row in rows:
        if "posted_ms" not in row:
            strata[row["source"], row["topics"], round(row["rating"])].append(row)
    for key in sorted(strata):
        stratum = shuffled(rng, strata[key])
        for cell, row in enumerate(stratum):
            row["posted_ms"] = at_quantile(curve, (cell + rng.random()) / len(stratum))


def make_authors(rng):
    """Made-up handles with followers, and their cumulated Zipf weights."""
    first = "amber brisk calm dusty early faint glad hazy idle jolly keen lunar mellow noble " \
            "olive plain quiet rapid silver tidy upper vivid warm young".split()
    second = "acorn badger cedar delta ember falcon garnet harbor island juniper kettle lantern " \
             "maple nectar otter pebble quill raven summit thistle umbra valley willow " \
             "zephyr".split()
    pairs = shuffled(rng, [(a, b) for a in first for b in second])
    handles, reach, weights, total = [], [], [], 0
    for rank in range(AUTHORS):
        a, b = pairs[rank % len(pairs)]
        handles.append(f"{a}-{b}-{rank // len(pairs) + 1:02}")
        reach.append(int(30 / (rng.random() + 0.0005)) + 400_000 // (rank + ZIPF_OFFSET))
        total += 10**12 // (rank + ZIPF_OFFSET)
        weights.append(total)
    return handles, reach, weights


def dress(rng, rows):
    """Adds receiving time, author, reach and engagement, and returns finished posts in order."""
    handles, reach, weights = make_authors(rng)
    posts = []
    for row in sorted(rows, key=lambda row: (row["posted_ms"], row["source"], row["row"])):
        u = rng.random()
        received_ms = row["posted_ms"] + JITTER_MIN_MS + int(u * u * u * u * JITTER_SPAN_MS)
        author = bisect.bisect_right(weights, int(rng.random() * weights[-1]))
        v = rng.random()
        posts.append((received_ms, f"{row['source']}-{row['row']}", {
            "id": f"{row['source']}-{row['row']}",
            "source": row["source"],
            "author": handles[author],
            "posted_at": rfc3339(row["posted_ms"]),
            "received_at": rfc3339(received_ms),
            "kind": row["kind"],
            "lang": "en",
            "text": row["text"],
            "reach": reach[author],
            "engagement": int(reach[author] * v * v * v / 20),
        }, row))
    posts.sort(key=lambda post: post[:2])
    return posts


def rfc3339(ms):
    moment = START + datetime.timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def report(posts):
    """Prints the counts of README.md: totals, topics, spike and surge."""
    authors = {post["author"] for _, _, post, _ in posts}
    characters = sum(len(post["text"]) for _, _, post, _ in posts)
    print(f"posts {len(posts)}, authors {len(authors)}, "
          f"mean text {characters / len(posts):.1f} characters")
    topics = collections.defaultdict(collections.Counter)
    for _, _, _, row in posts:
        for topic in row["topics"]:
            topics[topic][row["polarity"]] += 1
    for topic, counts in topics.items():
        print(f"topic {topic}: {counts.total()} posts, {counts['negative']} negative, "
              f"{counts['positive']} positive by human rating")
    for burst in BURSTS:
        chosen = [(post, row) for _, _, post, row in posts if row.get("burst") == burst.name]
        times = sorted(post["posted_at"] for post, _ in chosen)
        names = {post["author"] for post, _ in chosen}
        print(f"{burst.name} {burst.topic}: {len(chosen)} {burst.polarity} posts, "
              f"{len(names)} authors, {times[0]} to {times[-1]}")


def main():
    if zstandard.ZSTD_VERSION != ZSTD_VERSION:
        sys.exit(f"zstd {zstandard.ZSTD_VERSION} found, {ZSTD_VERSION} expected\n"
                 "hint: python -m pip install zstandard==0.23.0")
    with tempfile.TemporaryDirectory() as folder:
        rows = read_rows(fetch_sdist(folder))
    label(rows, tomllib.loads((HERE / "demo.toml").read_text("utf-8"))["topic"])
    rng = random.Random(SEED)
    draw_bursts(rng, rows)
    spread_background(rng, rows)
    posts = dress(rng, rows)
    lines = "".join(
        json.dumps(post, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
        for _, _, post, _ in posts
    ).encode("utf-8")
    packed = zstandard.ZstdCompressor(
        level=ZSTD_LEVEL, write_checksum=True, write_content_size=True).compress(lines)
    (HERE / "archive.jsonl.zst").write_bytes(packed)
    print(f"archive.jsonl      {len(lines)} bytes, sha256 {hashlib.sha256(lines).hexdigest()}")
    print(f"archive.jsonl.zst  {len(packed)} bytes, sha256 {hashlib.sha256(packed).hexdigest()}")
    if "--report" in sys.argv[1:]:
        report(posts)


if __name__ == "__main__":
    main()
