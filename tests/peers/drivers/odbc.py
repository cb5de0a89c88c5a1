"""What psqlODBC asks of a lake of the bundled archive, through pyodbc. Usage: PORT PASSWORD"""

import datetime
import sys

import pyodbc

PORT, PASSWORD = sys.argv[1:]
ALL = 2957
FIRST = datetime.datetime(2026, 3, 1)


def opened(driver, **options):
    given = "".join(f"{name}={value};" for name, value in options.items())
    place = f"Driver={{{driver}}};Server=127.0.0.1;Port={PORT};Database=resonanz;Uid=resonanz;Pwd={{{PASSWORD}}};"
    return pyodbc.connect(place + given, autocommit=True, timeout=20)


def reads(lake):
    one = lambda sql, *values: lake.execute(sql, *values).fetchone()[0]
    assert one("SELECT count(*) FROM mentions WHERE topic = ?", "films") == 1774
    assert one("SELECT count(*) FROM mentions WHERE posted_at >= ? AND score > ?", FIRST, -2.0) == ALL
    for _ in range(8):
        assert one("SELECT count(*) FROM mentions WHERE topic = ?", "apex") == 267
    assert len(lake.execute("SELECT text FROM mentions LIMIT ?", 5).fetchall()) == 5
    assert one("SELECT CAST(? AS text)", "a'b ü") == "a'b ü"
    assert one("SELECT CAST(NULL AS int)") is None
    assert one("SELECT DATE '2026-03-01'") == datetime.date(2026, 3, 1)
    assert one("SELECT TIMESTAMP '2026-03-03 01:02:03'") == datetime.datetime(2026, 3, 3, 1, 2, 3)
    rows = lake.execute("SELECT topic, score, posted_at, reach, text FROM mentions").fetchall()
    assert len(rows) == ALL and isinstance(rows[0].score, float), rows[0]
    assert isinstance(rows[0].posted_at, datetime.datetime)
    cursor = lake.execute("SELECT 1 AS a; SELECT 'two' AS b")
    assert cursor.fetchone().a == 1 and cursor.nextset() and cursor.fetchone().b == "two"


def metadata(lake):
    cursor = lake.cursor()
    tables = [row.table_name for row in cursor.tables(schema="public", tableType="TABLE")]
    assert sorted(tables) == ["alerts", "mentions", "panes", "posts", "reviews", "triage"], tables
    assert "trends" in [row.table_name for row in cursor.tables(tableType="VIEW")]
    columns = {row.column_name: row.type_name for row in cursor.columns(table="mentions")}
    assert columns["posted_at"] == "timestamptz" and columns["score"] == "float8" and columns["text"] == "text", columns
    assert list(cursor.statistics("mentions")) is not None
    assert [row.type_name for row in cursor.getTypeInfo()]
    assert lake.getinfo(pyodbc.SQL_DBMS_NAME) == "PostgreSQL"
    # What no lake has is answered by its columns, and no rows.
    for asked, wanted in [
        (lambda: cursor.foreignKeys(table="mentions"), ["pktable_name", "fkcolumn_name"]),
        (lambda: cursor.foreignKeys(foreignTable="mentions"), ["pktable_name", "fkcolumn_name"]),
        (lambda: cursor.primaryKeys(table="mentions"), ["table_name", "column_name", "key_seq"]),
        (lambda: cursor.procedures(schema="public"), ["procedure_name", "procedure_type"]),
        (lambda: cursor.procedureColumns(schema="public"), ["procedure_name", "column_name"]),
        (lambda: cursor.statistics("mentions", unique=True), ["index_name", "column_name"]),
    ]:
        found = asked()
        names = [column[0] for column in found.description]
        assert set(wanted) <= set(names) and found.fetchall() == [], (wanted, names)


def refusals(lake):
    for sql, state in [("SELECT nosuch FROM mentions", "42"), ("SELECT * FROM nosuch", "42"), ("DELETE FROM mentions", "25")]:
        try:
            lake.execute(sql).fetchall()
        except pyodbc.Error as error:
            assert error.args[0].startswith(state) or error.args[0] == "HY000", (sql, error)
        else:
            raise AssertionError(f"{sql} is not refused")
    assert lake.execute("SELECT 1").fetchone()[0] == 1


for options in [{}, {"UseServerSidePrepare": 0}, {"UseDeclareFetch": 1, "Fetch": 100}]:
    lake = opened("PostgreSQL Unicode", **options)
    reads(lake)
    metadata(lake)
    refusals(lake)
    lake.close()
    print(options, flush=True)
print("done")
