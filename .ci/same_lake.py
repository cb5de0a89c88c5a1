"""Do two lakes hold the same rows, read by programs that are not ours?

usage: same_lake.py LAKE OTHER

Compares every column of every table: the Delta log is read by deltalake, the rows by DuckDB.
"""
import sys

import deltalake
import duckdb


def surplus(one, other):
    """Rows of one table that the other does not have, or has less often."""
    return duckdb.sql("select count(*) from (from one except all from other)").fetchall()[0][0]


for name in ("posts", "mentions", "panes", "alerts"):
    one, other = (deltalake.DeltaTable(f"{lake}/{name}").to_pyarrow_dataset().to_table() for lake in sys.argv[1:3])
    columns = sorted(one.column_names)
    assert columns == sorted(other.column_names), f"{name}: the columns differ"
    one, other = one.select(columns), other.select(columns)
    missing = surplus(other, one)
    extra = surplus(one, other)
    print(f"{name}: {one.num_rows} and {other.num_rows} rows, {missing} missing, {extra} extra")
    assert one.num_rows == other.num_rows and missing == extra == 0, f"{name}: the rows differ"
