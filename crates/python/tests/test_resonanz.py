"""What people who write Python rely on: their libraries' columns in, the engine's answers out."""

import json
import multiprocessing
import os
import pathlib
import pickle
import subprocess
import threading
import time

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.json
import pyarrow.parquet
import pytest

import resonanz

TEXTS = [
    "Great service, thank you!",
    "Seit drei Wochen keine Antwort. Nie wieder!",
    None,
    "Das Paket kommt am Montag.",
]
POSTS = {
    "id": ["1", "2", "3", "4"],
    "text": [
        "love Nike, but Adidas is terrible",
        "Ünïcode 😀 vorweg: Adidas ist super",
        "nothing of interest",
        "Nike: wir bedauern die Störung",
    ],
    "author": ["a", "b", "c", "nike_help"],
    "lang": ["en", "de", "en", "de"],
}
TOPICS = {"nike": {"query": "nike", "accounts": ["@Nike_Help"]}, "adidas": "adidas"}


def command():
    """The engine's own command, where there is one to compare with."""
    return os.environ.get("RESONANZ_COMMAND")


@pytest.mark.parametrize(
    "column",
    [
        TEXTS,
        tuple(TEXTS),
        pyarrow.array(TEXTS),
        pyarrow.array(TEXTS, pyarrow.large_string()),
        pyarrow.array(TEXTS, pyarrow.string_view()),
        pyarrow.array(TEXTS).dictionary_encode(),
        pyarrow.chunked_array([TEXTS[:1], TEXTS[1:]]),
        polars.Series(TEXTS),
        pandas.Series(TEXTS, dtype="str"),
        pandas.Series(TEXTS, dtype=object),
        pandas.Series(TEXTS, dtype="category"),
        pandas.Series(TEXTS, dtype="str").tolist(),
        [TEXTS[0], TEXTS[1], pandas.NA, TEXTS[3]],
        numpy.array(TEXTS, dtype=object),
        [numpy.str_(TEXTS[0]), TEXTS[1], numpy.float64("nan"), TEXTS[3] + "\ud83d"],
        polars.Series(TEXTS, dtype=polars.Categorical),
        polars.Series(TEXTS, dtype=polars.Enum([text for text in TEXTS if text])),
        duckdb.sql("SELECT unnest(?) AS text", params=[TEXTS]).to_arrow_table().column("text"),
    ],
    ids=lambda column: type(column).__module__,
)
def test_every_kind_of_column_scores_alike(column):
    scores = pyarrow.array(resonanz.Scorer().score(column)).to_pylist()
    assert scores[0] > 0.05 and scores[1] < -0.05 and scores[2] is None and abs(scores[3]) < 0.05


def test_scores_are_those_of_the_command():
    if not command():
        pytest.skip("RESONANZ_COMMAND names no command to compare with")
    texts = [text for text in TEXTS + POSTS["text"] if text]
    for profile in ["resonanz", "vader"]:
        run = subprocess.run(
            [command(), "score", "--profile", profile, "--format", "jsonl"],
            input="\n".join(texts),
            capture_output=True,
            text=True,
            check=True,
        )
        wanted = [json.loads(line) for line in run.stdout.splitlines()]
        ours = pyarrow.record_batch(resonanz.Scorer(profile).verdicts(texts)).to_pylist()
        assert len(ours) == len(texts)
        for one, other in zip(ours, wanted, strict=True):
            assert (one["score"], one["polarity"]) == (other["compound"], other["polarity"])
            assert (one["pos"], one["confidence"]) == (other["pos"], other["confidence"])


def test_in_an_expression_of_polars_and_a_function_of_duckdb():
    scorer = resonanz.Scorer()
    frame = polars.DataFrame({"text": TEXTS})
    scored = frame.with_columns(
        polars.col("text").map_batches(lambda s: polars.Series(scorer.score(s)), polars.Float64).alias("score")
    )
    assert scored["score"].to_list()[2] is None and scored["score"][0] > 0
    connection = duckdb.connect()
    connection.create_function(
        "score", lambda s: pyarrow.array(scorer.score(s)), ["VARCHAR"], "DOUBLE", type="arrow"
    )
    assert connection.sql("SELECT score('Danke, super!')").fetchall()[0][0] > 0


def test_what_was_found_stands_where_it_is_said_to_stand():
    texts = POSTS["text"]
    found = pyarrow.record_batch(resonanz.Matcher(TOPICS).match(texts)).to_pylist()
    words = [(row["topic"], texts[row["row"]][s["start"] : s["end"]]) for row in found for s in row["spans"]]
    assert words == [("nike", "Nike"), ("adidas", "Adidas"), ("adidas", "Adidas"), ("nike", "Nike")]


@pytest.mark.parametrize("made", [pyarrow.table, polars.DataFrame, pandas.DataFrame])
def test_findings_of_a_table_are_by_topic_and_carry_what_is_kept(made):
    analyzer = resonanz.Analyzer(TOPICS)
    found = polars.DataFrame(analyzer.analyze(made(POSTS), keep=["id"]))
    rows = found.select("id", "topic", "polarity", "own").rows()
    assert rows == [
        ("1", "nike", "positive", False),
        ("1", "adidas", "negative", False),
        ("2", "adidas", "positive", False),
        ("4", "nike", "neutral", True),
    ], "an own account's words are no complaint"
    assert set(found["scorer"]) == {analyzer.version}
    assert "praise" in found["intents"][0]
    assert polars.DataFrame(resonanz.analyze(made(POSTS), TOPICS, keep=["id"])).equals(found)


def test_topics_come_from_the_configuration_of_the_engine(tmp_path):
    (tmp_path / "words.tsv").write_text("blau\t-3\n", "utf-8")
    (tmp_path / "resonanz.toml").write_text(
        '[[topic]]\nname = "acme"\nquery = "acme"\nlexicons = ["words.tsv"]\n', "utf-8"
    )
    found = resonanz.Analyzer(tmp_path / "resonanz.toml").analyze(
        pyarrow.table({"text": ["acme ist blau"], "lang": ["de"]})
    )
    assert pyarrow.record_batch(found).column("polarity").to_pylist() == ["negative"]


@pytest.mark.parametrize(
    "numbers",
    [
        pyarrow.array([1, None, 300, -4], kind)
        for kind in [pyarrow.int16(), pyarrow.int32(), pyarrow.int64(), pyarrow.float32(), pyarrow.float64()]
    ]
    + [
        pyarrow.array([1, None, 300, 0], kind)
        for kind in [pyarrow.uint16(), pyarrow.uint32(), pyarrow.uint64(), pyarrow.decimal128(38, 0), pyarrow.decimal128(10, 2)]
    ],
    ids=lambda column: str(column.type),
)
def test_queries_ask_for_reach_of_every_kind_of_number(numbers):
    posts = pyarrow.table({"text": ["acme"] * 4, "reach": numbers})
    found = resonanz.Analyzer({"loud": "acme followers:>200"}).analyze(posts)
    assert pyarrow.record_batch(found).column("row").to_pylist() == [2]


def test_authors_and_threads_may_be_numbers():
    posts = {"text": ["acme", "acme"], "author": [7, 8], "thread": [1, None]}
    analyzer = resonanz.Analyzer({"acme": "acme -author:7"})
    found = pyarrow.record_batch(analyzer.analyze(pyarrow.table(posts)))
    assert found.column("row").to_pylist() == [1]


def test_a_table_in_several_pieces_is_one():
    whole = pyarrow.table(POSTS)
    coded = whole.set_column(3, "lang", whole.column("lang").dictionary_encode())
    pieces = pyarrow.concat_tables([coded.slice(0, 1), coded.slice(1, 0), coded.slice(1)])
    analyzer = resonanz.Analyzer(TOPICS)
    keep = ["id", "lang"]
    one, several = (pyarrow.table(analyzer.analyze(of, keep=keep)) for of in [whole, pieces])
    assert one.drop_columns(["lang"]).equals(several.drop_columns(["lang"]))
    assert one["lang"].to_pylist() == several["lang"].to_pylist() == ["en", "en", "de", "de"]


def test_the_library_is_small():
    size = pathlib.Path(resonanz._resonanz.__file__).stat().st_size
    assert size < 6_000_000, f"{size / 1e6:.1f} MB: was it built with the profile release?"


TABLES = {
    "mentions": "received_at, source, post_id, topic",
    "posts": "received_at, source, post_id",
    "panes": "start, topic, source, lang",
    "alerts": "at, alert_id, transition",
}


def rows_of(lake):
    asked = [f"SELECT * FROM {table} ORDER BY {order}" for table, order in TABLES.items()]
    return [
        subprocess.run([command(), "query", "--lake", lake, "--format", "csv", sql], capture_output=True, check=True).stdout
        for sql in asked
    ]


def test_what_many_machines_prepare_is_counted_as_if_one_had_done_all(tmp_path):
    if not command():
        pytest.skip("RESONANZ_COMMAND names no command to compare with")
    data = pathlib.Path(__file__).parents[3] / "data"
    config = tmp_path / "resonanz.toml"
    key = '[privacy]\nauthor_key_file = "author.key"\n'
    config.write_text(key + (data / "demo.toml").read_text("utf-8"), "utf-8")
    archive = data / "archive.jsonl.zst"
    posts = pyarrow.json.read_json(pyarrow.input_stream(str(archive), compression="zstd"))
    for part in range(3):
        rows = len(posts) // 3 + 1
        analyzer = pickle.loads(pickle.dumps(resonanz.Analyzer(config)))
        found = pyarrow.table(analyzer.prepare(posts.slice(part * rows, rows)))
        assert found.column("text").null_count > found.num_rows / 2
        pyarrow.parquet.write_table(found, tmp_path / f"found-{part}.parquet")
    work = [command(), "reprocess", "--config", config]
    subprocess.run([*work, archive, "--lake", tmp_path / "whole"], check=True)
    subprocess.run([*work, "--findings", tmp_path / "found-*.parquet", "--lake", tmp_path / "united"], check=True)
    assert rows_of(tmp_path / "whole") == rows_of(tmp_path / "united")
    config.write_text(config.read_text("utf-8").replace("nikon OR", "nikkor OR"), "utf-8")
    refused = subprocess.run(
        [*work, "--findings", tmp_path / "found-0.parquet", "--lake", tmp_path / "other"], capture_output=True, text=True
    )
    assert refused.returncode == 2 and "other topics" in refused.stderr and "prepare" in refused.stderr


def test_words_of_ones_own_count():
    blue = resonanz.Scorer(lexicons=[{"blau": -3.0}])
    assert pyarrow.array(blue.score(["Das ist blau."], lang="de"))[0].as_py() < -0.05
    assert blue.version != resonanz.Scorer().version


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: resonanz.Matcher({"acme": "acme AND (job"}), resonanz.QueryError, ["acme AND (job", "^"]),
        (lambda: resonanz.Matcher({}), ValueError, ["at least one"]),
        (lambda: resonanz.Matcher([{"name": "a", "qeury": "b"}]), ValueError, ["qeury", "query"]),
        (lambda: resonanz.Scorer("vaderr"), ValueError, ["vaderr"]),
        (lambda: resonanz.Scorer(lexicons=[{"gut": 9.0}]), resonanz.LexiconError, ["4"]),
        (lambda: resonanz.Scorer(lexicons=["/no/such"]), FileNotFoundError, ["/no/such"]),
        (lambda: resonanz.Scorer(model="a\nb"), resonanz.ModelError, []),
        (lambda: resonanz.Scorer().score("one text"), TypeError, ["list"]),
        (lambda: resonanz.Scorer().score(numpy.array("one text")), TypeError, ["single value", "[texts]"]),
        (lambda: resonanz.Scorer().score(numpy.array(7)), TypeError, ["single value", "[texts]"]),
        (lambda: resonanz.Scorer().score([1]), TypeError, ["texts[0]", "int", "string"]),
        (lambda: resonanz.Scorer().score(["a", b"b"]), TypeError, ["texts[1]", "bytes"]),
        (lambda: resonanz.Scorer().score(pandas.Series(["a", 7])), TypeError, ["texts[1]", "int"]),
        (lambda: resonanz.Scorer().score(pandas.DataFrame({"text": ["a"]})), TypeError, ["table", "column"]),
        (lambda: resonanz.Scorer().score({"a": "b"}), TypeError, ["dict", "list"]),
        (lambda: resonanz.Scorer().score(pyarrow.array([1])), TypeError, ["Int64"]),
        (lambda: resonanz.Scorer().score(["a"], lang="deutsch"), ValueError, ["ISO 639"]),
        (lambda: resonanz.Scorer().score(["a"], lang=["de", "en"]), ValueError, ["2 rows"]),
        (lambda: resonanz.Analyzer(TOPICS).analyze(pyarrow.table({"body": ["a"]})), ValueError, ["body"]),
        (lambda: resonanz.Analyzer(TOPICS).analyze(["a"]), TypeError, ["table"]),
        (lambda: resonanz.Analyzer(TOPICS).analyze(pandas.DataFrame()), ValueError, ["no column", "text"]),
        (lambda: resonanz.Analyzer(TOPICS).analyze(pandas.DataFrame({"text": ["a", "b"], "tags": ["x", 7]})), ValueError, ["tags"]),
        (lambda: resonanz.Analyzer(TOPICS).analyze(pyarrow.table({"text": ["a"], "reach": ["1"]})), TypeError, ["reach", "Utf8"]),
        (lambda: resonanz.Analyzer(TOPICS).prepare(pyarrow.table(POSTS)), ValueError, ["source"]),
        (lambda: resonanz.Analyzer(TOPICS, authors="names"), ValueError, ["hash", "keep"]),
        (lambda: resonanz.evaluate([{"text": "a"}]), ValueError, ["row 1", "label"]),
        (lambda: resonanz.fit([{"text": "a", "label": 1}]), ValueError, ["too few"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(wrong, error, words):
    with pytest.raises(error) as raised:
        wrong()
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_explanations_name_the_words():
    told = resonanz.explain("love Nike, but Adidas is terrible", target="Adidas", lang="en")
    assert told["polarity"] == "negative"
    assert "terrible" in {word["word"] for word in told["words"] if word["counts_for_target"]}


def test_measures_and_a_fit_of_ones_own_posts(tmp_path):
    rows = [{"text": f"Bestellung {n} ist {word}", "label": label, "lang": "de"}
            for n in range(40) for word, label in [("plietsch", 1), ("tüddelig", -1), ("da", 0)]]
    before = resonanz.evaluate(polars.DataFrame(rows))
    fit = resonanz.fit(rows, words=True)
    after = resonanz.evaluate(rows, fit.scorer())
    assert before["rows"] == after["rows"] == 120
    assert after["macro_f1"] > 0.95 > before["macro_f1"]
    fit.save(tmp_path / "model")
    assert resonanz.Scorer(model=tmp_path / "model").version == fit.scorer().version


def test_a_scorer_and_an_analyzer_travel_to_other_processes():
    scorer = pickle.loads(pickle.dumps(resonanz.Scorer("vader")))
    assert scorer.profile == "vader"
    posts = pyarrow.table(POSTS)
    for made in [resonanz.Analyzer(TOPICS), resonanz.Matcher(TOPICS)]:
        again = pickle.loads(pickle.dumps(made))
        ask = (lambda of: of.analyze(posts)) if isinstance(made, resonanz.Analyzer) else (lambda of: of.match(POSTS["text"]))
        assert pyarrow.record_batch(ask(again)).equals(pyarrow.record_batch(ask(made)))


def forked(queue):
    queue.put(pyarrow.array(resonanz.Scorer().score(["super"])).to_pylist())


def test_a_forked_process_scores_too():
    want = pyarrow.array(resonanz.Scorer().score(["super"])).to_pylist()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=forked, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == want
    child.join(10)


def test_the_interpreter_goes_on_while_texts_are_scored():
    texts = pyarrow.array(POSTS["text"] * 100_000)
    worker = threading.Thread(target=resonanz.Scorer().score, args=(texts,))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        time.sleep(0)
    assert turns > 100, "the interpreter stood still"
