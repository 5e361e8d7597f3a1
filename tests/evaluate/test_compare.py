import dataclasses

import numpy as np
import pytest

from harmaug.errors import DataError
from harmaug.evaluate.compare import Paired, difference
from harmaug.evaluate.evaluation import assess
from harmaug.evaluate.metrics import measure
from harmaug.evaluate.predictions import Predictions


def guard(seed: int, skill: float, n: int = 400, missing: int = 0) -> Predictions:
    """Scores of a guard on examples that every guard here shares."""
    shared = np.random.default_rng(0)
    labels = (shared.random(n) < 0.5).astype(np.int64)
    hardness = shared.normal(size=n)
    noise = np.random.default_rng(seed).normal(size=n) * 0.2
    scores = 1 / (1 + np.exp(-(skill * (2 * labels - 1) + hardness + noise)))
    return Predictions(labels, scores, tuple(f"r{at}" for at in range(n)), missing)


def paired(first: Predictions, second: Predictions, seed: int = 0) -> Paired:
    return Paired.of(first, second, threshold=0.5, resamples=400, seed=seed)


def test_a_guard_does_not_differ_from_itself() -> None:
    found = difference("auprc", [paired(guard(1, 1.0), guard(1, 1.0))])
    assert found.estimate.value == found.estimate.low == found.estimate.high == 0.0
    assert found.share_above == 0.0


def test_pairing_makes_the_interval_of_a_difference_narrow() -> None:
    first, second = guard(1, 1.2), guard(2, 1.0)
    found = difference("auprc", [paired(first, second)]).estimate
    alone = measure(first, 0.5, 400, 0).auprc
    assert found.high - found.low < 0.8 * (alone.high - alone.low)
    assert found.low > 0


def test_the_order_of_the_examples_does_not_matter() -> None:
    first, second = guard(1, 1.2), guard(2, 1.0)
    turned = np.arange(len(second.ids))[::-1]
    shuffled = dataclasses.replace(
        second,
        labels=second.labels[turned],
        scores=second.scores[turned],
        ids=tuple(second.ids[at] for at in turned),
    )
    assert difference("f1", [paired(first, second)]) == difference("f1", [paired(first, shuffled)])


def test_only_examples_that_both_answered_count() -> None:
    first, second = guard(1, 1.0), guard(2, 1.0)
    half = dataclasses.replace(
        second, labels=second.labels[:200], scores=second.scores[:200], ids=second.ids[:200]
    )
    same = dataclasses.replace(
        first, labels=first.labels[:200], scores=first.scores[:200], ids=first.ids[:200]
    )
    assert difference("f1", [paired(first, half)]) == difference("f1", [paired(same, half)])


def test_guards_without_a_common_example_cannot_be_compared() -> None:
    first = guard(1, 1.0)
    other = dataclasses.replace(first, ids=tuple(f"x{at}" for at in range(len(first.ids))))
    with pytest.raises(DataError, match="same rows"):
        paired(first, other)


def test_the_mean_over_benchmarks_is_surer_than_each() -> None:
    one, two = paired(guard(1, 1.2), guard(2, 1.0), 0), paired(guard(3, 1.2), guard(4, 1.0), 1)
    each = [difference("auprc", [found]).estimate for found in (one, two)]
    mean = difference("auprc", [one, two]).estimate
    assert mean.value == pytest.approx((each[0].value + each[1].value) / 2)
    assert mean.high - mean.low < min(found.high - found.low for found in each)


def test_an_assessment_holds_every_guard_benchmark_and_pair() -> None:
    answers = {
        (name, benchmark): guard(at, skill, 120)
        for benchmark in ("one", "two")
        for at, (name, skill) in enumerate({"plain": 0.8, "harmaug": 1.4}.items())
    }
    scores = assess(answers, [("harmaug", "plain")], threshold=0.5, resamples=100, seed=1)
    f1 = [scores.metrics("harmaug", benchmark).f1.value for benchmark in ("one", "two")]
    average = scores.average("harmaug", "f1")
    assert average is not None and average.value == pytest.approx(np.mean(f1))
    for benchmark in ("one", "two", None):
        found = scores.comparison("harmaug", "plain", "auprc", benchmark)
        assert found is not None and found.estimate.value > 0
    assert scores.comparison("plain", "harmaug", "auprc") is None
    with pytest.raises(DataError, match="not evaluated"):
        scores.metrics("harmaug", "three")


def test_a_benchmark_of_one_class_or_without_answers_costs_the_others_nothing() -> None:
    both = {"one": guard(1, 1.2), "two": guard(2, 1.0)}
    harmless = {
        name: dataclasses.replace(found, labels=np.zeros_like(found.labels))
        for name, found in both.items()
    }
    nothing = Predictions(np.zeros(0, np.int64), np.zeros(0), (), 400)
    answers = {(name, "both"): found for name, found in both.items()}
    answers |= {(name, "harmless"): found for name, found in harmless.items()}
    answers |= {("one", "refused"): nothing, ("two", "refused"): guard(2, 1.0)}
    scores = assess(answers, [("one", "two")], threshold=0.5, resamples=100, seed=0)
    alone = measure(both["one"], 0.5, 100, 0)
    for name in ("auprc", "f1", "precision"):
        assert scores.average("one", name) == vars(alone)[name]
    for name in ("auprc", "f1"):
        paired_alone = difference(
            name, [Paired.of(*both.values(), threshold=0.5, resamples=100, seed=0)]
        )
        found = scores.comparison("one", "two", name)
        assert found is not None
        assert found.estimate == paired_alone.estimate
    assert np.isnan(measure(nothing, 0.5, 100, 0).auprc.value)
