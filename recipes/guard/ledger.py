"""The committed record of every evaluation on `data/eval`: JSON Lines, and a page of it."""

from __future__ import annotations

import json
from pathlib import Path

LINES = Path("docs/ledger.jsonl")
PAGE = Path("docs/ledger.md")
SHOWN = ("auprc", "f1", "precision", "recall", "fpr")
HEAD = """# Ledger of evaluations

Every look at the benchmarks (`data/eval`) by the makers of the embedded guard, oldest first, so
that a reader sees how often they were looked at. Before it stand the first tries of plain
fine-tuning, four models on five of these sets. Thresholds, hyperparameters and rows of data were
chosen by development data (`recipes/guard/development.py`). Two decisions followed looks: texts of
fewer than 1,200 tokens are not read as documents (entry 3), and one candidate did not ship, since
BeaverTails was below its floor (entry 17). The prompts of the benchmarks, not their labels, were
read to leave near-copies out of training. Values carry
95% bootstrap intervals; precision, recall and F1 are at the shipped threshold. The machine-readable
record is `docs/ledger.jsonl`; `recipes/guard/evaluate.py` writes both.
"""


def append(entry: dict[str, object]) -> None:
    """Add one evaluation."""
    LINES.parent.mkdir(exist_ok=True)
    with LINES.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")


def render() -> None:
    """Write the page from the record."""
    entries = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]
    sections = [_section(number, entry) for number, entry in enumerate(entries, start=1)]
    PAGE.write_text("\n".join([HEAD, *sections]), encoding="utf-8")


def _section(number: int, entry: dict[str, object]) -> str:
    settings, benchmarks = entry["settings"], entry["benchmarks"]
    assert isinstance(settings, dict) and isinstance(benchmarks, dict)
    threshold = settings["thresholds"][settings["default"]]
    lines = [
        f"## {number}. {entry['model']}, {entry['precision']}",
        "",
        f"{entry['date']}, `{entry['command']}`, weights sha256 `{str(entry['sha256'])[:16]}`, "
        f"window {settings['window']}, threshold {threshold} ({settings['default']}), "
        f"{entry['resamples']} resamples, {entry['hardware']}.",
        "",
        f"| benchmark | n | harmful | {' | '.join(SHOWN)} |",
        f"|---|---|---|{'---|' * len(SHOWN)}",
    ]
    for name, figures in benchmarks.items():
        cells = [_cell(figures[metric]) for metric in SHOWN]
        lines.append(f"| {name} | {figures['n']} | {figures['positives']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(values: list[float]) -> str:
    value, low, high = values
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
