"""SQL over a lake in engines that spread over machines: the tables are Delta, and theirs as they lie.

usage: large_lake.py sail|duckdb LAKE

Needs `pip install deltalake duckdb`, and for Sail `pysail pyspark-client`. Spark is asked as Sail is: only how the session
is made differs, and Delta's own package must be there. LAKE is a folder or s3://BUCKET/PREFIX.
"""

import sys

TABLES = ("posts", "mentions", "panes", "alerts")
QUESTION = """
SELECT topic, count(*) AS mentions, sum(CASE WHEN polarity = 'negative' THEN 1 ELSE 0 END) AS negative
FROM mentions GROUP BY topic ORDER BY mentions DESC, topic
"""


def ask_session(session, lake):
    for table in TABLES:
        session.read.format("delta").load(f"{lake}/{table}").createOrReplaceTempView(table)
    return [tuple(row) for row in session.sql(QUESTION).collect()]


def sail(lake):
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    answer = ask_session(session, lake)
    session.stop()
    server.stop()
    return answer


def duckdb(lake):
    import deltalake
    import duckdb

    for table in TABLES:
        files = deltalake.DeltaTable(f"{lake}/{table}").file_uris()
        duckdb.sql(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files}, hive_partitioning = true)")
    return duckdb.sql(QUESTION).fetchall()


ENGINES = {"sail": sail, "duckdb": duckdb}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ENGINES:
        sys.exit(__doc__.split("\n\n")[1])
    for topic, mentions, negative in ENGINES[sys.argv[1]](sys.argv[2]):
        print(topic, mentions, negative)
