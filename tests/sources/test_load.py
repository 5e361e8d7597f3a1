import json
from pathlib import Path

import pytest

from harmaug.errors import DataError
from harmaug.sources.catalogue import DATASETS
from harmaug.sources.load import load_rows


def test_the_quickstart_data_has_twins_over_many_categories() -> None:
    train = load_rows("quickstart", "train")
    harmful = [row for row in train if row.label == 1 and row.response is None]
    assert len(train) >= 600
    assert len({row.category for row in harmful}) >= 12
    assert all(row.response is None for row in train)
    assert all(row.response is not None for row in load_rows("quickstart-pairs", "train"))
    assert len(load_rows("quickstart-test", "eval")) >= 300
    assert len({row.category for row in load_rows("quickstart-held", "eval")}) >= 40


def test_local_copies_come_first_under_either_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "eval").mkdir()
    row = json.dumps({"prompt": "local", "label": 0})
    (tmp_path / "eval" / "toxicchat_test_human.jsonl").write_text(row, encoding="utf-8")
    monkeypatch.setenv("HARMAUG_DATA", str(tmp_path))
    assert load_rows("toxicchat", "eval")[0].prompt == "local"
    assert load_rows("toxicchat_test_human", "eval")[0].prompt == "local"


def test_unknown_names_get_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARMAUG_DATA", raising=False)
    with pytest.raises(DataError, match="did you mean 'toxicchat'"):
        load_rows("toxichat", "eval")


def test_a_data_folder_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARMAUG_DATA", "/nowhere")
    with pytest.raises(DataError, match="HARMAUG_DATA=/nowhere is not a folder"):
        load_rows("toxicchat", "eval")


def test_wildguard_rows_are_judged_by_the_response_where_there_is_one() -> None:
    rows = DATASETS["wildguardmix"].rows
    record = {"prompt": "p", "response": "r", "prompt_harm_label": "harmful"}
    assert rows({**record, "response_harm_label": "unharmful"}) == ("p", "r", 0, "response")
    assert rows({**record, "response_harm_label": None}) == ("p", "r", None, "response")
    assert rows({**record, "response": None}) == ("p", None, 1, "prompt")
