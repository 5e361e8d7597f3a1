import dataclasses

import numpy as np
import pytest

from harmaug.augment.select import by_confidence, by_disagreement, by_novelty, select
from harmaug.config import SelectConfig
from harmaug.rows import ResponseKind, ScoredPair

KINDS: tuple[ResponseKind, ...] = ("refusal", "harmful", "empty")


def rows(*scores: float | None) -> list[ScoredPair]:
    """Three rows an instruction, all of one score."""
    return [
        ScoredPair(f"gen:{at}:{kind}", f"p{at}", None, kind, None, None, "generated", score, None)
        for at, score in enumerate(scores)
        for kind in KINDS
    ]


def ids(chosen: list[ScoredPair]) -> list[str]:
    return [row.id for row in chosen]


def test_the_first_instructions_and_the_kinds_asked_for() -> None:
    made = rows(0.1, 0.9, 0.5)
    assert select(made, SelectConfig()) == made
    assert ids(select(made, SelectConfig(instructions=1))) == [f"gen:0:{kind}" for kind in KINDS]
    kinds = SelectConfig(instructions=2, kinds=("refusal",))
    assert ids(select(made, kinds)) == ["gen:0:refusal", "gen:1:refusal"]
    assert select(made, SelectConfig(instructions=0)) == []


def test_the_ranking_decides_who_stays_and_the_order_stays() -> None:
    made = rows(0.5, 0.9, 0.02, None)
    assert by_confidence(made) == ["gen:2", "gen:1", "gen:0"]
    chosen = select(made, SelectConfig(instructions=2, kinds=("empty",)), by_confidence(made))
    assert ids(chosen) == ["gen:1:empty", "gen:2:empty"]


def test_disagreement_is_between_the_student_and_the_teacher() -> None:
    made = rows(0.9, 0.9, 0.1)
    student = np.array([0.9] * 3 + [0.2] * 3 + [0.6] * 3)
    assert by_disagreement(made, student) == ["gen:1", "gen:2", "gen:0"]


def test_novelty_goes_farthest_first() -> None:
    data = np.array([[1.0, 0.0]], dtype=np.float32)
    angles = np.deg2rad([5.0, 90.0, 80.0, 45.0])
    prompts = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert by_novelty(["a", "b", "c", "d"], prompts, data) == ["b", "d", "c", "a"]


@pytest.mark.parametrize("ranking", [None, ["gen:2", "gen:0", "gen:1"]])
def test_a_twin_stays_with_its_original_and_is_not_counted(ranking: list[str] | None) -> None:
    originals = rows(0.1, 0.9, 0.5)
    twins = [
        dataclasses.replace(row, id=row.id.replace(":empty", ":twin:empty"))
        for row in originals
        if row.kind == "empty" and row.id != "gen:1:empty"
    ]
    chosen = select([*originals, *twins], SelectConfig(instructions=2, kinds=("empty",)), ranking)
    first = ["gen:0", "gen:1", "gen:0:twin"]
    expected = first if ranking is None else ["gen:0", "gen:2", "gen:0:twin", "gen:2:twin"]
    assert ids(chosen) == [f"{name}:empty" for name in expected]
