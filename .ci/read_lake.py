"""Do readers that are not ours find what the demo printed?

usage: read_lake.py LAKE DEMO_OUTPUT
"""
import re
import sys

import deltalake
import duckdb
import polars

lake, output = sys.argv[1:]
text = open(output, encoding="utf-8").read()
posts = int(re.search(r"of which (\d+) speak", text)[1])
mentions, negative = map(int, re.search(r"mentions  (\d+), (\d+) negative", text).groups())
fired = len(re.findall(r"^ {12}\S+Z  (?:fired|escalated|resolved)", text, re.M))
assert "signature verified" in text and "alert.fired" in text and "alert.resolved" in text

tables = {name: deltalake.DeltaTable(f"{lake}/{name}") for name in ("posts", "mentions", "panes", "alerts")}
arrow = {name: duckdb.from_arrow(table.to_pyarrow_dataset().to_table()) for name, table in tables.items()}
one = lambda name, sql: arrow[name].aggregate(sql).fetchall()[0]
found = {
    "posts": one("posts", "count(*)")[0],
    "mentions": one("mentions", "count(*)")[0],
    "negative": one("mentions", "count(*) filter (polarity = 'negative')")[0],
    "pane mentions": int(one("panes", "sum(mentions)")[0]),
    "pane negative": int(one("panes", "sum(negative)")[0]),
    "alerts": one("alerts", "count(*)")[0],
    "polars mentions": polars.read_delta(f"{lake}/mentions").height,
    "plain parquet": duckdb.sql(f"select count(*) from read_parquet('{lake}/mentions/*/*.parquet')").fetchall()[0][0],
}
wanted = {
    "posts": posts, "mentions": mentions, "negative": negative, "pane mentions": mentions,
    "pane negative": negative, "alerts": fired, "polars mentions": mentions, "plain parquet": mentions,
}
print(found)
assert found == wanted, f"the demo printed {wanted}"
