import numpy as np

from harmaug.augment.steer import SteeredSampler, not_new, thinness
from harmaug.config import SteerConfig
from harmaug.embedding import Embeddings
from harmaug.rows import LabelledRow


def around(*degrees: float) -> Embeddings:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


POOL = [LabelledRow(f"d{at}", f"prompt {at}", None, 1, None, "s", "prompt") for at in range(6)]
PLACES = around(0, 2, 4, 60, 120, 124)


def sampler(kept: Embeddings, thinnest: float = 0.2) -> SteeredSampler:
    config = SteerConfig(thinnest=thinnest, neighbours=1)
    return SteeredSampler.of(POOL, PLACES, kept, config, exemplars=3, seed=4)


NOTHING = np.zeros((0, 2), dtype=np.float32)


def test_a_prompt_without_neighbours_is_the_anchor() -> None:
    tasks = [sampler(NOTHING).shown(index) for index in range(20)]
    assert all("d3" in task.exemplar_ids and len(set(task.exemplar_ids)) == 3 for task in tasks)
    assert tasks == [sampler(NOTHING).shown(index) for index in range(20)]


def test_what_was_generated_there_moves_the_anchors_on() -> None:
    before = thinness(PLACES, NOTHING, 1)
    after = thinness(PLACES, around(61), 1)
    assert before.argmax() == 3 and after.argmax() != 3
    assert after[3] < before[3] and np.allclose(np.delete(after, 3), np.delete(before, 3))


def test_only_what_is_far_from_all_kept_before_is_new() -> None:
    rows = around(10, 11, 90, 91, 45)
    assert not_new(rows, around(45), 0.01) == [False, True, False, True, True]
    assert not_new(rows, NOTHING, 0.0) == [False] * 5
