"""Does what the manual shows run as it stands there?"""

import json
import pathlib
import re

import polars
import pyarrow

import resonanz

MANUAL = pathlib.Path(__file__).parents[3] / "docs" / "python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


def test_the_manual_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("words.tsv").write_text("knorke\t2.5\n", "utf-8")
    pathlib.Path("resonanz.toml").write_text('[[topic]]\nname = "acme"\nquery = "acme"\n', "utf-8")
    rows = [{"text": f"Bestellung {n} ist {word}", "label": label, "lang": "de"}
            for n in range(40) for word, label in [("plietsch", 1), ("tüddelig", -1), ("da", 0)]]
    pathlib.Path("labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    resonanz.fit(rows).save("ours.model")
    frame = polars.DataFrame({"id": ["1"], "text": ["acme is great"], "posted_at": ["2026-03-01T12:00:00Z"]})
    known = {"frame": frame}
    text = MANUAL.read_text("utf-8")
    # What comes after is of engines that are not here; examples/engines.py runs on them.
    blocks = BLOCK.findall(text[: text.index("## Many machines")])
    assert len(blocks) >= 3
    for block in blocks:
        exec(compile(block, MANUAL.name, "exec"), known)
    found = pyarrow.record_batch(known["analyzer"].analyze(frame, keep=["id", "posted_at"]))
    assert found.column("topic").to_pylist() == ["acme"]
