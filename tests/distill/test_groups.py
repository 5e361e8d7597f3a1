"""What goes back to one row or one prompt stands on one side of the validation split."""

import dataclasses
from pathlib import Path

import pytest
from tests.distill.students import backbone, scored_rows, tiny_distillation

from harmaug.augment.eda import augment
from harmaug.augment.twins import twin_task
from harmaug.config.study import EDAConfig
from harmaug.distill.distillation import task_of
from harmaug.distill.groups import groups_of
from harmaug.distill.student import load_student
from harmaug.rows import Instruction, Pair, ResponseKind, ScoredPair


class Synonyms:
    name = "none"

    def __call__(self, word: str) -> list[str]:
        return [f"{word}s"]


def scored(name: str, prompt: str, kind: ResponseKind = "labelled") -> ScoredPair:
    return ScoredPair(name, prompt, None, kind, None, None, "test", 0.5, 0.0)


def varied(row: ScoredPair) -> list[ScoredPair]:
    """EDA's variants of a row, scored as it is."""
    pair = Pair(row.id, row.prompt, row.response, row.kind, row.label, row.category, row.source)
    made = augment(pair, EDAConfig(), Synonyms(), seed=1)
    return [dataclasses.replace(row, id=one.id, prompt=one.prompt) for one in made]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_row_and_its_variants_are_on_one_side(tmp_path: Path, seed: int) -> None:
    sources = [dataclasses.replace(row, kind="labelled", label=1 - at % 2)
               for at, row in enumerate(scored_rows(40))]  # fmt: skip
    rows = [*sources, *(new for row in sources for new in varied(row))]
    student = load_student(str(backbone(tmp_path / "bert", "bert")), None, seed=1)
    task = task_of(rows, tiny_distillation(tmp_path), student, seed=seed, tau=0.5)

    def sources_of(indices: list[int]) -> set[str]:
        return {rows[at].id.split(":")[0] for at in indices}

    held, trained = task.validation.tolist(), task.schedule.rows.tolist()
    assert len(held) == pytest.approx(0.1 * len(rows), abs=5)
    assert len(held) + len(trained) == len(rows)
    assert sources_of(held).isdisjoint(sources_of(trained))


def test_an_instruction_its_responses_and_its_twin_are_one_group() -> None:
    found = Instruction("gen:7", 7, "rob a bank", "", (), None, None, 0, 0)
    twin = twin_task(found, seed=1).id
    rows = [
        scored("gen:7:refusal", "rob a bank", "refusal"),
        scored("gen:7:empty", "rob a bank", "empty"),
        scored(f"{twin}:refusal", "walk past a bank", "refusal"),
        scored(f"{twin}:empty", "walk past a bank", "empty"),
        scored("gen:8:empty", "something else", "empty"),
    ]
    assert groups_of(rows).tolist() == [0, 0, 0, 0, 1]


def test_prompts_tie_rows_and_rows_tie_prompts() -> None:
    rows = [
        scored("d:1", "one"),
        scored("d:2", "two"),
        scored("d:3", "three"),
        scored("d:2:eda0", "Three"),
        scored("d:1:eda0", "TWO "),
        scored("d:4", "four"),
    ]
    assert groups_of(rows).tolist() == [0, 0, 0, 0, 0, 1]


def test_names_alone_tie_nothing() -> None:
    rows = [scored(f"set:{at}", f"prompt {at}", "empty") for at in range(4)]
    assert groups_of(rows).tolist() == [0, 1, 2, 3]
