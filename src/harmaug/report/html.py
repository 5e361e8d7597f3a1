"""Results as one self-contained HTML page: no asset, font or script from anywhere else."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harmaug.evaluate.cost import CostRatio, cost_ratio
from harmaug.evaluate.curves import Curve, flagged_counts, precision_recall, score_counts
from harmaug.evaluate.evaluation import Answers
from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.results import HARMAUG, HARMAUG_FP32, PLAIN, TEACHER, Results
from harmaug.report.claim import claim, interval, verdict
from harmaug.report.figures import (
    histogram_figure,
    precision_recall_figure,
    rounded,
    score_figure,
    training_figure,
)
from harmaug.report.reliability import reliability_figure
from harmaug.runs.parts import write_text

FILE_NAME = "report.html"

NAMES = {
    PLAIN: "plain distillation",
    HARMAUG: "HarmAug",
    HARMAUG_FP32: "HarmAug, float32",
    TEACHER: "teacher",
}
ATTACKS = {
    "prefill": "the answer is begun (prefill)",
    "injection": "the opening is asked for (injection)",
    "none": "no prefix",
}
ORDER = (PLAIN, HARMAUG, HARMAUG_FP32, TEACHER)
CURVES = (PLAIN, HARMAUG, TEACHER)
SCORE_BINS = 20
THRESHOLD_STEPS = 200
SHOWN_GROUPS = 20


def write_report(results: Results, folder: Path) -> Path:
    """Write the page of a run into its folder and return its path.

    Raises:
        RunFolderError: when predictions are missing, or the page cannot be written.
    """
    path = folder / FILE_NAME
    write_text(path, render(results, results.answers(folder)))
    return path


def render(results: Results, answers: Answers) -> str:
    """Return the page as text."""
    templates = Environment(
        loader=PackageLoader("harmaug.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        figure=figure, interval=interval, size=size, share=share, seconds=seconds
    )
    keys = [key for key in ORDER if key in {guard.key for guard in results.evaluation.guards}]
    return templates.get_template("report.html.jinja").render(
        results=results,
        claim=claim(results),
        verdict=verdict,
        names=NAMES,
        attack_names=ATTACKS,
        attacks=(results.generation, *results.generation.ablation),
        keys=keys,
        infos={guard.key: guard.info for guard in results.evaluation.guards},
        panels=[_panel(results, answers, name) for name in _benchmarks(results)],
        spans=_spans(results, keys),
        ratio=_ratio(results),
        histogram=Markup(
            histogram_figure("Generated instructions by score", results.generation.histogram)
        ),
        training=_training(results),
        reliability=_reliability(results),
        shown_groups=SHOWN_GROUPS,
        data=Markup(_page_data(results, answers)),
        style=Markup(_asset("style.css")),
        script=Markup(_asset("page.js")),
    )


@dataclass(frozen=True)
class Panel:
    """The figures of one benchmark: its curves, and the scores of each guard."""

    benchmark: str
    curves: Markup
    scores: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True)
class Span:
    """An interval placed on a common axis, in percent of its width."""

    guard: str
    estimate: Estimate
    left: float
    width: float
    at: float


def figure(value: float | None, digits: int = 3) -> str:
    """Render a figure, a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def size(value: float | None, unit: str = "") -> str:
    """Render a large number with a decimal prefix."""
    if value is None:
        return "–"
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".strip()


def share(value: float | None) -> str:
    """Render a share in percent."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def seconds(value: float) -> str:
    """Render a duration."""
    if value < 90:
        return f"{value:.1f} s"
    if value < 5400:
        return f"{value / 60:.1f} min"
    return f"{value / 3600:.1f} h"


def _benchmarks(results: Results) -> list[str]:
    return [benchmark.name for benchmark in results.evaluation.benchmarks]


def _panel(results: Results, answers: Answers, benchmark: str) -> Panel:
    scores = results.evaluation.scores
    curves = []
    histograms = []
    for guard in CURVES:
        if (guard, benchmark) not in answers:
            continue
        predictions = answers[guard, benchmark]
        metrics = scores.metrics(guard, benchmark)
        curve = precision_recall(predictions)
        curves.append((guard, curve, metrics.recall.value, metrics.precision.value))
        counts = score_counts(predictions, SCORE_BINS)
        drawn = score_figure(f"{NAMES[guard]} on {benchmark}", counts)
        histograms.append((guard, Markup(drawn)))
    found = next(b for b in results.evaluation.benchmarks if b.name == benchmark)
    base_rate = found.positives / found.n
    drawn = precision_recall_figure(benchmark, curves, base_rate)
    return Panel(benchmark, Markup(drawn), tuple(histograms))


def _spans(results: Results, keys: list[str]) -> list[Span]:
    """Place each guard's average AUPRC and its interval on one axis."""
    scores = results.evaluation.scores
    found = [(key, scores.average(key, "auprc")) for key in keys if key != HARMAUG_FP32]
    known = [(key, one) for key, one in found if one is not None and not math.isnan(one.value)]
    if not known:
        return []
    low = min(one.low for _, one in known) - 0.02
    high = max(one.high for _, one in known) + 0.02

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    return [
        Span(key, one, place(one.low), place(one.high) - place(one.low), place(one.value))
        for key, one in known
    ]


def _ratio(results: Results) -> CostRatio | None:
    student, teacher = results.evaluation.cost(HARMAUG), results.evaluation.cost(TEACHER)
    return None if student is None or teacher is None else cost_ratio(teacher, student)


def _training(results: Results) -> list[Markup]:
    losses = [(f.guard, [(p.step, p.train_loss) for p in f.history]) for f in results.training]
    auprc = [
        (f.guard, [(p.step, p.auprc) for p in f.history if p.auprc is not None])
        for f in results.training
    ]
    drawn = (
        training_figure("Training loss by step", "training loss", losses),
        training_figure("Validation AUPRC by step", "validation AUPRC", auprc),
    )
    return [Markup(svg) for svg in drawn if svg]


def _reliability(results: Results) -> Markup:
    found = results.data.against_humans
    title = "Share of harmful rows by the teacher's score"
    return Markup("" if found is None else reliability_figure(title, found.bins))


def _page_data(results: Results, answers: Answers) -> str:
    """Return what the page's script asks: curves by recall, and what is flagged by threshold."""
    content = {
        benchmark: {
            guard: {
                "name": NAMES[guard],
                **_curve_data(precision_recall(answers[guard, benchmark])),
                "flagged": flagged_counts(answers[guard, benchmark], THRESHOLD_STEPS).tolist(),
            }
            for guard in CURVES
            if (guard, benchmark) in answers
        }
        for benchmark in _benchmarks(results)
    }
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _curve_data(curve: Curve) -> dict[str, list[float]]:
    return {
        "recall": rounded(curve.recall),
        "precision": rounded(curve.precision),
        "threshold": rounded(curve.thresholds),
    }


def _asset(name: str) -> str:
    return (Path(__file__).parent / "page" / name).read_text(encoding="utf-8")
