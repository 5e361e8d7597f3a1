"""Distillation beside what a user would run instead: the same model, rows, steps and precision.

``python -m benchmarks.distill [--rows N] [--steps N] [--json FILE]`` needs the ``train`` extra.
The rows are public labelled data from ``HARMAUG_DATA``, or the quickstart's own.
Three trainings in one run, from the same weights, each over the same number of
batches of the same size, scored on the same held-out rows:

- ours: `harmaug.distill`, whose human labels make Equation 1 the cross-entropy of the others;
- padded: `transformers.Trainer` that pads every row to the maximum length, as the reference does;
- grouped: `transformers.Trainer` with dynamic padding and batches grouped by length.

Tokens are real ones, padding not counted. Other work on the machine slows everybody, and a training
on several threads most: tokens per second of processor time stand beside those of the clock.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import transformers
from sklearn.metrics import average_precision_score
from torch import Tensor
from transformers import Trainer, TrainingArguments

from harmaug.config import DistillConfig
from harmaug.distill.checkpoint import Checkpoint
from harmaug.distill.compute import log_odds_of_rows
from harmaug.distill.distillation import task_of
from harmaug.distill.student import load_student
from harmaug.distill.task import Task
from harmaug.distill.train import train
from harmaug.progress import Quiet
from harmaug.rows import LabelledRow, ScoredPair
from harmaug.sources.load import load_rows

log = logging.getLogger("benchmarks.distill")

PUBLIC = (
    "toxicchat_train_human",
    "saferlhf_mini",
    "red_instruct_questions",
    "benign_arena_hard",
    "benign_oasst_eval_files",
)
SEED = 11
Feature = dict[str, list[int]]


@dataclass(frozen=True)
class Outcome:
    """One training: real tokens, both clocks in seconds, and the AUPRC that came of it."""

    name: str
    tokens: int
    seconds: float
    cpu_seconds: float
    auprc: float

    @property
    def rate(self) -> float:
        """Real tokens per second by the clock."""
        return self.tokens / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Real tokens per second of processor time."""
        return self.tokens / self.cpu_seconds


def main() -> None:
    """Run the three trainings and print how they compare."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", force=True)
    rows = public_rows(arguments.rows)
    config = DistillConfig(
        student=arguments.student,
        batch_size=32,
        steps=arguments.steps,
        epochs=100,
        learning_rate=1e-4,
        warmup_steps=10,
        max_length=arguments.max_length,
    )
    names: dict[str, Callable[[Task], tuple[int, float, float]]] = {
        "ours": ours,
        "grouped": lambda task: trainer(task, grouped=True),
        "padded": lambda task: trainer(task, grouped=False),
    }
    outcomes = []
    for name, run in names.items():
        task = task_of(rows, config, load_student(config.student, None, SEED), seed=SEED, tau=0.5)
        tokens, seconds, cpu_seconds = run(task)
        outcomes.append(Outcome(name, tokens, seconds, cpu_seconds, auprc(task)))
        log.info("%s: %.0f s", name, seconds)
    report(outcomes, task, arguments.json)


def public_rows(count: int) -> list[ScoredPair]:
    """Rows for all trainings: public ones where they lie, or the quickstart's."""
    return labelled_pairs(PUBLIC if os.environ.get("HARMAUG_DATA") else ("quickstart",), count)


def labelled_pairs(names: Sequence[str], count: int) -> list[ScoredPair]:
    """Labelled rows, an equal share of each source, human labels and no teacher."""
    rng = np.random.default_rng(SEED)
    picked: list[LabelledRow] = []
    for place, name in enumerate(names):
        found = [row for row in load_rows(name, "train") if row.label is not None]
        share = (count - len(picked)) // (len(names) - place)
        picked += [found[index] for index in rng.permutation(len(found))[:share]]
    return [
        ScoredPair(
            id=row.id,
            prompt=row.prompt,
            response=row.response,
            kind="labelled",
            label=row.label,
            category=row.category,
            source=row.source,
            score=None,
            log_odds=None,
        )
        for row in picked
    ]


def ours(task: Task) -> tuple[int, float, float]:
    """Train by `harmaug.distill`, without its validations, as the others are."""
    with tempfile.TemporaryDirectory() as folder:
        cpu = time.process_time()
        done = train(replace(task, validation=np.arange(0)), Checkpoint(Path(folder), ""), Quiet())
        return done.tokens, done.seconds, time.process_time() - cpu


def trainer(task: Task, *, grouped: bool) -> tuple[int, float, float]:
    """Train by `transformers.Trainer` with its defaults and the same optimisation."""
    collate = _Collate(task, pad_to=None if grouped else _window(task))
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            max_steps=task.schedule.steps,
            per_device_train_batch_size=task.schedule.batch_size,
            learning_rate=task.config.learning_rate,
            weight_decay=task.config.weight_decay,
            warmup_steps=task.config.warmup_steps,
            max_grad_norm=task.config.max_grad_norm,
            bf16=task.compute.bfloat16,
            use_cpu=task.compute.device.type == "cpu",
            train_sampling_strategy="group_by_length" if grouped else "random",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            logging_strategy="no",
            seed=SEED,
        )
        made = Trainer(
            model=task.student.model,
            args=arguments,
            train_dataset=_features(task),
            data_collator=collate,
        )
        start, cpu = time.monotonic(), time.process_time()
        made.train()
        return collate.tokens, time.monotonic() - start, time.process_time() - cpu


class _Collate:
    """Pads to the longest row, or to `pad_to`, and counts the real tokens that pass."""

    def __init__(self, task: Task, pad_to: int | None) -> None:
        self.student = task.student
        self.pad_to = pad_to
        self.tokens = 0

    def __call__(self, features: Sequence[Feature]) -> dict[str, Tensor]:
        rows = [{k: v for k, v in feature.items() if k != "labels"} for feature in features]
        batch = self.student.tokenizer.pad(
            rows,
            padding="max_length" if self.pad_to else "longest",
            max_length=self.pad_to,
            return_tensors="pt",
        )
        self.tokens += int(batch["attention_mask"].sum())
        return {**batch, "labels": torch.tensor([feature["labels"][0] for feature in features])}


def _features(task: Task) -> list[Feature]:
    examples = task.examples
    features = []
    for row in task.schedule.rows:
        span = slice(examples.starts[row], examples.starts[row + 1])
        feature: Feature = {
            "input_ids": examples.tokens[span].tolist(),
            "attention_mask": [1] * int(examples.lengths[row]),
            "labels": [int(examples.label[row])],
        }
        if task.student.token_types:
            feature["token_type_ids"] = examples.types[span].tolist()
        features.append(feature)
    return features


def _window(task: Task) -> int:
    return task.student.window(task.config.max_length)


def auprc(task: Task) -> float:
    """Score the held-out rows with the trained student, the same way for everybody."""
    log_odds = log_odds_of_rows(task.student, task.examples, task.validation, task.compute, 4096)
    return float(average_precision_score(task.examples.label[task.validation], log_odds.numpy()))


def report(outcomes: Sequence[Outcome], task: Task, path: Path | None) -> None:
    """Print the table, and write it as JSON."""
    lengths = task.examples.lengths
    setting = {
        "rows": len(task.schedule.rows),
        "validation_rows": len(task.validation),
        "mean_tokens": round(float(lengths.mean()), 1),
        "max_length": _window(task),
        "batch_size": task.schedule.batch_size,
        "steps": task.schedule.steps,
        "student": task.config.student,
        "compute": task.compute.name,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "machine": platform.machine(),
    }
    print(", ".join(f"{key} {value}" for key, value in setting.items()))
    print(f"{'':10}{'tokens/s':>10}{'per CPU s':>11}{'AUPRC':>8}{'ours is':>10}{'by CPU':>9}")
    first = outcomes[0]
    for o in outcomes:
        times, cpu_times = first.rate / o.rate, first.cpu_rate / o.cpu_rate
        print(
            f"{o.name:10}{o.rate:10.0f}{o.cpu_rate:11.0f}{o.auprc:8.3f}"
            f"{times:9.2f}x{cpu_times:8.2f}x"
        )
    if path:
        figures = [
            {**asdict(o), "tokens_per_second": o.rate, "tokens_per_cpu_second": o.cpu_rate}
            for o in outcomes
        ]
        path.write_text(json.dumps({"setting": setting, "outcomes": figures}, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--steps", type=int, default=90, help="batches of 32 rows, each training")
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--student", default="embedded-encoder")
    parser.add_argument("--json", type=Path, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
