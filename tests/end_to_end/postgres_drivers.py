"""What drivers of PostgreSQL send to a lake of the bundled archive. Usage: PORT PASSWORD

Each driver that is not installed is named, and left out."""

import asyncio
import datetime
import importlib
import sys
from urllib.parse import quote

PORT, PASSWORD = int(sys.argv[1]), sys.argv[2]
PLACE = dict(host="127.0.0.1", port=PORT, user="resonanz", password=PASSWORD)
URL = f"resonanz:{quote(PASSWORD)}@127.0.0.1:{PORT}/resonanz"
ALL = 2957
FIRST = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)


def with_asyncpg():
    import asyncpg

    async def failed(work):
        try:
            await work
        except asyncpg.PostgresError as error:
            return error.sqlstate
        raise AssertionError("not refused")

    async def talk():
        c = await asyncpg.connect(**PLACE, database="resonanz", timeout=20, command_timeout=20)
        for _ in range(2):
            assert await failed(c.fetch("SELECT nosuch FROM mentions")) == "42703"
            assert await failed(c.fetch("SELECT 1 / (count(*) - count(*)) FROM mentions")) == "22012"
        assert len(await c.fetch("SELECT text FROM mentions LIMIT $1 OFFSET $2", 2, 1)) == 2
        day = await c.fetchval("SELECT date_trunc($1, min(posted_at)) FROM mentions", "day")
        assert day == FIRST, day
        assert await c.fetchval("SELECT round(1.2345, $1)", 2) in (1.23, __import__("decimal").Decimal("1.23"))
        assert await c.fetchval("SELECT count(*) FROM mentions WHERE topic = ANY($1)", ["films", "apex"]) == 2041
        assert await c.fetchval("SELECT count(*) FROM mentions WHERE posted_at >= $1 AND score > $2", FIRST, -2.0) == ALL
        async with c.transaction():
            rows = [row async for row in c.cursor("SELECT text FROM mentions LIMIT 1000", prefetch=100)]
            assert len(rows) == 1000
        out = __import__("io").BytesIO()
        await c.copy_from_query("SELECT topic, text FROM mentions", output=out, format="csv", header=True)
        assert out.getvalue().startswith(b"topic,text\n"), out.getvalue()[:50]
        await c.execute("SELECT 1; SELECT 2; BEGIN; COMMIT")
        await c.close()
        async with asyncpg.create_pool(**PLACE, database="resonanz", min_size=1, max_size=2) as pool:
            for _ in range(3):
                async with pool.acquire() as c:
                    assert await c.fetchval("SELECT count(*) FROM mentions") == ALL

    asyncio.run(asyncio.wait_for(talk(), 90))


def with_psycopg():
    import psycopg

    with psycopg.connect(**PLACE, dbname="resonanz") as c:
        with c.cursor(name="parts") as parts:
            parts.itersize = 700
            parts.execute("SELECT text FROM mentions WHERE topic <> %s", ["none"])
            assert sum(1 for _ in parts) == ALL
        c.commit()
        for form in ["text", "csv", "binary"]:
            with c.cursor().copy(f"COPY (SELECT topic, score FROM mentions) TO STDOUT (FORMAT {form})") as copy:
                if form == "csv":
                    data = b"".join(copy).decode()
                    assert len(data.splitlines()) == ALL
                    continue
                copy.set_types(["text", "float8"])
                rows = list(copy.rows())
                assert len(rows) == ALL and isinstance(rows[0][1], float), rows[0]
        strange = "SELECT E'a\\tb\\\\c\\nd' AS a, NULL AS b, 'x\"y,z' AS c, '' AS d"
        with c.cursor().copy(f"COPY ({strange}) TO STDOUT") as copy:
            assert list(copy.rows()) == [("a\tb\\c\nd", None, 'x"y,z', "")]
        with c.cursor().copy(f"COPY ({strange}) TO STDOUT (FORMAT csv, HEADER)") as copy:
            text = b"".join(copy).decode()
            assert text == 'a,b,c,d\n"a\tb\\c\nd",,"x""y,z",""\n', text
        one = lambda sql, values=None: c.execute(sql, values).fetchone()[0]
        for sql, values, wanted in [
            ("SELECT to_char(TIMESTAMPTZ '2026-03-04 14:05:06Z', 'YYYY-MM-DD HH24:MI:SS')", None, "2026-03-04 14:05:06"),
            ("SELECT encode('\\x41ff'::bytea, 'hex')", [], "41ff"),
            ("SELECT 'a%%b' LIKE 'a/%%b' ESCAPE '/'", [], True),
            ("SELECT 'axb' LIKE 'a/%%b' ESCAPE '/'", [], False),
            ("SELECT 'a%%b' LIKE '%%' || %s || '%%' ESCAPE '/'", ["/%"], True),
            ("SELECT 'ab' LIKE '%%' || %s || '%%' ESCAPE '/'", ["/%"], False),
            ("SELECT pg_catalog.version() LIKE 'PostgreSQL%%'", [], True),
            ("SELECT sum(n) FROM (SELECT generate_series(1, 4) AS n) AS s", None, 10),
        ]:
            assert one(sql, values) == wanted, (sql, values)
        columns = c.execute(
            "SELECT column_name, ordinal_position, data_type, udt_name, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = 'mentions' ORDER BY ordinal_position"
        ).fetchall()
        assert columns[0][1] == 1 and columns[-1][1] == len(columns), columns
        kinds = {name: (kind, short) for name, _, kind, short, _ in columns}
        assert kinds["posted_at"] == ("timestamp with time zone", "timestamptz"), kinds
        assert kinds["text"] == ("text", "text") and kinds["score"] == ("double precision", "float8"), kinds
        views = c.execute("SELECT count(*) FROM information_schema.views WHERE table_schema <> 'public'").fetchone()
        assert views == (0,), views
        tables = c.execute("SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' ORDER BY 1")
        assert [row[0] for row in tables] == ["alerts", "mentions", "panes", "posts", "reviews", "triage"]
        assert c.execute("SELECT count(*) FROM information_schema.table_constraints").fetchone() == (0,)


def with_psycopg2():
    import psycopg2

    c = psycopg2.connect(**PLACE, dbname="resonanz")
    with c.cursor("parts") as parts:
        parts.execute("SELECT text FROM mentions")
        assert len(parts.fetchmany(10)) == 10 and len(parts.fetchall()) == ALL - 10
    c.commit()
    with c.cursor() as cursor:
        out = __import__("io").StringIO()
        cursor.copy_expert("COPY mentions (topic, text) TO STDOUT WITH CSV HEADER", out)
        assert out.getvalue().startswith("topic,text\n")
        cursor.execute("SELECT 1; SELECT 'two'")
        assert cursor.fetchall() == [("two",)]
    c.close()


def with_pg8000():
    import pg8000.native

    c = pg8000.native.Connection("resonanz", password=PASSWORD, host="127.0.0.1", port=PORT, database="resonanz")
    assert c.run("SELECT count(*) FROM mentions WHERE topic = :topic", topic="films") == [[1774]]
    try:
        c.run("SELECT nosuch FROM mentions")
        raise AssertionError("not refused")
    except pg8000.native.DatabaseError as error:
        assert error.args[0]["C"] == "42703", error
    c.close()


def with_sqlalchemy():
    import sqlalchemy as sa

    for driver in ["psycopg", "psycopg2"]:
        engine = sa.create_engine(f"postgresql+{driver}://{URL}")
        with engine.connect() as c:
            mentions = sa.table("mentions", sa.column("topic", sa.String), sa.column("text", sa.String))
            found = sa.select(sa.func.count()).where(mentions.c.topic.contains("fil", autoescape=True))
            assert c.execute(found).scalar() == 1774
            rows = c.execution_options(stream_results=True, max_row_buffer=100).execute(sa.select(mentions))
            assert sum(1 for _ in rows) == ALL
        assert set(sa.inspect(engine).get_table_names()) == {"alerts", "mentions", "panes", "posts", "reviews", "triage"}
        assert "trends" in sa.inspect(engine).get_view_names()
        columns = {column["name"]: str(column["type"]) for column in sa.inspect(engine).get_columns("mentions")}
        assert columns["topic"] == "TEXT" and columns["score"] == "DOUBLE PRECISION", columns


def with_adbc_driver_postgresql():
    import adbc_driver_postgresql.dbapi as adbc

    with adbc.connect(f"postgresql://{URL}") as c, c.cursor() as cursor:
        cursor.execute("SELECT topic, score, posted_at FROM mentions")
        assert cursor.fetch_arrow_table().num_rows == ALL


def with_connectorx():
    import connectorx

    for protocol in ["binary", "csv", "cursor"]:
        table = connectorx.read_sql(
            f"postgresql://{URL}", "SELECT topic, score, text, posted_at FROM mentions", protocol=protocol, return_type="arrow"
        )
        assert table.num_rows == ALL, protocol


def with_pandas():
    import pandas
    import sqlalchemy as sa

    engine = sa.create_engine(f"postgresql+psycopg://{URL}")
    frame = pandas.read_sql("SELECT topic, score, posted_at FROM mentions", engine)
    assert len(frame) == ALL and str(frame["posted_at"].dtype).startswith("datetime64"), frame.dtypes
    with engine.connect().execution_options(stream_results=True) as c:
        parts = pandas.read_sql(sa.text("SELECT text FROM mentions"), c, chunksize=1000)
        assert [len(part) for part in parts] == [1000, 1000, ALL - 2000]


def with_polars():
    import polars

    frame = polars.read_database_uri("SELECT topic, score FROM mentions", f"postgresql://{URL}")
    assert len(frame) == ALL
    frame = polars.read_database_uri("SELECT topic, score FROM mentions", f"postgresql://{URL}", engine="adbc")
    assert len(frame) == ALL


only = sys.argv[3:]
for name, work in list(globals().items()):
    if not name.startswith("with_"):
        continue
    driver = name.removeprefix("with_")
    if only and driver not in only:
        continue
    try:
        importlib.import_module(driver)
    except ImportError:
        print("skipped:", driver, "is not installed", flush=True)
        continue
    print(driver, flush=True)
    work()
