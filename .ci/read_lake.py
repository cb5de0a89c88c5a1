"""Do readers that are not ours find what the demo printed?

usage: read_lake.py LAKE DEMO_OUTPUT
"""
import os
import pathlib
import re
import sys

import deltalake
import duckdb
import polars
from pyarrow import compute

lake, output = sys.argv[1:]
text = open(output, encoding="utf-8").read()
posts = int(re.search(r"of which (\d+) speak", text)[1])
mentions, negative = map(int, re.search(r"mentions  (\d+), (\d+) negative", text).groups())
fired = len(re.findall(r"^ {12}\S+Z  (?:fired|escalated|resolved)", text, re.M))
assert "signature verified" in text and "alert.fired" in text and "alert.resolved" in text

SUMS = {
    "posts": {"rows": "count(*)", "reach": "sum(reach)", "topics": "sum(topics)"},
    "mentions": {"rows": "count(*)", "negative": "sum((polarity = 'negative')::int)", "engagement": "sum(engagement)",
                 "score": "sum(round(target_score * 10000)::bigint)"},
    "panes": {"rows": "count(*)", "mentions": "sum(mentions)", "negative": "sum(negative)", "score": "sum(score_sum)"},
    "alerts": {"rows": "count(*)", "observed": "sum(observed)"},
}


def by_duckdb(name):
    """The files that the log names, read by DuckDB itself."""
    files = deltalake.DeltaTable(f"{lake}/{name}").file_uris()
    sums = ", ".join(SUMS[name].values())
    return duckdb.sql(f"select {sums} from read_parquet({files}, hive_partitioning = true)").fetchall()[0]


def by_polars(name):
    """A lazy scan of the Delta table."""
    with polars.SQLContext({name: polars.scan_delta(f"{lake}/{name}")}) as context:
        sums = (f"{sum} as {column}" for column, sum in SUMS[name].items())
        return context.execute(f"select {', '.join(sums)} from {name}").collect().row(0)


def by_deltalake(name):
    """The Delta table as Arrow, summed by Arrow."""
    rows = deltalake.DeltaTable(f"{lake}/{name}").to_pyarrow_table()
    total = lambda column: compute.sum(rows[column]).as_py()
    special = {
        "rows": lambda: len(rows),
        ("mentions", "negative"): lambda: compute.sum(compute.equal(rows["polarity"], "negative")).as_py(),
        ("mentions", "score"): lambda: int(compute.sum(compute.round(compute.multiply(rows["target_score"], 10000))).as_py()),
        ("panes", "score"): lambda: total("score_sum"),
    }
    return tuple(special.get(key, special.get((name, key), lambda: total(key)))() for key in SUMS[name])


found = {}
for name in SUMS:
    answers = [[int(value or 0) for value in reader(name)] for reader in (by_duckdb, by_polars, by_deltalake)]
    assert answers[0] == answers[1] == answers[2], f"{name}: DuckDB, Polars and deltalake read {answers}"
    found |= {(name, column): value for column, value in zip(SUMS[name], answers[0])}
wanted = {
    ("posts", "rows"): posts, ("mentions", "rows"): mentions, ("mentions", "negative"): negative,
    ("panes", "mentions"): mentions, ("panes", "negative"): negative, ("alerts", "rows"): fired,
}
print(found)
assert wanted.items() <= found.items(), f"the demo printed {wanted}"

# What the manual shows runs as it stands.
os.environ["MPLBACKEND"] = "Agg"
root = pathlib.Path(__file__).resolve().parent.parent
section = (root / "src/sql/sql.md").read_text(encoding="utf-8").split("## Other tools")[1].split("\n## ")[0]
blocks = re.findall(r"```python\n(.*?)```", section, re.S)
assert len(blocks) == 4, "one for deltalake, DuckDB, Polars and a notebook"
for block in blocks:
    exec(block.replace("tour-lake", lake).replace("apex.png", f"{lake}/../apex.png"), {})
