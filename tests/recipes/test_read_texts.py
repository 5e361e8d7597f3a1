"""Texts that were read for this project: whose grade is whose target, and who never trains."""

import gzip
import json
from pathlib import Path

import pytest
from recipes.guard.example import Example
from recipes.guard.public import SOURCES
from recipes.guard.read_pairs import key
from recipes.guard.read_texts import BARRED, GRADES, HARM, read_grades, read_texts, unread
from recipes.guard.unlabelled import FILES

TEXTS = [f"statement {number}" for number in range(60)]
REPLY = "a reply that was read as a text"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose posts are graded in turn, all but the last, one reply, and one barred."""
    (tmp_path / "train").mkdir()
    for name in {each.name for each in (*SOURCES, *FILES)}:
        rows = [{"prompt": "asked", "response": REPLY, "label": 0, "label_of": "response"}]
        if name == "davidson_hate_offensive":
            rows = [{"prompt": text, "response": None, "label": None} for text in TEXTS]
        with gzip.open(tmp_path / "train" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    graded = [(key(text, None), number % 5) for number, text in enumerate(TEXTS[:-1])]
    graded += [(key(REPLY, None), 4), (key("asked", REPLY), BARRED)]
    grades = tmp_path / "grades.csv"
    grades.write_text("text,grade\n" + "".join(f"{name},{grade}\n" for name, grade in graded))
    monkeypatch.setattr("recipes.guard.read_texts.read_grades", lambda: read_grades(grades))
    return tmp_path


def test_a_text_gets_the_target_of_its_grade_once(data: Path) -> None:
    read = {each.example.prompt: each for each in read_texts(data)}
    assert len(read) == len(TEXTS) + 1 == len(read_texts(data))
    assert [read[text].example.harm for text in TEXTS[:5]] == list(HARM)
    assert read[REPLY].grade == 4 and read[REPLY].example.register == "text"
    assert read[REPLY].example.source == "read_diasafety_train_replies"


def test_what_was_read_joins_by_its_grade_alone_and_held_prompts_not_at_all(data: Path) -> None:
    read = read_texts(data)
    barred = next(each for each in read if each.grade == BARRED)
    assert barred.held and not unread([barred.example], read)
    held = {each.example.prompt for each in read if each.held}
    assert 0 < len(held) < 20
    kept = next(each.example.prompt for each in read if not each.held)
    examples = [
        Example(TEXTS[-1], None, 0.2, "davidson", "text"),
        Example(kept, None, 0.2, "davidson", "text"),
        Example(kept, "its reply, which nobody read", 0.2, "davidson", "pair"),
        Example(min(held), "its reply, which nobody read", 0.2, "davidson", "pair"),
    ]
    assert unread(examples, read) == [examples[0], examples[2]]


def test_the_grades_that_ship_are_whole() -> None:
    grades = read_grades()
    assert len(grades) == sum(1 for _ in GRADES.open(encoding="utf-8")) - 1 > 10_000
    assert set(grades.values()) == {BARRED, *range(len(HARM))}
