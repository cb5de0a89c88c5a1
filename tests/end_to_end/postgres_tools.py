"""What tools send when somebody connects and looks around, as postgres_tools.sql has it, to a lake of the bundled
archive. Usage: PORT PASSWORD"""

import pathlib
import sys

import psycopg

DSN = f"host=127.0.0.1 port={sys.argv[1]} user=resonanz dbname=resonanz password='{sys.argv[2]}'"
SENT = pathlib.Path(__file__).with_suffix(".sql").read_text().splitlines()


def answers(lake, sql):
    """By the simple protocol and as a prepared statement; the rows of the first."""
    simple = psycopg.ClientCursor(lake).execute(sql)
    rows = simple.fetchall() if simple.description else []
    prepared = lake.execute(sql, prepare=True)
    assert bool(simple.description) == bool(prepared.description)
    if simple.description:
        assert [c.name for c in simple.description] == [c.name for c in prepared.description]
        assert len(prepared.fetchall()) == len(rows), sql
    return rows


def all_is_answered(lake):
    table = lake.execute("SELECT oid FROM pg_catalog.pg_class WHERE relname = 'mentions'").fetchone()[0]
    schema = lake.execute("SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public'").fetchone()[0]
    found, failed, tool = {}, [], None
    for line in SENT:
        if line.startswith("-- "):
            tool = line[3:]
        elif line:
            sql = line.rstrip(" ;").replace("{table}", str(table)).replace("{schema}", str(schema))
            try:
                found.setdefault(tool, []).append(answers(lake, sql))
            except psycopg.Error as error:
                failed.append(f"{tool}: {sql[:200]}\n    {error}")
    assert not failed, "\n".join(failed)
    return found


def types_are_as_npgsql_reads_them(rows):
    types = {row[2]: row for row in rows}
    for name, oid in [("text", 25), ("int8", 20), ("float8", 701), ("timestamptz", 1184), ("date", 1082), ("bool", 16)]:
        assert int(types[name][1]) == oid and types[name][3] == "b", types[name]
        array = types["_" + name]
        assert array[3] == "a" and int(array[5]) == oid, array
    # Base types come first, so that arrays find their elements.
    order = [row[2] for row in rows]
    assert order.index("text") < order.index("_text"), order


def main():
    with psycopg.connect(DSN, autocommit=True) as lake:
        found = all_is_answered(lake)
        tables = {row[1]: row[2] for row in found["Metabase"][2]}
        assert tables["mentions"] == "TABLE" and tables["trends"] == "VIEW", tables
        columns = {(row[4], row[0]): row[1] for row in found["Metabase"][3]}
        assert columns["mentions", "posted_at"] == "timestamptz" and columns["mentions", "text"] == "text", columns
        # Each time again: a join on the id of a table of the catalog lost rows now and then.
        listed = [sql for sql in SENT if "c.relpartbound, c.oid" in sql][0].rstrip(";")
        schema = lake.execute("SELECT oid FROM pg_namespace WHERE nspname = 'public'").fetchone()[0]
        for _ in range(20):
            assert len(lake.execute(listed.replace("{schema}", str(schema))).fetchall()) >= 20
        types_are_as_npgsql_reads_them(found["Npgsql"][0])
        for sql, wanted in [
            ("SELECT format('%I.%s: %L', 'My t', 7, NULL)", '"My t".7: NULL'),
            ("SELECT pg_size_pretty(123456789::bigint)", "118 MB"),
            ("SELECT obj_description('mentions'::regclass, 'pg_class')", None),
            ("SELECT to_regclass('mentions') = 'public.mentions'::regclass", True),
            ("SELECT to_regclass('no_such_table') IS NULL", True),
            ("SELECT setting FROM pg_settings WHERE name = 'max_index_keys'", "32"),
            ("SELECT usename FROM pg_user", "resonanz"),
        ]:
            assert lake.execute(sql).fetchone()[0] == wanted, sql
    # What takes much memory is answered with its parameters, too.
    with psycopg.connect(DSN, autocommit=True, prepare_threshold=0) as lake:
        many = "SELECT %s::text || max(length(t)), count(*) FROM (SELECT lag(text) OVER (ORDER BY post_id) AS t FROM mentions) WHERE length(t) > %s"
        text, count = lake.execute(many, ["at most ", 10]).fetchone()
        assert text.startswith("at most ") and 2000 < count < 2957, (text, count)
        with lake.transaction(), lake.cursor(name="parts") as parts:
            parts.itersize = 500
            parts.execute("SELECT text, post_id FROM mentions ORDER BY text, post_id")
            rows = [row[0] for row in parts]
            assert len(rows) == 2957
    print("done")


main()
