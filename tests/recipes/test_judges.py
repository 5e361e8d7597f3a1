"""The judges of what the chat model writes: data of their own, and what each calls harm."""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from recipes.chat import measure
from recipes.chat.judge import HARMFUL, HARMLESS, judge_rows
from recipes.chat.measure import harmful_shares


def folder(root: Path, shipped: str) -> Path:
    (root / "train").mkdir()
    for name in (*HARMFUL, *HARMLESS):
        rows = [
            {"prompt": f"{name} short", "response": None, "label": int(name in HARMFUL)},
            {"prompt": "word " * 61, "response": None, "label": 1},
            {"prompt": "of no label", "response": None, "label": None},
        ]
        with gzip.open(root / "train" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    row = f"| {shipped} | 3 | - | 0 | - | - | MIT | yes | |"
    (root / "MANIFEST.md").write_text(f"## train\n{row}\n", encoding="utf-8")
    return root


def test_judges_learn_from_short_labelled_prompts_alone(tmp_path: Path) -> None:
    rows = judge_rows(folder(tmp_path, shipped="another_file"))
    assert rows == [(f"{name} short", int(name in HARMFUL)) for name in (*HARMFUL, *HARMLESS)]


def test_judges_have_data_that_trains_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="data of its own"):
        judge_rows(folder(tmp_path, shipped=HARMFUL[0]))


def test_each_judge_is_named_with_its_share() -> None:
    judges = {
        "one": lambda texts: np.array([len(text) / 4 for text in texts]),
        "another": lambda texts: np.zeros(len(texts)),
    }
    found = harmful_shares(["a", "abc", "abcd"], judges)
    assert found == {"harmful by one": 2 / 3, "harmful by another": 0.0}


def test_a_judge_that_is_not_there_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "judge")
    monkeypatch.setattr(sys, "argv", ["measure", "--data", str(tmp_path), "--judge", missing])
    with pytest.raises(SystemExit):
        measure.main()
    assert "make -C recipes chat-judge trains it" in capsys.readouterr().err
