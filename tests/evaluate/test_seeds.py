import numpy as np
import pytest
from scipy import stats
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


def test_without_a_harmful_row_a_difference_has_no_value_and_no_p() -> None:
    one = answers(30, 0.4, 1)
    harmless = Predictions(np.zeros(30, np.int64), one.scores, one.ids, 0)
    values = Resampled.of(one.ids, 20, 0).metrics(harmless, 0.5)
    for name in ("auprc", "f1", "recall"):
        each = values[None, :, METRICS.index(name)]
        found = versus(each, each, draw_seeds(1, 20, 0))
        assert np.isnan([found.estimate.value, found.estimate.low, found.p]).all(), name


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


def test_where_seeds_alone_vary_the_interval_is_students() -> None:
    gaps = np.repeat(np.array([[0.04], [0.05], [0.09]]), 5_001, axis=1)
    found = versus(gaps, np.zeros((1, 5_001)), draw_seeds(3, 5_000, 0))
    expected = stats.ttest_1samp(gaps[:, 0], 0.0)
    low, high = expected.confidence_interval(0.95)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((low, high), abs=0.003)
    assert found.p == pytest.approx(expected.pvalue, rel=0.05)


@pytest.mark.parametrize("seeds", [3, 5])
def test_nineteen_intervals_of_twenty_cover_what_all_seeds_would_give(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    weights = draw_seeds(seeds, 200, 0)
    covered = 0
    for _ in range(1_000):
        examples = rng.normal(0.0, 0.002, 1) + np.append(0.0, rng.normal(0.0, 0.002, 200))
        values = 0.5 + rng.normal(0.0, 0.02, (seeds, 1)) + examples
        found = figure(values, weights).estimate
        covered += found.low <= 0.5 <= found.high
    assert 0.92 <= covered / 1_000 <= 0.98


def test_an_interval_stays_within_what_a_metric_can_be() -> None:
    high = np.repeat(np.array([[0.9], [0.98]]), 101, axis=1)
    weights = draw_seeds(2, 100, 0)
    found = figure(high, weights).estimate
    assert 0.0 <= found.low < 0.9 and found.high == 1.0
    gap = versus(high, 1 - high, weights).estimate
    assert -1.0 <= gap.low < 0.8 and gap.high == 1.0


def test_a_clear_difference_is_told_from_none() -> None:
    drawn = draw_seeds(4, 400, 0)
    better, worse = grid(0.3, 4), grid(0.9, 4)
    clear = versus(better, worse, drawn)
    assert clear.estimate.low > 0 and clear.p < 0.01
    unclear = versus(grid(0.5, 4), grid(0.5, 4, shift=50), drawn)
    assert unclear.estimate.low < 0 < unclear.estimate.high and unclear.p > 0.05
    assert len(clear.seeds) == 4


def test_one_seed_leaves_the_examples_alone() -> None:
    values = grid(0.5, 1)
    found = figure(values, draw_seeds(1, 400, 0))
    assert np.isnan(found.deviation)
    ends = np.percentile(values[0, 1:], [2.5, 97.5])
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(ends), abs=0)
