import numpy as np
import pytest

from harmaug.embedding import Embeddings
from harmaug.evaluate.diversity import diversity, nearest


def groups(count: int, size: int, seed: int) -> tuple[list[str], Embeddings]:
    """Tight groups of points far from each other."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(20, 96))
    rows = np.repeat(centres[:count], size, axis=0) + rng.normal(
        scale=0.02, size=(count * size, 96)
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [f"{seed}: {at}" for at in range(len(rows))], rows.astype(np.float32)


def test_more_groups_are_more_clusters_and_cover_more() -> None:
    data, synthetic = groups(3, 30, 1), groups(9, 10, 2)
    harmful = {"bench": groups(9, 2, 3)[1]}
    found = diversity("e", data, synthetic, harmful, seed=0, dots=40)
    assert found.points == 90 and found.clusters_data.dbscan == 3
    assert found.clusters_all.dbscan >= 8
    assert 3 <= found.clusters_data.hdbscan < 8 <= found.clusters_all.hdbscan
    (cover,) = found.coverage
    assert cover.n == 18 and cover.all_near == 1.0
    assert cover.data_near == pytest.approx(1 / 3)
    assert cover.data_cosine < cover.all_cosine
    assert found.distinct == 1.0 and 0 < found.nearest < 0.1 < found.novelty
    assert len(found.dots) == 40 and {dot.kind for dot in found.dots} == {"D", "synthetic"}
    assert all(0 <= dot.x <= 1 and 0 <= dot.y <= 1 for dot in found.dots)


def test_word_for_word_repetitions_are_counted() -> None:
    texts, rows = groups(2, 10, 1)
    same = ["Say  it", "say it"] * 10
    found = diversity("e", (texts, rows), (same, rows), {}, seed=0, dots=0)
    assert found.distinct == pytest.approx(1 / 20) and found.dots == ()


def test_the_nearest_is_the_highest_cosine() -> None:
    one, many = groups(1, 1, 1)[1], groups(4, 1, 2)[1]
    assert nearest(one, many) == pytest.approx([(many @ one[0]).max()])
