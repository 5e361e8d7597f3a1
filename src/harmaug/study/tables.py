"""The tables of a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harmaug.evaluate.cost import Cost
from harmaug.evaluate.metrics import wilson
from harmaug.evaluate.results import SyntheticFacts
from harmaug.study.grid import Cell, Grid, seed_value, text
from harmaug.study.summary import Summary
from harmaug.study.varied import varied

INTERVALS = (
    "Mean over seeds ± their standard deviation, with the 95% interval of a bootstrap over "
    "examples and seeds"
)


def tables(summary: Summary) -> list[Grid]:
    """Return every table, the main one first."""
    found = [main(summary), differences(summary), points(summary), seeds(summary)]
    variety = varied(summary)
    return [
        *found,
        *([] if variety is None else [variety]),
        *([cost(summary)] if summary.study.costs else []),
        training(summary),
        synthetic(summary),
    ]


def main(summary: Summary) -> Grid:
    """F1 and AUPRC of every arm and guard on every benchmark, and their mean."""
    places = _places(summary)
    head = ["arm", *(f"{name} {metric}" for name, _ in places for metric in ("F1", "AUPRC"))]
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            *(summary.figure(name, place, key) for _, place in places for key in ("f1", "auprc")),
            summary.missing(name),
        )
        for name in [*summary.arms, *summary.guards]
    ]
    seeded = ", ".join(str(seed) for seed in summary.study.config.seeds)
    note = (
        f"{INTERVALS}; seeds {seeded}; F1 at threshold {summary.study.threshold:g}. Missing "
        "counts the examples without an answer, of all seeds and benchmarks: they are left out."
    )
    return Grid("main", "F1 and AUPRC", (*head, "missing"), tuple(rows), note)


def differences(summary: Summary) -> Grid:
    """Every compared pair on every benchmark, and their mean."""
    rows: list[tuple[Cell, ...]] = []
    for first, second in summary.pairs():
        for name, place in _places(summary):
            found = [summary.versus(first, second, place, key) for key in ("f1", "auprc")]
            each = " ".join(seed_value(value, "+") for value in found[1].seeds)
            shared = sum(
                len(summary.shared(first, second, one))
                for one in (summary.benchmarks if place is None else [place])
            )
            rows.append((f"{first} - {second}", name, shared, *found, each))
    note = (
        "Paired by example and seed, on the examples that every seed of both answered; 95% "
        "intervals and two-sided p-values of the bootstrap over examples and seeds; the last "
        "column is each seed's difference."
    )
    head = ("difference", "benchmark", "examples", "F1", "AUPRC", "AUPRC by seed")
    return Grid("differences", "Differences between arms", head, tuple(rows), note)


def points(summary: Summary) -> Grid:
    """Recall and false-positive rate at the threshold."""
    places = [(name, name) for name in summary.benchmarks]
    head = ["arm", *(f"{name} {metric}" for name, _ in places for metric in ("recall", "FPR"))]
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            *(summary.figure(name, place, key) for _, place in places for key in ("recall", "fpr")),
        )
        for name in [*summary.arms, *summary.guards]
    ]
    note = f"{INTERVALS}; threshold {summary.study.threshold:g}."
    return Grid("points", "Recall and false positives", tuple(head), tuple(rows), note)


def seeds(summary: Summary) -> Grid:
    """Every seed's AUPRC on its own."""
    rows: list[tuple[Cell, ...]] = []
    for arm in summary.arms:
        found = [summary.figure(arm, place, "auprc").seeds for _, place in _places(summary)]
        for at, seed in enumerate(summary.study.config.seeds):
            rows.append((arm, str(seed), *(seed_value(values[at]) for values in found)))
    head = ("arm", "seed", *(name for name, _ in _places(summary)))
    return Grid("seeds", "AUPRC by seed", head, tuple(rows), "One trained student a row.")


def training(summary: Summary) -> Grid:
    """What every arm trained on and for how long."""
    rows: list[tuple[Cell, ...]] = []
    for arm in summary.arms:
        found = summary.outcomes(arm)
        first = found[0]
        rows.append(
            (
                arm,
                first.parameters,
                _mean([one.rows for one in found]),
                _mean([sum(one.synthetic.rows.values()) if one.synthetic else 0 for one in found]),
                _mean([one.training.training_rows for one in found]),
                first.training.steps,
                _mean([one.epochs for one in found]),
                _mean([one.training.tokens for one in found]),
                _mean([one.training.seconds for one in found]),
                first.training.compute,
            )
        )
    head = ("arm", "parameters", "rows of D", "rows made", "rows trained on", "steps", "epochs")
    note = "Means over seeds; rows made are before selection and before the validation split."
    rest = ("tokens", "seconds", "compute")
    return Grid("training", "Training", (*head, *rest), tuple(rows), note)


def synthetic(summary: Summary) -> Grid:
    """What stands beside D in every arm, and what it took to make."""
    rows: list[tuple[Cell, ...]] = [
        (arm, *_synthetic([one.synthetic for one in found if one.synthetic is not None]))
        for arm in summary.arms
        if (found := summary.outcomes(arm)) and found[0].synthetic is not None
    ]
    head = ("arm", "source", "drawn", "no refusal", "kept", "dropped", "flagged by the teacher")
    rest = ("tokens read", "tokens written", "seconds")
    note = (
        "Sums over seeds. No refusal: the share of the generator's answers without a phrase of Zou "
        "et al. 2023, with its Wilson interval. Flagged: teacher's score above tau, by kind."
    )
    return Grid("synthetic", "What stands beside D", (*head, *rest), tuple(rows), note)


def cost(summary: Summary) -> Grid:
    """What the students of the first seed and the guards cost."""
    rows: list[tuple[Cell, ...]] = []
    for one in summary.study.costs:
        flops = (
            None if one.flops_per_example is None else one.flops_per_example / 1e6,
            None if one.flops_per_token is None else one.flops_per_token / 1e6,
        )
        size = None if one.file_bytes is None else one.file_bytes / 2**20
        rows.append((one.guard, one.runtime, one.parameters, size, *flops, *_measured(one)))
    head = ("guard", "runtime", "parameters", "file MiB", "MFLOPs/example", "MFLOPs/content token")
    examples = max(one.examples for one in summary.study.costs)
    meters = {one.speed.energy_of for one in summary.study.costs if one.speed is not None}
    told = ", ".join(sorted(meter for meter in meters if meter is not None))
    note = (
        f"On {examples} benchmark examples. Template counted, padding not; latency of one example "
        "on one thread, examples/s at the best batch on all cores, peak memory of the process. "
        f"Energy at that batch: {told or 'this machine has no meter that can be read'}."
    )
    batched = ("examples/s", "at batch", "us/content token there")
    rest = ("latency p50 ms", "us/content token", *batched, "memory MiB", "J/example")
    return Grid("cost", "Cost", (*head, *rest), tuple(rows), note)


def _measured(one: Cost) -> tuple[Cell, ...]:
    """Time alone, rate in batches, memory and energy; seven empty cells for what is not here."""
    speed = one.speed
    if speed is None:
        return (None,) * 7
    alone = (speed.latency_ms, one.token_latency_us)
    best = (speed.examples_per_s, speed.batch, one.batch_token_latency_us)
    return (*alone, *best, speed.peak_memory_bytes / 2**20, speed.joules_per_example)


def overview(summary: Summary) -> str:
    """Return what the command line prints: mean AUPRC over the benchmarks, and the differences."""
    lines = [
        f"  {name:<24} AUPRC {text(summary.figure(name, None, 'auprc'))}"
        for name in [*summary.arms, *summary.guards]
    ]
    lines += [
        f"  {f'{first} - {second}':<24} AUPRC {text(summary.versus(first, second, None, 'auprc'))}"
        for first, second in summary.pairs()
    ]
    lines += [
        f"  {name} gave no answer to {missing:,} examples: its figure is without them, and both "
        "sides of its differences"
        for name in [*summary.arms, *summary.guards]
        if (missing := summary.missing(name))
    ]
    where = ", ".join(summary.benchmarks)
    return "\n".join([f"{summary.study.config.title}: mean over {where}", *lines])


def _places(summary: Summary) -> list[tuple[str, str | None]]:
    """Return the benchmarks, and their mean where there are several."""
    each: list[tuple[str, str | None]] = [(name, name) for name in summary.benchmarks]
    return [*each, ("average", None)] if len(each) > 1 else each


def _synthetic(found: Sequence[SyntheticFacts]) -> tuple[Cell, ...]:
    asked = sum(facts.asked for facts in found)
    refused = sum(facts.refused for facts in found)
    drops: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for facts in found:
        drops.update(facts.drops)
        flagged.update(facts.flagged)
        rows.update(facts.rows)
    return (
        found[0].source,
        sum(facts.drawn for facts in found),
        wilson(asked - refused, asked) if asked else None,
        sum(facts.kept for facts in found),
        ", ".join(f"{reason} {count:,}" for reason, count in drops.most_common(4)) or "-",
        ", ".join(f"{kind} {100 * flagged[kind] / count:.0f}%" for kind, count in rows.items()),
        sum(facts.tokens_in for facts in found),
        sum(facts.tokens_out for facts in found),
        sum(facts.seconds for facts in found),
    )


def _mean(values: Sequence[float]) -> float | int:
    mean = sum(values) / len(values)
    return round(mean) if mean >= 100 else mean
