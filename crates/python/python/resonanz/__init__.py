"""Who is spoken of in public posts, and how? Mention matching and sentiment in German and English.

>>> import resonanz
>>> resonanz.Scorer().score(["Great service, thank you!", "Seit drei Wochen keine Antwort."])
>>> analyzer = resonanz.Analyzer({"acme": "acme -job"})
>>> analyzer.analyze(table, keep=["id"])        # pyarrow, Polars, pandas, DuckDB

Everything takes columns by the Arrow C interface, and gives arrays and record batches of
``arro3.core``, which those libraries read without a copy: ``pyarrow.array(x)``, ``polars.Series(x)``,
``pyarrow.record_batch(x)``, ``polars.DataFrame(x)``.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import _resonanz
from ._resonanz import Analyzer, Fit, LexiconError, Matcher, ModelError, QueryError, Scorer, __version__

__all__ = [
    "Analyzer",
    "Fit",
    "LexiconError",
    "Matcher",
    "ModelError",
    "QueryError",
    "Scorer",
    "__version__",
    "analyze",
    "evaluate",
    "explain",
    "fit",
    "topics",
]


def topics(given) -> list[dict]:
    """Topics as a list of dicts: from a configuration's path, a dict of queries, or such a list.

    A path leads to a TOML file with ``[[topic]]`` tables, such as a ``resonanz.toml``; the lexicons
    that its topics name are read beside it. In a dict, a value is a query, or a dict with ``query``
    and whatever else a ``[[topic]]`` may say.
    """
    if isinstance(given, (str, os.PathLike)):
        path = Path(given)
        with path.open("rb") as file:
            tables = tomllib.load(file).get("topic", [])
        # What else stands there is not about matching, such as service hours.
        known = [{key: said for key, said in table.items() if key in _KEYS} for table in tables]
        return [_with_lexicons(table, path.parent) for table in known]
    if isinstance(given, Mapping):
        pairs = given.items()
        given = [{"name": n, **({"query": q} if isinstance(q, str) else q)} for n, q in pairs]
    return [_with_lexicons(table, Path()) for table in given]


_KEYS = frozenset(
    "name query brand group parent accounts inflect compounds hashtags links umlauts lexicons".split()
)


def _with_lexicons(table: Mapping, base: Path) -> dict:
    """A topic whose lexicons are texts instead of paths; texts stay as they are."""
    if "lexicons" not in table:
        return dict(table)
    texts = [p if isinstance(p, str) and "\t" in p else (base / p).read_text("utf-8") for p in table["lexicons"]]
    return {**table, "lexicons": texts}


_last: tuple[str, Analyzer] | None = None


def analyze(posts, topics, keep=None, **scorer):
    """What posts say of topics; see :meth:`Analyzer.analyze`.

    The last analyzer is kept for the next batch of the same topics.
    """
    global _last
    recipe = repr((topics, sorted(scorer.items(), key=str)))
    if _last is None or _last[0] != recipe:
        _last = (recipe, Analyzer(topics, **scorer))
    return _last[1].analyze(posts, keep=keep)


def explain(text, target=None, lang=None, scorer=None) -> dict:
    """Why a text scores as it does; see :meth:`Scorer.explain`."""
    return (scorer or _default()).explain(text, target, lang)


def evaluate(rows, scorer=None) -> dict:
    """How well a scorer agrees with labelled rows: accuracy, macro_f1, and more.

    Rows are a path of JSON lines, a table, or dicts, with ``text``, ``label`` (-1, 0, 1 or negative,
    neutral, positive, or a graded number) and, if wanted, ``lang`` and ``target``, or ``from`` and
    ``to`` in characters.
    """
    return _resonanz._evaluate(_lines(rows), scorer or _default())


def fit(rows, scorer=None, folds=5, words=None) -> Fit:
    """Suits the weights to labelled rows, as :func:`evaluate` takes them, and says what it gained.

    ``words`` says whether single words get weights; by default both are tried on held-out folds.
    """
    return _resonanz._fit(_lines(rows), scorer or _default(), folds, words)


_scorer: Scorer | None = None


def _default() -> Scorer:
    global _scorer
    if _scorer is None:
        _scorer = Scorer()
    return _scorer


def _lines(rows) -> list[str]:
    """Rows as lines of JSON."""
    if isinstance(rows, (str, os.PathLike)):
        text = Path(rows).read_text("utf-8-sig")
        return [line for line in text.split("\n") if line.strip()]
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__"):
        rows = _dicts(rows)
    if not isinstance(rows, Iterable):
        raise TypeError("rows is a path, a table or dicts")
    return [json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False) for row in rows]


def _dicts(table) -> Iterable[dict]:
    from arro3.core import Table

    table = Table.from_arrow(table)
    names = table.column_names
    columns = [[value.as_py() for value in table.column(name)] for name in names]
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
