import dataclasses
from pathlib import Path

import pytest

from harmaug.evaluate.compare import Difference
from harmaug.evaluate.evaluation import Comparison
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.results import HARMAUG, PLAIN, Results
from harmaug.report.claim import claim


def with_difference(results: Results, low: float, high: float) -> Results:
    estimate = Estimate((low + high) / 2, low, high)
    comparisons = tuple(
        Comparison(HARMAUG, PLAIN, None, Difference(metric, estimate, 0.5))
        for metric in ("f1", "auprc")
    )
    scores = dataclasses.replace(results.evaluation.scores, comparisons=comparisons)
    evaluation = dataclasses.replace(results.evaluation, scores=scores)
    return dataclasses.replace(results, evaluation=evaluation)


@pytest.mark.parametrize(
    ("low", "high", "outcome", "headline"),
    [
        (0.01, 0.05, "ahead", "HarmAug is ahead of plain distillation"),
        (-0.05, -0.01, "behind", "HarmAug is behind plain distillation"),
        (-0.01, 0.05, "unclear", "No clear difference"),
    ],
)
def test_the_headline_says_no_more_than_the_interval(
    tiny_run: tuple[Results, Path], low: float, high: float, outcome: str, headline: str
) -> None:
    said = claim(with_difference(tiny_run[0], low, high))
    assert said.outcome == outcome
    assert said.headline.startswith(headline)
    assert f"[{low:+.3f}, {high:+.3f}]" in said.figures
    assert any("One seed (42)" in detail for detail in said.details)


def test_without_a_baseline_nothing_is_claimed_over_it(tiny_run: tuple[Results, Path]) -> None:
    scores = dataclasses.replace(tiny_run[0].evaluation.scores, comparisons=())
    evaluation = dataclasses.replace(tiny_run[0].evaluation, scores=scores)
    said = claim(dataclasses.replace(tiny_run[0], evaluation=evaluation))
    assert said.outcome == "alone" and "baseline: false" in said.figures
    assert "ahead" not in said.headline


def test_without_a_benchmark_nothing_is_claimed(tiny_run: tuple[Results, Path]) -> None:
    scores = dataclasses.replace(
        tiny_run[0].evaluation.scores, measurements=(), averages=(), comparisons=()
    )
    evaluation = dataclasses.replace(tiny_run[0].evaluation, scores=scores, benchmarks=())
    assert claim(dataclasses.replace(tiny_run[0], evaluation=evaluation)).outcome == "nothing"
