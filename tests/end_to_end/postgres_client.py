"""What psycopg, Grafana and Metabase send to a lake of the bundled archive. Usage: PORT PASSWORD"""

import datetime
import sys
import threading

import psycopg

UTC = datetime.timezone.utc
DSN = f"host=127.0.0.1 port={sys.argv[1]} user=resonanz dbname=resonanz password='{sys.argv[2]}'"


def connect(**options):
    return psycopg.connect(DSN, **options)


def one(connection, sql, parameters=None, binary=False):
    return connection.execute(sql, parameters, binary=binary).fetchone()


def refused(code, connection, sql, parameters=None):
    try:
        connection.execute(sql, parameters).fetchall()
    except psycopg.Error as error:
        assert error.sqlstate == code, (sql, error.sqlstate, str(error))
        return error
    raise AssertionError(f"not refused: {sql}")


def parameters_of_all_types():
    when = datetime.datetime(2026, 3, 1, 12, 30, 0, 250000, tzinfo=UTC)
    with connect(autocommit=True) as c:
        for binary in (False, True):
            for sql, value in [
                ("SELECT %s::bigint", 2**40),
                ("SELECT %s::text", "a'b\\c ü 🙂"),
                ("SELECT %s::double precision", -2.5e-7),
                ("SELECT %s::boolean", True),
                
                ("SELECT %s::timestamptz", when),
                ("SELECT %s::date", when.date()),
                ("SELECT %s::text", None),
                ("SELECT %s", "text"),
                ("SELECT %s", 7),
            ]:
                found = one(c, sql, [value], binary)[0]
                assert found == value, (sql, value, found, binary)
            row = one(c, "SELECT posted_at, reach, score, text, brand FROM mentions"
                         " ORDER BY posted_at, post_id, topic LIMIT %s", [1], binary)
            assert row[0].tzinfo is not None and row[0].utcoffset() == datetime.timedelta(0), row
            assert isinstance(row[2], float) and isinstance(row[3], str), row
        first, last = one(c, "SELECT min(posted_at), max(posted_at) FROM mentions")
        middle = first + (last - first) / 2
        before = one(c, "SELECT count(*) FROM mentions WHERE posted_at < %s", [middle])[0]
        after = one(c, "SELECT count(*) FROM mentions WHERE posted_at >= %s", [middle])[0]
        assert before > 0 and after > 0 and before + after == 2957, (before, after)
        assert one(c, "SELECT count(*) FROM mentions WHERE topic = %s AND score > %s", ["films", -2])[0] == 1774
        assert one(c, "SELECT count(*) FROM mentions WHERE topic = ANY(%s)", [["films", "apex"]])[0] == 2041
        assert one(c, "SELECT count(*) FROM mentions WHERE topic LIKE %s OFFSET %s", ["fil%", 0])[0] == 1774
        rows = c.execute("SELECT text FROM mentions").fetchall()
        assert len(rows) == 2957
        # What SQLAlchemy does on every first connection.
        assert psycopg.types.TypeInfo.fetch(c, "hstore") is None


def statements_are_prepared_and_forgotten():
    with connect(autocommit=True, prepare_threshold=0) as c:
        c.prepared_max = 3
        for number in range(10):
            sql = f"SELECT {number} + %s"
            assert one(c, sql, [1])[0] == number + 1
            assert one(c, sql, [2])[0] == number + 2
        with c.pipeline():
            cursors = [c.execute("SELECT %s::int", [number]) for number in range(5)]
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(5))


def transactions_change_nothing():
    with connect() as c:
        with c.transaction():
            assert one(c, "SELECT 1")[0] == 1
            with c.transaction():
                assert one(c, "SELECT 2")[0] == 2
        refused("42703", c, "SELECT nothing")
        refused("25P02", c, "SELECT 1")
        c.rollback()
        assert one(c, "SELECT 1")[0] == 1
        c.commit()
        try:
            with c.transaction():
                with c.transaction():
                    refused("42P01", c, "SELECT * FROM mention")
                    raise psycopg.Rollback
        except psycopg.Rollback:
            pass
        c.execute("SET LOCAL statement_timeout = '5s'")
        assert one(c, "SHOW statement_timeout")[0] == "5s"
        c.rollback()
        assert one(c, "SHOW statement_timeout")[0] == "0"


def nothing_can_be_written():
    with connect(autocommit=True) as c:
        for sql in [
            "INSERT INTO mentions (topic) VALUES ('x')",
            "UPDATE mentions SET topic = 'x'",
            "DELETE FROM mentions",
            "DROP TABLE mentions",
            "CREATE TABLE t (a int)",
            "CREATE VIEW v AS SELECT 1",
            "COPY mentions FROM STDIN",
            "COPY (SELECT 1) TO '/tmp/x'",
            "GRANT ALL ON mentions TO public",
        ]:
            refused("25006", c, sql)
            # As a prepared statement too.
            refused("25006", c, sql.replace("'x'", "%s") if "'x'" in sql else sql,
                    ["x"] if "'x'" in sql else [])
        for code, sql in [
            ("22023", "SET TIME ZONE 'Europe/Berlin'"),
            ("22023", "SET client_encoding TO latin1"),
            ("42704", "SET datafusion.execution.batch_size = 1"),
            ("42704", "SET no_such_setting = 1"),
            ("42P01", "SELECT * FROM '/etc/passwd'"),
            ("42883", "SELECT pg_read_file('/etc/passwd')"),
            ("42883", "SELECT set_config('x', 'y', false)"),
            ("42883", "SELECT lo_import('/etc/passwd')"),
            ("53200", "SELECT repeat('x', 2000000000)"),
            ("22P02", "SELECT 'x'::int"),
            ("22012", "SELECT 1 / 0"),
        ]:
            refused(code, c, sql)
        error = refused("42703", c, "SELECT topic,\n topc FROM mentions")
        assert error.diag.statement_position == "16", error.diag.statement_position
        assert error.diag.message_hint == "did you mean topic?", error.diag.message_hint
        assert one(c, "SELECT count(*) FROM mentions")[0] == 2957


def queries_end_when_they_should():
    endless = "SELECT count(DISTINCT value % 3) FROM generate_series(1, 100000000000)"
    with connect(autocommit=True, options="-c statement_timeout=500ms") as c:
        refused("57014", c, endless)
        c.execute("SET statement_timeout = 0")
        waits = threading.Event()

        def cancel():
            waits.wait()
            # Until the statement is there to be cancelled, a cancellation meets nothing.
            while not done.is_set():
                c.cancel()
                done.wait(0.1)

        done = threading.Event()
        thread = threading.Thread(target=cancel)
        thread.start()
        waits.set()
        refused("57014", c, endless)
        done.set()
        thread.join()
        while True:
            try:
                assert one(c, "SELECT 1")[0] == 1
                break
            except psycopg.errors.QueryCanceled:
                pass
        # What streams can be cancelled on its way too, and rows can be left behind.
        with c.cursor() as cursor:
            rows = cursor.stream("SELECT * FROM generate_series(1, 100000000000)")
            assert next(rows) == (1,)
            rows.close()
        assert one(c, "SELECT 1")[0] == 1


def grafana():
    schemas = """quote_ident(table_schema) IN (
        SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
        FROM generate_series(
            array_lower(string_to_array(current_setting('search_path'),','),1),
            array_upper(string_to_array(current_setting('search_path'),','),1)
        ) as i, string_to_array(current_setting('search_path'),',') s)"""
    with connect(autocommit=True) as c:
        assert one(c, "SELECT current_setting('server_version_num')::int/100")[0] == 1600
        assert c.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchall() == []
        tables = c.execute(f"""SELECT CASE WHEN {schemas} THEN quote_ident(table_name)
            ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
            FROM information_schema.tables
            WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog')
            ORDER BY CASE WHEN {schemas} THEN 0 ELSE 1 END, 1""").fetchall()
        assert "public.mentions" in {row[0] for row in tables}, tables
        columns = c.execute(f"""SELECT quote_ident(column_name) AS "column", data_type AS "type"
            FROM information_schema.columns
            WHERE CASE WHEN array_length(parse_ident('public.mentions'),1) = 2
                THEN quote_ident(table_schema) = (parse_ident('public.mentions'))[1]
                 AND quote_ident(table_name) = (parse_ident('public.mentions'))[2]
                ELSE quote_ident(table_name) = 'public.mentions' AND {schemas} END""").fetchall()
        assert {"posted_at", "score"} <= {row[0] for row in columns}, columns
        first, last = one(c, "SELECT min(posted_at), max(posted_at) FROM mentions")
        within = f"posted_at BETWEEN '{first:%Y-%m-%dT%H:%M:%SZ}' AND '2026-12-31T00:00:00Z'"
        for group in ["floor(extract(epoch from posted_at)/3600)*3600", "date_trunc('hour', posted_at)"]:
            rows = c.execute(f"""SELECT {group} AS "time", topic AS metric, count(*) AS value
                FROM mentions WHERE {within} GROUP BY 1, 2 ORDER BY 1, 2""").fetchall()
            assert sum(row[2] for row in rows) == 2957, group
        assert one(c, f"SELECT extract(epoch from posted_at) as \"time\" FROM mentions WHERE extract(epoch from posted_at) >= {first.timestamp()} ORDER BY 1 LIMIT 1")[0] is not None
        assert one(c, "SELECT hour AS time, sum(mentions) FROM trends GROUP BY 1 ORDER BY 1 LIMIT 1")[0].tzinfo is not None


def metabase():
    with connect(autocommit=True) as c:
        for sql in [
            "SET extra_float_digits = 3",
            "SET application_name = 'Metabase v0.55.1 [f8f63fdf-d8f8-4573-86ea-4fe4a9548041]'",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        ]:
            c.execute(sql)
        assert one(c, "SHOW TRANSACTION ISOLATION LEVEL")[0] == "read committed"
        assert one(c, "show timezone")[0] == "UTC"
        schemas = c.execute("""SELECT nspname AS "TABLE_SCHEM", current_database() AS "TABLE_CATALOG"
            FROM pg_catalog.pg_namespace WHERE nspname <> 'pg_toast'
            AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1])
            AND (nspname !~ '^pg_toast_temp_'
              OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_'))
            ORDER BY "TABLE_SCHEM" """).fetchall()
        assert ("public", "resonanz") in schemas, schemas
        tables = c.execute("""SELECT "n"."nspname" AS "schema", "c"."relname" AS "name",
            CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END AS "type",
            "d"."description" AS "description", "stat"."n_live_tup" AS "estimated_row_count"
            FROM "pg_catalog"."pg_class" AS "c"
            INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
            LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid")
              AND ("d"."objsubid" = '0') AND ("d"."classoid" = 'pg_class'::regclass)
            LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname")
              AND ("c"."relname" = "stat"."relname")
            WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ '^pg_')
              AND ("n"."nspname" <> 'information_schema') AND c.relkind in ('r', 'p', 'v', 'f', 'm')
              AND ("n"."nspname" IN ('public'))
            ORDER BY "type" ASC, "schema" ASC, "name" ASC""").fetchall()
        names = {row[1]: row[2] for row in tables}
        assert names["mentions"] == "TABLE" and names["trends"] == "VIEW", names
        columns = c.execute("""SELECT n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull, a.attnum,
            pg_catalog.format_type(a.atttypid, a.atttypmod)
            FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)
            JOIN pg_catalog.pg_attribute a ON (a.attrelid = c.oid)
            JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
            WHERE c.relname = 'mentions' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum""").fetchall()
        kinds = {row[2]: row[6] for row in columns}
        assert kinds["posted_at"] == "timestamp with time zone" and kinds["text"] == "text", kinds
        rows = c.execute("""-- Metabase:: userID: 1 queryType: MBQL queryHash: 5a6
            SELECT DATE_TRUNC('month', "public"."mentions"."posted_at") AS "posted_at",
              COUNT(*) AS "count" FROM "public"."mentions"
            WHERE "public"."mentions"."posted_at" >= timestamp with time zone '2020-01-01 00:00:00.000Z'
            GROUP BY DATE_TRUNC('month', "public"."mentions"."posted_at")
            ORDER BY DATE_TRUNC('month', "public"."mentions"."posted_at") ASC""").fetchall()
        assert sum(row[1] for row in rows) == 2957, rows
        sample = c.execute("""SELECT SUBSTRING("public"."mentions"."text", 1, 1234) AS "substring1",
            "public"."mentions"."topic" AS "topic" FROM "public"."mentions" LIMIT 10000""").fetchall()
        assert len(sample) == 2957
        assert one(c, """SELECT count(*) FROM "public"."mentions"
            WHERE posted_at >= (NOW() + INTERVAL '-30 day') AND posted_at < NOW()""")[0] == 0


for check in [
    parameters_of_all_types,
    statements_are_prepared_and_forgotten,
    transactions_change_nothing,
    nothing_can_be_written,
    queries_end_when_they_should,
    grafana,
    metabase,
]:
    print(check.__name__, flush=True)
    check()
print("done")
