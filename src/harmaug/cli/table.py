"""Results as a table: rich in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harmaug.evaluate.cost import Cost, cost_ratio
from harmaug.evaluate.evaluation import Evaluation, Scores
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.results import HARMAUG, PLAIN, TEACHER, Results

NAMES = {PLAIN: "plain distillation", HARMAUG: "HarmAug", TEACHER: "teacher"}
ORDER = (PLAIN, HARMAUG, TEACHER)

METRIC_NAMES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "auprc": "AUPRC",
    "roc_auc": "ROC AUC",
    "fpr": "false-positive rate",
    "ece": "calibration error",
}

Rows = list[list[str]]


def print_results(results: Results, folder: Path) -> None:
    """Print what a run came to, and where its report is."""
    evaluation = results.evaluation
    scores = evaluation.scores
    guards = [key for key in ORDER if key in {guard.key for guard in evaluation.guards}]
    names = {key: NAMES[key] for key in guards}
    for benchmark in evaluation.benchmarks:
        title = (
            f"{benchmark.name}: {benchmark.n} rows, {benchmark.positives} harmful, "
            f"threshold {scores.threshold:g}, seed {results.seed}"
        )
        rows = [
            [names[key], show(metrics.f1), show(metrics.auprc)]
            for key in guards
            for metrics in [scores.metrics(key, benchmark.name)]
        ]
        rows += _difference_rows(scores, benchmark.name)
        print_table(title, ["", "F1", "AUPRC"], rows)
    if len(evaluation.benchmarks) > 1:
        rows = [
            [names[key], *(_average(scores, key, name) for name in ("f1", "auprc"))]
            for key in guards
        ]
        rows += _difference_rows(scores, None)
        title = f"average of {len(evaluation.benchmarks)} benchmarks"
        print_table(title, ["", "F1", "AUPRC"], rows)
    print_costs(evaluation, names)
    sys.stdout.write(f"report: {folder / 'report.html'}\n")


def print_evaluation(evaluation: Evaluation) -> None:
    """Print guards on benchmarks: a metric a row, a guard a column, differences to the first."""
    scores = evaluation.scores
    names = {guard.key: guard.key for guard in evaluation.guards}
    for benchmark in evaluation.benchmarks:
        title = (
            f"{benchmark.name}: {benchmark.n} rows, {benchmark.positives} harmful, "
            f"threshold {scores.threshold:g}, 95% intervals of {scores.resamples} resamples, "
            f"seed {scores.seed}"
        )
        found = [scores.metrics(guard, benchmark.name) for guard in names]
        rows = [
            [label, *(show(vars(metrics)[name]) for metrics in found)]
            for name, label in METRIC_NAMES.items()
        ]
        if any(metrics.missing for metrics in found):
            rows.append(["without answer", *(str(metrics.missing) for metrics in found)])
        print_table(title, ["", *names], rows)
    for guard in evaluation.guards:
        if guard.server is not None:
            sys.stdout.write(f"server of {guard.key}: {guard.server}\n\n")
    if scores.comparisons:
        rows = [
            [
                f"{pair.first} - {pair.second}",
                pair.benchmark or "average",
                METRIC_NAMES[pair.difference.metric],
                show(pair.difference.estimate, "+"),
            ]
            for pair in scores.comparisons
        ]
        print_table("differences, paired by example", ["", "on", "metric", "value"], rows)
    print_costs(evaluation, names)


def print_costs(evaluation: Evaluation, names: dict[str, str]) -> None:
    """Print what guards cost, and the HarmAug student against the teacher."""
    costs = [cost for cost in evaluation.costs if cost.guard in names]
    if not costs:
        return
    rows = [[names[cost.guard], *cost_cells(cost)] for cost in costs]
    teacher, student = evaluation.cost(TEACHER), evaluation.cost(HARMAUG)
    if teacher is not None and student is not None:
        ratio = cost_ratio(student, teacher)
        shares = (
            ratio.parameters,
            ratio.file_bytes,
            ratio.flops_per_example,
            ratio.latency,
            ratio.throughput,
            ratio.peak_memory,
        )
        rows.append(["HarmAug / teacher", *(_share(share) for share in shares)])
    environment = evaluation.environment
    title = f"cost on {environment.cpu}, {environment.cores} cores"
    columns = ["", "parameters", "file", "FLOPs/example", "latency p50", "examples/s", "memory"]
    print_table(title, columns, rows)
    if any(cost.speed is not None and cost.speed.disturbed for cost in costs):
        sys.stdout.write("other programs were using this machine: times are rough\n\n")


def cost_cells(cost: Cost) -> list[str]:
    """Return a guard's cost as text: parameters, file, FLOPs, latency, throughput, memory."""
    speed = cost.speed
    return [
        _scaled(cost.parameters),
        _scaled(cost.file_bytes, "B"),
        _scaled(cost.flops_per_example),
        "-" if speed is None else f"{speed.latency_ms:.2f} ms",
        "-" if speed is None else f"{speed.examples_per_s:.0f}",
        _scaled(None if speed is None else speed.peak_memory_bytes, "B"),
    ]


def print_table(title: str, columns: Sequence[str], rows: Rows) -> None:
    """Print a table: bordered in a terminal, aligned text elsewhere."""
    if sys.stdout.isatty():
        table = Table(title=title, title_justify="left", title_style="bold")
        for number, column in enumerate(columns):
            table.add_column(column, justify="left" if number == 0 else "right")
        for row in rows:
            table.add_row(*row, style="bold" if row[0] == NAMES[HARMAUG] else "")
        Console().print(table)
        return
    widths = [max(len(row[at]) for row in [list(columns), *rows]) for at in range(len(columns))]
    sys.stdout.write(f"{title}\n")
    for row in [list(columns), *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"  {'  '.join(cells).rstrip()}\n")
    sys.stdout.write("\n")


def show(estimate: Estimate | None, sign: str = "") -> str:
    """Render a figure with its interval, `-` where it is not defined."""
    if estimate is None or math.isnan(estimate.value):
        return "-"
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def _average(scores: Scores, guard: str, metric: str) -> str:
    return show(scores.average(guard, metric))


def _difference_rows(scores: Scores, benchmark: str | None) -> Rows:
    f1 = scores.comparison(HARMAUG, PLAIN, "f1", benchmark)
    auprc = scores.comparison(HARMAUG, PLAIN, "auprc", benchmark)
    if f1 is None or auprc is None:
        return []
    return [["HarmAug - plain", show(f1.estimate, "+"), show(auprc.estimate, "+")]]


def _scaled(value: float | None, unit: str = "") -> str:
    if value is None:
        return "-"
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".strip()


def _share(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.3g}x"
