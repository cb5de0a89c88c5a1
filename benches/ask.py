"""How fast are questions answered over many mentions? `resonanz query` against DuckDB on the same files.

usage: ask.py MILLIONS [RESONANZ]

Makes a lake of that many million mentions (one file of a million rows a day, as our writer makes them: same columns,
order, encodings and statistics) and their panes, asks both engines the same questions three times, and prints the best
time of each. Texts are those of data/archive.jsonl.zst. Beyond ten days, a day's file of mentions is one of the first
ten under another name; panes are always made. Needs duckdb, pyarrow, numpy and the program zstd.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROWS, OWN_DAYS, DAY_US = 1_000_000, 10, 86_400_000_000
FIRST = datetime.date(2026, 1, 1)
TOPICS, SOURCES, LANGS = [f"topic-{n:02}" for n in range(20)], ["bluesky", "reviews"], ["de", "en"]
UNIQUE = {"text", "post_id", "url", "author", "parent", "thread", "terms", "alert_id", "evidence"}
TABLE = {
    "counts by topic and day": (
        "SELECT topic, day, count(*) AS n, round(avg(target_score), 6) AS mean FROM mentions GROUP BY topic, day ORDER BY topic, day"),
    "negative by topic, one week": (
        "SELECT topic, count(*) AS n FROM mentions WHERE polarity = 'negative' AND day < '2026-01-08' GROUP BY topic ORDER BY topic"),
    "one topic, one hour": (
        "SELECT count(*) AS n, round(avg(score), 6) AS mean FROM mentions WHERE topic = 'topic-07' AND posted_at >= '2026-01-01T10:00:00Z' AND posted_at < '2026-01-01T11:00:00Z'"),
    "texts that hold a word": "SELECT count(*) AS n FROM mentions WHERE day < '2026-01-03' AND text LIKE '%battery%'",
    "trend by hour, from panes": (
        "SELECT date_trunc('hour', start) AS hour, topic, sum(mentions)::BIGINT AS n, sum(negative)::BIGINT AS bad FROM panes GROUP BY 1, 2 ORDER BY 1, 2"),
    "trend of one topic by day, from panes": (
        "SELECT date_trunc('day', start) AS hour, sum(mentions)::BIGINT AS n, sum(score_sum)::BIGINT AS s FROM panes WHERE topic = 'topic-07' GROUP BY 1 ORDER BY 1"),
    "all": "SELECT count(*) AS n FROM mentions",
}


def columns(rng, start, schema, texts):
    """A day of mentions, by topic and time."""
    pick = lambda names, p=None: pa.DictionaryArray.from_arrays(
        rng.choice(len(names), ROWS, p=p).astype(np.int32), names).cast(pa.string())
    weight = np.arange(1, 21)[::-1] / np.arange(1, 21).sum()
    topic, posted = np.sort(rng.choice(20, ROWS, p=weight)).astype(np.int32), np.sort(rng.integers(0, DAY_US, ROWS))
    posted = posted + start
    order = np.lexsort((posted, topic))
    topic, posted = topic[order], posted[order]
    score = rng.integers(-10_000, 10_000, ROWS)
    polar = np.where(score <= -500, 0, np.where(score >= 500, 2, 1)).astype(np.int32)
    number = pc.cast(pa.array(rng.integers(10**15, 10**16, ROWS)), pa.string())
    author = pc.cast(pa.array(rng.integers(10**17, 10**18, 200_000)), pa.string()).take(pa.array(rng.integers(0, 200_000, ROWS)))
    topics = pa.DictionaryArray.from_arrays(topic, TOPICS).cast(pa.string())
    made = {
        "received_at": pa.array(posted + 1_500_000), "posted_at": pa.array(posted), "topic": topics,
        "brand": topics, "topic_group": pick(["phones", "films"]), "source": pick(SOURCES), "post_id": number,
        "author": pc.binary_join_element_wise(author, author, ""), "kind": pick(["original", "reply"]), "lang": pick(LANGS),
        "reach": pa.array(rng.integers(0, 5_000, ROWS)), "engagement": pa.array(rng.integers(0, 90, ROWS)),
        "score": pa.array(score / 10_000), "target_score": pa.array(np.roll(score, 1) / 10_000),
        "polarity": pa.DictionaryArray.from_arrays(polar, ["negative", "neutral", "positive"]).cast(pa.string()),
        "terms": pick(["battery", "Battery | phone", "screen"]), "scorer": pick(["resonanz-00000000"]),
        "text": texts.take(pa.array(rng.integers(0, len(texts), ROWS))),
    }
    return table(made, schema, ROWS)


def panes(rng, start, schema):
    """A day of panes: each minute, topic, source and language."""
    minute, topic, source, lang = (part.ravel() for part in np.meshgrid(
        np.arange(1_440), np.arange(20), np.arange(2), np.arange(2), indexing="ij"))
    order = np.lexsort((minute, topic))
    name = lambda part, names: pa.DictionaryArray.from_arrays(part[order].astype(np.int32), names).cast(pa.string())
    mentions = rng.poisson(ROWS / len(minute), len(minute)) + 1
    negative = rng.binomial(mentions, 0.2)
    positive = rng.binomial(mentions - negative, 0.3)
    made = {
        "start": pa.array(minute[order] * 60_000_000 + start), "topic": name(topic, TOPICS),
        "source": name(source, SOURCES), "lang": name(lang, LANGS),
        "mentions": pa.array(mentions), "negative": pa.array(negative), "positive": pa.array(positive),
        "neutral": pa.array(mentions - negative - positive), "score_sum": pa.array(rng.integers(-9_999, 9_999, len(minute))),
    }
    return table(made, schema, len(minute))


def table(made, schema, rows):
    """What is made, in the columns and types of the lake; other numbers are 0, other texts null."""
    def column(field):
        if field.name in made:
            return made[field.name].cast(field.type)
        if field.nullable and pa.types.is_string(field.type):
            return pa.nulls(rows, field.type)
        return pa.array(np.zeros(rows, np.int64)).cast(field.type)
    fields = [field for field in schema if field.name != "day"]
    return pa.Table.from_arrays([column(field) for field in fields], schema=pa.schema(fields))


def statistics(rows):
    """What our writer notes in the log."""
    least, most, nulls = {}, {}, {}
    for field, column in zip(rows.schema, rows.columns):
        nulls[field.name] = column.null_count
        if field.name in UNIQUE or column.null_count == len(column):
            continue
        both = pc.min_max(column).as_py()
        text = lambda value: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime.datetime) else value
        least[field.name], most[field.name] = text(both["min"]), text(both["max"])
    return json.dumps({"numRecords": len(rows), "minValues": least, "maxValues": most, "nullCount": nulls})


def write(path, rows):
    """A Parquet file as src/lake/store/encode.rs writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encodings = {field.name: encoding(field) for field in rows.schema if encoding(field)}
    pq.write_table(rows, path, compression="zstd", compression_level=1, row_group_size=1_048_576, write_page_index=True,
                   use_dictionary=[field.name for field in rows.schema if field.name not in encodings],
                   column_encoding=encodings)


def encoding(field):
    """How a column is written that has no dictionary."""
    if field.name in ("reach", "engagement") or pa.types.is_timestamp(field.type):
        return "DELTA_BINARY_PACKED"
    own = {"author": None, "post_id": "DELTA_BYTE_ARRAY", "parent": "PLAIN", "thread": "PLAIN", "similarity": "PLAIN"}
    return own.get(field.name, "DELTA_LENGTH_BYTE_ARRAY" if field.name in UNIQUE else None)


def make(lake, days, resonanz, root):
    """A lake by the real program, then the rows of the days."""
    archive, config = lake.with_suffix(".jsonl"), root / "data/demo.toml"
    archive.write_text('{"id":"1","posted_at":"2026-01-01T00:00:00Z","text":"nothing"}\n')
    subprocess.run([resonanz, "reprocess", archive, "--config", config, "--lake", lake], check=True, stdout=subprocess.DEVNULL)
    lines = subprocess.run(["zstd", "-dcq", root / "data/archive.jsonl.zst"], check=True, stdout=subprocess.PIPE).stdout
    texts = pa.array([json.loads(line)["text"] for line in lines.splitlines()])
    schemas = {name: schema(lake / name) for name in ("mentions", "panes")}
    adds = {"mentions": [], "panes": []}
    for number in range(days):
        day, start = FIRST + datetime.timedelta(days=number), number * DAY_US + 1_767_225_600_000_000
        rng = np.random.default_rng(number)
        for name in adds:
            path = lake / name / f"day={day}" / "part-000000000001.parquet"
            if name == "mentions" and number >= OWN_DAYS:
                first = adds[name][number % OWN_DAYS]
                path.parent.mkdir(parents=True)
                os.link(lake / name / first["path"], path)
                stats = first["stats"]
            else:
                rows = panes(rng, start, schemas[name]) if name == "panes" else columns(rng, start, schemas[name], texts)
                write(path, rows)
                stats = statistics(rows)
            adds[name].append({"path": f"day={day}/{path.name}", "partitionValues": {"day": str(day)},
                               "size": path.stat().st_size, "modificationTime": 0, "dataChange": True, "stats": stats})
    for name, files in adds.items():
        log = lake / name / "_delta_log"
        version = 1 + max(int(path.stem) for path in log.glob("*.json"))
        (log / f"{version:020}.json").write_text("".join(json.dumps({"add": file}) + "\n" for file in files))
    return {name: [str(lake / name / file["path"]) for file in files] for name, files in adds.items()}


def schema(folder):
    """The columns of a table, from its log."""
    text = (folder / "_delta_log" / f"{0:020}.json").read_text()
    (meta,) = [line["metaData"] for line in map(json.loads, text.splitlines()) if "metaData" in line]
    types = {"string": pa.string(), "long": pa.int64(), "double": pa.float64(), "date": pa.date32(),
             "timestamp": pa.timestamp("us", "UTC")}
    return pa.schema([pa.field(field["name"], types[field["type"]], field["nullable"])
                      for field in json.loads(meta["schemaString"])["fields"]])


def best(ask):
    """The best of three, in seconds, and the answer."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        answer = ask()
        times.append(time.perf_counter() - begin)
    return min(times), answer


def main():
    days, root = int(sys.argv[1]), pathlib.Path(__file__).resolve().parent.parent
    resonanz = sys.argv[2] if len(sys.argv) > 2 else root / "target/dist/resonanz"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        lake = pathlib.Path(folder) / "lake"
        files = make(lake, days, resonanz, root)
        first = [pathlib.Path(file).stat().st_size for file in files["mentions"][:OWN_DAYS]]
        print(f"{days} million mentions, {sum(first) / len(first) / ROWS:.0f} bytes each on disk")
        duck = duckdb.connect()
        duck.execute(f"SET threads = {os.cpu_count()}; SET TimeZone = 'UTC'")
        for name, paths in files.items():
            duck.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({paths}, hive_partitioning = true)")
        print("| question | resonanz | DuckDB | ratio |\n|---|---|---|---|")
        for question, sql in TABLE.items():
            command = [resonanz, "query", "--lake", lake, "--format", "arrow", "--timeout", "5m", sql]
            ours, out = best(lambda: subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            theirs, want = best(lambda: duck.sql(sql).to_arrow_table())
            found = pa.ipc.open_stream(out).read_all().to_pylist()
            assert close(found, want.to_pylist()), f"{question}: {found[:3]} is not {want.to_pylist()[:3]}"
            print(f"| {question} | {ours:.2f} s | {theirs:.2f} s | {ours / theirs:.2f} |", flush=True)


def close(left, right):
    """Whether two answers are the same, but for the last digits of means."""
    same = lambda a, b: abs(a - b) < 1e-5 if isinstance(a, float) else a == b
    return len(left) == len(right) and all(
        same(a, b) for l, r in zip(left, right) for a, b in zip(l.values(), r.values()))


if __name__ == "__main__":
    main()
