"""Types of the package; see the docstrings for what things mean."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, Self, TypedDict, final, type_check_only

from arro3.core import Array, RecordBatch

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

__version__: str

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

_Texts = _ArrowArray | _ArrowStream | Sequence[str | None]
_Table = _ArrowArray | _ArrowStream
_Path = str | os.PathLike[str]
_Lexicon = _Path | Mapping[str, float]
_Topics = _Path | Mapping[str, str | Mapping[str, Any]] | Iterable[Mapping[str, Any]]
_Rows = _Path | _Table | Iterable[Mapping[str, Any]]

class QueryError(ValueError): ...
class LexiconError(ValueError): ...
class ModelError(ValueError): ...

@type_check_only
class Measures(TypedDict):
    rows: int
    accuracy: float
    macro_f1: float
    average_recall: float
    polar_f1: float
    class_f1: dict[str, float]
    pearson: float | None
    confusion: list[list[int]]

@final
class Scorer:
    def __new__(
        cls,
        profile: str = "resonanz",
        lexicons: Sequence[_Lexicon] | None = None,
        model: _Path | None = None,
    ) -> Self: ...
    @property
    def profile(self) -> str: ...
    @property
    def version(self) -> str: ...
    def score(self, texts: _Texts, lang: str | _Texts | None = None) -> Array: ...
    def verdicts(self, texts: _Texts, lang: str | _Texts | None = None) -> RecordBatch: ...
    def explain(
        self, text: str, target: str | None = None, lang: str | None = None
    ) -> dict[str, Any]: ...

@final
class Matcher:
    def __new__(cls, topics: _Topics) -> Self: ...
    def match(self, texts: _Texts, lang: str | _Texts | None = None) -> RecordBatch: ...

@final
class Analyzer:
    def __new__(
        cls,
        topics: _Topics,
        profile: str = "resonanz",
        lexicons: Sequence[_Lexicon] | None = None,
        model: _Path | None = None,
        authors: Literal["hash", "keep"] = "hash",
    ) -> Self: ...
    @property
    def version(self) -> str: ...
    def analyze(self, posts: _Table, keep: Sequence[str] | None = None) -> RecordBatch: ...
    def prepare(self, posts: _Table, texts: Literal["matched", "all"] = "matched") -> RecordBatch: ...

@final
class Fit:
    @property
    def model(self) -> str: ...
    @property
    def before(self) -> dict[str, Measures]: ...
    @property
    def after(self) -> dict[str, Measures]: ...
    def scorer(self) -> Scorer: ...
    def save(self, path: _Path) -> None: ...

def topics(given: _Topics) -> list[dict[str, Any]]: ...
def analyze(
    posts: _Table,
    topics: _Topics,
    keep: Sequence[str] | None = None,
    *,
    profile: str = "resonanz",
    lexicons: Sequence[_Lexicon] | None = None,
    model: _Path | None = None,
    authors: Literal["hash", "keep"] = "hash",
) -> RecordBatch: ...
def explain(
    text: str,
    target: str | None = None,
    lang: str | None = None,
    scorer: Scorer | None = None,
) -> dict[str, Any]: ...
def evaluate(rows: _Rows, scorer: Scorer | None = None) -> Measures: ...
def fit(
    rows: _Rows, scorer: Scorer | None = None, folds: int = 5, words: bool | None = None
) -> Fit: ...
