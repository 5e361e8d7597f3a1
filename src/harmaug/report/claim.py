"""What a run shows, in words that its intervals allow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from harmaug.evaluate.compare import Difference
from harmaug.evaluate.cost import cost_ratio
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.results import HARMAUG, PLAIN, TEACHER, Results

Outcome = Literal["ahead", "behind", "unclear", "alone", "nothing"]


@dataclass(frozen=True)
class Claim:
    """The headline of a report, the figures it stands on, and what is to be said beside it."""

    outcome: Outcome
    headline: str
    figures: str
    details: tuple[str, ...]


def claim(results: Results) -> Claim:
    """Say how HarmAug stands to plain distillation; AUPRC decides, F1 is told beside it."""
    evaluation, scores = results.evaluation, results.evaluation.scores
    own = scores.average(HARMAUG, "auprc")
    if own is None or math.isnan(own.value):
        return Claim("nothing", _nothing(results), "", ())
    where = _where(results)
    difference = scores.comparison(HARMAUG, PLAIN, "auprc")
    if difference is None:
        headline = f"The HarmAug student reaches an AUPRC of {own.value:.3f} on {where}"
        figures = f"AUPRC {interval(own)}; plain distillation was not trained (baseline: false)."
        return Claim("alone", headline, figures, tuple(_teacher(results)))
    outcome, headline, figures = _headline(difference, where)
    f1 = scores.comparison(HARMAUG, PLAIN, "f1")
    details = [_second(f1, scores.threshold)] if f1 is not None else []
    details += _teacher(results)
    rows = sum(benchmark.n for benchmark in evaluation.benchmarks)
    details.append(
        f"One seed ({results.seed}), {rows:,} test rows. The 95% intervals are over the choice of "
        "test rows, paired; another training seed can move these figures as well."
    )
    return Claim(outcome, headline, figures, tuple(details))


def _nothing(results: Results) -> str:
    names = ", ".join(benchmark.name for benchmark in results.evaluation.benchmarks)
    if not names:
        return "Nothing was measured: the run has no benchmark"
    return f"AUPRC is not defined on {names}: it takes harmful and harmless rows with an answer"


def interval(estimate: Estimate, sign: str = "") -> str:
    """Render a figure with its interval."""
    if math.isnan(estimate.value):
        return "not defined"
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def verdict(difference: Difference) -> Outcome:
    """Say which side of 0 the whole interval lies on, if it lies on one."""
    if difference.estimate.low > 0:
        return "ahead"
    return "behind" if difference.estimate.high < 0 else "unclear"


def _headline(difference: Difference, where: str) -> tuple[Outcome, str, str]:
    outcome, by = verdict(difference), interval(difference.estimate, "+")
    if outcome == "ahead":
        headline = f"HarmAug is ahead of plain distillation on {where}"
        return outcome, headline, f"AUPRC {by}: the whole interval is above 0."
    if outcome == "behind":
        headline = f"HarmAug is behind plain distillation on {where}"
        return outcome, headline, f"AUPRC {by}: the whole interval is below 0."
    headline = f"No clear difference between HarmAug and plain distillation on {where}"
    return outcome, headline, f"AUPRC {by}: the interval includes 0."


def _second(difference: Difference, threshold: float) -> str:
    words = {
        "ahead": "HarmAug is ahead",
        "behind": "HarmAug is behind",
        "unclear": "no clear difference",
    }
    by = interval(difference.estimate, "+")
    return f"F1 at the threshold {threshold:g}: {words[verdict(difference)]}, {by}."


def _teacher(results: Results) -> list[str]:
    """Set the student beside its teacher: how good, and how much smaller."""
    evaluation = results.evaluation
    difference = evaluation.scores.comparison(HARMAUG, TEACHER, "auprc")
    found = []
    if difference is not None:
        by = interval(difference.estimate, "+")
        found.append(f"Against its teacher the student is at {by} AUPRC.")
    student, teacher = evaluation.cost(HARMAUG), evaluation.cost(TEACHER)
    if student is not None and teacher is not None:
        ratio = cost_ratio(teacher, student)
        parts = [
            _times(ratio.flops_per_example, "the arithmetic"),
            _times(ratio.latency, "the latency"),
            _times(ratio.file_bytes, "the file size"),
        ]
        known = [part for part in parts if part]
        if known:
            found.append(f"The teacher has {_joined(known)} of the student.")
    return found


def _times(ratio: float | None, what: str) -> str:
    return "" if ratio is None else f"{ratio:.3g} times {what}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _where(results: Results) -> str:
    benchmarks = results.evaluation.benchmarks
    if len(benchmarks) == 1:
        return benchmarks[0].name
    return f"average over {len(benchmarks)} benchmarks"
