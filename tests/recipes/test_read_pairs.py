"""Pairs that were read for this project: what two readers' letters become, and who is held."""

import gzip
import json
from pathlib import Path

import pytest
from recipes.guard.read_pairs import FILE, LABELS, key, read_labels, read_pairs, training_examples

PAIRS = [(f"question {number}", f"answer {number}") for number in range(60)]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the file's form, and labels for all but the last pair."""
    rows = [{"prompt": prompt, "response": response, "label": None} for prompt, response in PAIRS]
    (tmp_path / "train").mkdir()
    with gzip.open(tmp_path / "train" / f"{FILE}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    said = [("hh", "hh", "33"), ("hs", "hs", "31"), ("ss", "ss", "32")]
    lines = []
    for number, pair in enumerate(PAIRS[:-1]):
        prompt, response, sure = said[number % 3]
        named = {"pair": key(*pair), "prompt": prompt, "response": response, "sure": sure}
        lines.append(json.dumps(named) + "\n")
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(lines))
    monkeypatch.setattr("recipes.guard.read_pairs.read_labels", lambda: read_labels(labels))
    return tmp_path


def test_votes_become_targets_by_how_sure_the_readers_were(data: Path) -> None:
    harmful, split, harmless = read_pairs(data)[:3]
    assert harmful.pair.harm == pytest.approx(0.97) and harmful.agreed
    assert split.pair.harm == pytest.approx((0.97 + 0.35) / 2) and not split.agreed
    assert harmless.pair.harm == pytest.approx((0.03 + 0.12) / 2) and harmless.agreed
    assert (harmful.request.label, harmless.request.label) == (1, 0)
    assert split.request.harm == pytest.approx(0.5)


def test_a_pair_without_labels_trains_nothing_and_held_prompts_stay_out(data: Path) -> None:
    pairs = read_pairs(data)
    assert len(pairs) == len(PAIRS) - 1
    held = {each.pair.prompt for each in pairs if each.held}
    assert 0 < len(held) < 20
    assert held.isdisjoint(example.prompt for example in training_examples(pairs))


def test_the_labels_that_ship_are_whole() -> None:
    labels = read_labels()
    assert len(labels) == sum(1 for _ in LABELS.open(encoding="utf-8")) > 2000
    for said in labels.values():
        assert set(said.prompt + said.response) <= {"h", "s"} and set(said.sure) <= set("123")
        assert len(said.prompt) == len(said.response) == len(said.sure) == 2
