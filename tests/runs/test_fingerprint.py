from pathlib import Path

import pytest
from huggingface_hub import constants

from harmaug.rows import Pair
from harmaug.runs.fingerprint import fingerprint, model_fingerprint, rows_fingerprint


def test_order_of_keys_does_not_matter_but_values_do() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_rows_count_in_order() -> None:
    rows = [Pair(str(n), "p", None, "empty", None, None, "s") for n in range(2)]
    assert rows_fingerprint(rows) != rows_fingerprint(rows[::-1])


def test_a_model_is_named_by_its_weights_not_its_place_or_card(tmp_path: Path) -> None:
    names = []
    for place, weights in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        folder = tmp_path / place
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(weights)
        (folder / "README.md").write_text(place, encoding="utf-8")
        names.append(model_fingerprint(str(folder), None))
    assert names[0] == names[1] != names[2]


def test_a_hub_id_is_named_by_its_revision() -> None:
    assert model_fingerprint("some/model", "a") != model_fingerprint("some/model", "b")


def test_a_model_in_the_hubs_cache_is_named_by_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    names = []
    for commit in ("a" * 40, "b" * 40):
        place = tmp_path / "models--some--model"
        for file, text in (("refs/main", commit), (f"snapshots/{commit}/config.json", "{}")):
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text, encoding="utf-8")
        names.append(model_fingerprint("some/model", None))
    assert names == ["a" * 40, "b" * 40]
    assert model_fingerprint("other/model", None) not in names
