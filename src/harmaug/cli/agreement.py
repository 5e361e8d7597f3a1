"""A guard against human labels as tables: by source, by category, by score."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harmaug.cli.table import print_table, show
from harmaug.evaluate.agreement import Bin, Group
from harmaug.evaluate.evaluation import Judgement

GROUPED = ("rows", "harmful", "no answer", "agreement", "missed", "false alarms", "bias")
BINNED = ("rows", "mean score", "harmful")


def print_agreement(judgement: Judgement, by: Sequence[str]) -> None:
    """Print the tables of `by`: "source", "category", "score"."""
    found = judgement.agreement
    where = f"{judgement.guard} against the labels of {judgement.benchmark}"
    for key in by:
        if key == "score":
            title = f"{where} by score: calibration error {_figure(found.ece)}"
            print_table(title, ["p(unsafe)", *BINNED], [_bin(one) for one in found.bins if one.n])
            continue
        groups = found.sources if key == "source" else found.categories
        title = (
            f"{where} by {key}: threshold {found.threshold:g}, kappa {_figure(found.kappa)}; "
            "bias is the mean score minus the share of harmful"
        )
        rows = [_group(one) for one in [*groups, found.whole]]
        print_table(title, [key, *GROUPED], rows)


def _group(group: Group) -> list[str]:
    return [
        group.name,
        str(group.n),
        str(group.harmful),
        str(group.missing),
        show(group.agreement),
        show(group.missed),
        show(group.false_alarms),
        _figure(group.bias, "+"),
    ]


def _bin(one: Bin) -> list[str]:
    return [f"{one.low:.1f} to {one.high:.1f}", str(one.n), _figure(one.score), show(one.share)]


def _figure(value: float, sign: str = "") -> str:
    return "-" if math.isnan(value) else f"{value:{sign}.3f}"
