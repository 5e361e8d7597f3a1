"""Results as Markdown tables, to paste where numbers are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harmaug.evaluate.cost import Cost, cost_ratio
from harmaug.evaluate.evaluation import Comparison, Evaluation
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.results import HARMAUG, TEACHER, AttackFacts, Results
from harmaug.report.claim import claim

METRICS = ("f1", "auprc", "precision", "recall", "roc_auc", "fpr", "ece")
HEADS = ("F1", "AUPRC", "precision", "recall", "ROC AUC", "FPR", "ECE")


def markdown(results: Results) -> str:
    """Return a run's claim, metrics, comparisons, cost and provenance."""
    said = claim(results)
    generation = results.generation
    facts = (
        f"{generation.kept} instructions kept of {generation.drawn} drawn (attack "
        f"{generation.attack}, {100 * generation.success.value:.1f}% without refusal phrase"
        f"{''.join(map(_beside, generation.ablation))}); "
        f"seed {results.seed}; {results.created}."
    )
    parts = [f"# {results.name}", f"**{said.headline}.** {said.figures}", *said.details, facts]
    if (servers := results.servers) is not None:
        parts.append(f"Servers: {servers}.")
    return "\n\n".join([*parts, evaluation_markdown(results.evaluation)]) + "\n"


def _beside(found: AttackFacts) -> str:
    return f"; attack {found.attack}, {found.asked} answers: {100 * found.success.value:.1f}%"


def evaluation_markdown(evaluation: Evaluation) -> str:
    """Return the tables of an evaluation: a block for each benchmark, comparisons, cost."""
    scores = evaluation.scores
    parts = []
    for benchmark in evaluation.benchmarks:
        rows = [
            [found.guard, *(cell(vars(found.metrics)[name]) for name in METRICS)]
            for found in scores.measurements
            if found.benchmark == benchmark.name
        ]
        head = (
            f"**{benchmark.name}** (rows {benchmark.revision}): n = {benchmark.n}, "
            f"{benchmark.positives} harmful, threshold {scores.threshold:g}, 95% intervals from "
            f"{scores.resamples} resamples, seed {scores.seed}"
        )
        parts += [head, table(["guard", *HEADS], rows)]
    if len(evaluation.benchmarks) > 1:
        rows = [
            [guard.key, *(cell(scores.average(guard.key, name)) for name in METRICS)]
            for guard in evaluation.guards
        ]
        parts += ["**average**, each benchmark the same weight", table(["guard", *HEADS], rows)]
    if scores.comparisons:
        rows = [_comparison(found) for found in scores.comparisons]
        parts.append(table(["difference", "benchmark", "metric", "value", "above 0"], rows))
    if evaluation.costs:
        parts.append(_costs(evaluation))
    environment = evaluation.environment
    versions = ", ".join(f"{name} {found}" for name, found in environment.libraries.items())
    parts.append(
        f"harmaug {environment.package}, Python {environment.python}, {versions}; "
        f"{environment.cpu}, {environment.cores} cores, {', '.join(environment.gpus) or 'no GPU'}"
    )
    return "\n\n".join(parts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(estimate: Estimate | None, sign: str = "") -> str:
    """Render a figure with its interval, `-` where it is not defined."""
    if estimate is None or math.isnan(estimate.value):
        return "-"
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def _comparison(found: Comparison) -> list[str]:
    difference = found.difference
    return [
        f"{found.first} - {found.second}",
        found.benchmark or "average",
        difference.metric,
        cell(difference.estimate, "+"),
        "-" if math.isnan(difference.estimate.value) else f"{100 * difference.share_above:.0f}%",
    ]


def _costs(evaluation: Evaluation) -> str:
    rows = [_cost(cost) for cost in evaluation.costs]
    student, teacher = evaluation.cost(HARMAUG), evaluation.cost(TEACHER)
    if student is not None and teacher is not None:
        ratio = cost_ratio(teacher, student)
        counted = (ratio.parameters, ratio.file_bytes, ratio.flops_per_example)
        timed = (ratio.latency, ratio.throughput, ratio.peak_memory, ratio.energy)
        rows.append(["teacher / harmaug", "", *map(_times, counted), "-", *map(_times, timed)])
    head = ["guard", "runtime", "parameters", "file bytes", "FLOPs/example", "FLOPs/content token"]
    return table([*head, "latency p50, ms", "examples/s", "peak memory bytes", "J/example"], rows)


def _cost(cost: Cost) -> list[str]:
    speed = cost.speed
    counted = (cost.parameters, cost.file_bytes, cost.flops_per_example, cost.flops_per_token)
    timed = (
        ("-", "-", "-", "-")
        if speed is None
        else (
            f"{speed.latency_ms:.2f}",
            f"{speed.examples_per_s:.0f}",
            f"{speed.peak_memory_bytes:.3g}",
            "-" if speed.joules_per_example is None else f"{speed.joules_per_example:.3g}",
        )
    )
    return [cost.guard, cost.runtime, *("-" if n is None else f"{n:.4g}" for n in counted), *timed]


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.3g}x"
