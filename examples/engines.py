"""Many machines analyze, one counts: posts through a data engine, then through resonanz, then asked with DuckDB.

usage: engines.py sail|spark|ray|dask|daft POSTS.jsonl[.zst] resonanz.toml LAKE

Needs `pip install resonanz pyarrow duckdb deltalake`, and of the engines the one that is used: `pysail pyspark-client`,
`pyspark`, `ray[data]`, `dask[dataframe]` or `daft`. Each takes the same function, from a table of posts to the same table
with what was found. With `SAIL_MODE=local-cluster SAIL_CLUSTER__WORKER_INITIAL_COUNT=2` in the environment, Sail has a
driver and two workers.
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


def prepare(table, config):
    """What runs everywhere: a table of posts, with two columns more."""
    import pyarrow
    import resonanz

    return pyarrow.table(resonanz.Analyzer(config).prepare(table))


def through_spark(session, posts, found, config):
    """Spark, Sail, Databricks: batch by batch."""
    from pyspark.sql.types import BinaryType, StringType, StructField, StructType

    def batches(given):
        import pyarrow
        import resonanz

        analyzer = resonanz.Analyzer(config)
        for batch in given:
            yield pyarrow.record_batch(analyzer.prepare(batch))

    raw = session.read.parquet(str(posts))
    added = [StructField("findings", BinaryType()), StructField("analyzed_by", StringType())]
    raw.mapInArrow(batches, StructType(raw.schema.fields + added)).write.parquet(str(found))


def through_sail(posts, found, config):
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    through_spark(session, posts, found, config)
    session.stop()
    server.stop()


def through_local_spark(posts, found, config):
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    through_spark(session, posts, found, config)
    session.stop()


def through_ray(posts, found, config):
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    raw = ray.data.read_parquet(str(posts))
    raw.map_batches(prepare, batch_format="pyarrow", fn_kwargs={"config": config}).write_parquet(str(found))
    ray.shutdown()


def through_dask(posts, found, config):
    import dask.dataframe
    import pandas

    def partition(frame):
        return prepare(frame, config).to_pandas(types_mapper=pandas.ArrowDtype)

    raw = dask.dataframe.read_parquet(posts, dtype_backend="pyarrow", split_row_groups=False)
    added = {"findings": "binary[pyarrow]", "analyzed_by": "string[pyarrow]"}
    meta = raw._meta.assign(**{name: pandas.Series(dtype=kind) for name, kind in added.items()})
    raw.map_partitions(partition, meta=meta).to_parquet(found, write_index=False)


def through_daft(posts, found, config):
    import daft

    raw = daft.read_parquet(f"{posts}/*.parquet")
    names = raw.column_names
    fields = {field.name: field.dtype for field in raw.schema()} | {
        "findings": daft.DataType.binary(),
        "analyzed_by": daft.DataType.string(),
    }

    @daft.func.batch(return_dtype=daft.DataType.struct(fields), unnest=True)
    def prepared(*columns: daft.Series):
        import pyarrow

        table = pyarrow.table({name: column.to_arrow() for name, column in zip(names, columns)})
        return prepare(table, config).to_struct_array().combine_chunks()

    raw.select(prepared(*(raw[name] for name in names))).write_parquet(str(found))


ENGINES = {
    "sail": through_sail,
    "spark": through_local_spark,
    "ray": through_ray,
    "dask": through_dask,
    "daft": through_daft,
}


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ENGINES:
        sys.exit(__doc__.split("\n\n")[1])
    archive, config, lake = (pathlib.Path(path).absolute() for path in sys.argv[2:])
    with tempfile.TemporaryDirectory() as scratch:
        posts, found = pathlib.Path(scratch) / "posts", pathlib.Path(scratch) / "found"
        posts.mkdir()
        # Posts as tables: id, source, text, posted_at, and what else is known of them.
        table = pyarrow.json.read_json(pyarrow.input_stream(str(archive), compression="detect"))
        rows = -(-len(table) // 4)
        for part in range(4):
            pyarrow.parquet.write_table(table.slice(part * rows, rows), posts / f"{part}.parquet")
        ENGINES[sys.argv[1]](posts, found, str(config))
        # Their files are in no order of time.
        count = ["resonanz", "reprocess", "--findings", found, "--sort", "always", "--config", config, "--lake", lake]
        subprocess.run(count, check=True)
    files = deltalake.DeltaTable(lake / "mentions").file_uris()
    print(
        duckdb.sql(
            f"SELECT topic, count(*) AS mentions, sum((polarity = 'negative')::int) AS negative "
            f"FROM read_parquet({files}, hive_partitioning = true) GROUP BY topic ORDER BY mentions DESC, topic"
        )
    )


if __name__ == "__main__":
    main()
