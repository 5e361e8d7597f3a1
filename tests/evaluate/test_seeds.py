import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, recall_score

from harmaug.evaluate.predictions import Predictions
from harmaug.evaluate.seeds import METRICS, Resampled, draw_seeds, figure, versus
from harmaug.scoring import FloatArray


def answers(n: int, noise: float, seed: int) -> Predictions:
    labels = np.random.default_rng(0).integers(0, 2, n)
    scores = labels * 0.4 + 0.3 + np.random.default_rng(seed).normal(0, noise, n)
    return Predictions(
        labels=labels,
        scores=np.clip(np.round(scores, 2), 0, 1),
        ids=tuple(f"e{at}" for at in range(n)),
        missing=0,
    )


def test_the_sample_itself_is_what_scikit_learn_says() -> None:
    one = answers(300, 0.4, 1)
    found = Resampled.of(one.ids, 3, 0).metrics(one, 0.5)[0]
    flagged = one.scores >= 0.5
    assert found[METRICS.index("auprc")] == pytest.approx(
        average_precision_score(one.labels, one.scores)
    )
    assert found[METRICS.index("f1")] == pytest.approx(f1_score(one.labels, flagged))
    assert found[METRICS.index("recall")] == pytest.approx(recall_score(one.labels, flagged))
    assert found[METRICS.index("fpr")] == pytest.approx(flagged[one.labels == 0].mean())


def test_a_resample_is_what_scikit_learn_says_of_the_drawn_rows() -> None:
    one = answers(80, 0.4, 1)
    drawn = Resampled.of(one.ids, 5, 0)
    found = drawn.metrics(one, 0.5)
    weights = np.array([drawn.counts[4, drawn.places[name]] for name in one.ids])
    assert found[4, 0] == pytest.approx(
        average_precision_score(one.labels, one.scores, sample_weight=weights)
    )


def test_the_order_of_rows_and_unanswered_ones_do_not_shift_the_draws() -> None:
    one = answers(60, 0.4, 1)
    back = Predictions(one.labels[::-1], one.scores[::-1], one.ids[::-1], 0)
    drawn = Resampled.of(one.ids, 9, 0)
    assert drawn.metrics(one, 0.5) == pytest.approx(drawn.metrics(back, 0.5))
    fewer = Predictions(one.labels[5:], one.scores[5:], one.ids[5:], 5)
    assert drawn.metrics(fewer, 0.5)[0, 0] == pytest.approx(
        average_precision_score(fewer.labels, fewer.scores)
    )


def grid(noise: float, seeds: int, n: int = 400, shift: int = 0) -> FloatArray:
    each = [answers(n, noise, seed + shift) for seed in range(1, seeds + 1)]
    drawn = Resampled.of(each[0].ids, 400, 7)
    return np.stack([drawn.metrics(one, 0.5) for one in each])[:, :, 0]


def test_an_interval_covers_examples_and_seeds() -> None:
    values = grid(0.5, 5)
    found = figure(values, draw_seeds(5, 400, 0))
    assert found.estimate.value == pytest.approx(np.mean(found.seeds))
    assert found.deviation == pytest.approx(np.std(found.seeds, ddof=1))
    assert found.estimate.low < found.estimate.value < found.estimate.high
    alike = np.repeat(values.mean(axis=0, keepdims=True), 5, axis=0)
    apart = alike + np.array([-0.1, -0.05, 0.0, 0.05, 0.1])[:, None]
    narrow, wide = (figure(one, draw_seeds(5, 400, 0)).estimate for one in (alike, apart))
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)


def test_the_variance_of_a_mean_over_few_seeds_is_not_understated() -> None:
    values = np.repeat(np.array([[0.1], [0.2], [0.4]]), 20_001, axis=1)
    drawn = draw_seeds(3, 20_000, 0)
    draws = values[drawn, 0].mean(axis=1)
    assert draws.var() == pytest.approx(np.var([0.1, 0.2, 0.4], ddof=1) / 3, rel=0.05)


def test_a_clear_difference_is_told_from_none() -> None:
    drawn = draw_seeds(4, 400, 0)
    better, worse = grid(0.3, 4), grid(0.9, 4)
    clear = versus(better, worse, drawn)
    assert clear.estimate.low > 0 and clear.p < 0.01
    unclear = versus(grid(0.5, 4), grid(0.5, 4, shift=50), drawn)
    assert unclear.estimate.low < 0 < unclear.estimate.high and unclear.p > 0.05
    assert len(clear.seeds) == 4


def test_one_seed_leaves_the_examples_alone() -> None:
    found = figure(grid(0.5, 1), draw_seeds(1, 400, 0))
    assert np.isnan(found.deviation) and found.estimate.low < found.estimate.high
