"""Many machines analyze, one counts: posts through Sail, then through the engine, then asked with DuckDB.

usage: sail.py POSTS.jsonl[.zst] resonanz.toml LAKE

Needs `pip install resonanz pysail pyspark-client duckdb deltalake`. The same function runs in Spark: only
how the session is made differs. With `SAIL_MODE=local-cluster SAIL_CLUSTER__WORKER_INITIAL_COUNT=2` in the
environment, Sail has a driver and two workers.
"""

import pathlib
import subprocess
import sys
import tempfile

import deltalake
import duckdb
import pyarrow
import pyarrow.json
import pyarrow.parquet
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession
from pyspark.sql.types import BinaryType, StringType, StructField, StructType

posts, config, lake = (pathlib.Path(path).absolute() for path in sys.argv[1:])
scratch = tempfile.TemporaryDirectory()  # goes at the end
folder = pathlib.Path(scratch.name)

# Posts as a table: id, source, text, posted_at, and what else is known of them.
table = pyarrow.json.read_json(pyarrow.input_stream(str(posts), compression="detect"))
for part in range(4):
    rows = -(-len(table) // 4)
    pyarrow.parquet.write_table(table.slice(part * rows, rows), folder / f"posts-{part}.parquet")

server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
_, port = server.listening_address
spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
raw = spark.read.parquet(str(folder / "posts-*.parquet"))


def prepare(batches, config=str(config)):
    import pyarrow
    import resonanz

    analyzer = resonanz.Analyzer(config)
    for batch in batches:
        yield pyarrow.record_batch(analyzer.prepare(batch))


added = [StructField("findings", BinaryType()), StructField("analyzed_by", StringType())]
found = raw.mapInArrow(prepare, StructType(raw.schema.fields + added))
found.write.parquet(str(folder / "found"))

# Their files are in no order of time.
subprocess.run(
    ["resonanz", "reprocess", "--findings", folder / "found", "--sort", "always", "--config", config, "--lake", lake],
    check=True,
)

files = deltalake.DeltaTable(lake / "mentions").file_uris()
print(
    duckdb.sql(
        f"SELECT topic, count(*) AS mentions, sum((polarity = 'negative')::int) AS negative "
        f"FROM read_parquet({files}, hive_partitioning = true) GROUP BY topic ORDER BY mentions DESC, topic"
    )
)
