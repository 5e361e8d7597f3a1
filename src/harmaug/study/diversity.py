"""The variety of what each arm of a study puts beside D: measured once, and found again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import TypeAdapter

from harmaug.config.study import StudyConfig
from harmaug.embedded import encoder_folder
from harmaug.embedding import embed
from harmaug.evaluate.diversity import diversity
from harmaug.evaluate.variety import Diversity
from harmaug.pipeline.data import labelled_data
from harmaug.progress import Progress
from harmaug.rows import LabelledRow
from harmaug.runs.fingerprint import fingerprint, model_fingerprint
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import write_text
from harmaug.study.config import arm_config
from harmaug.study.outcome import PROMPTS
from harmaug.study.results import Measured, Outcome

LEAST = 8
"""Fewer prompts than this are not measured: no map and no cluster can be made of them."""

_ADAPTER = TypeAdapter(Diversity)


def measure_diversity(
    study: StudyConfig,
    outcomes: Sequence[Outcome],
    benchmarks: Mapping[str, list[LabelledRow]],
    folder: RunFolder,
    progress: Progress,
) -> tuple[Measured, ...]:
    """Measure every arm that puts something beside D, where the study asks for it.

    Raises:
        ModelError: when the encoder cannot be loaded.
    """
    config = study.diversity
    if config is None:
        return ()
    weights = model_fingerprint(encoder_folder(config.encoder), None)
    embedded = cache(lambda texts: embed(texts, config.encoder))
    measured = []
    for outcome in outcomes:
        stage = folder.root / "stages" / outcome.stage
        prompts = tuple(json.loads((stage / PROMPTS).read_text(encoding="utf-8")))
        if len(prompts) < LEAST:
            continue
        dots = config.dots if outcome.seed == study.seeds[0] else 0
        name = fingerprint(weights, outcome.stage, dots)
        path = folder.stage_path("diversity", name) / "diversity.json"
        if not path.is_file():
            progress.begin(f"diversity of {outcome.arm} {outcome.seed}", None)
            data = _prompts_of_data(study, outcome)
            harmful = {
                benchmark: embedded(tuple(row.prompt for row in rows if row.label == 1))
                for benchmark, rows in benchmarks.items()
            }
            found = diversity(
                config.encoder,
                (data, embedded(data)),
                (prompts, embedded(prompts)),
                harmful,
                seed=outcome.seed,
                dots=dots,
            )
            write_text(path, _ADAPTER.dump_json(found).decode("utf-8"))
            progress.end()
        found = _ADAPTER.validate_json(path.read_bytes())
        measured.append(Measured(outcome.arm, outcome.seed, found))
    return tuple(measured)


def _prompts_of_data(study: StudyConfig, outcome: Outcome) -> tuple[str, ...]:
    """Return the prompts of D as this arm and seed had it, each once."""
    rows = labelled_data(arm_config(study, outcome.arm, outcome.seed).data, outcome.seed)
    return tuple(dict.fromkeys(row.prompt for row in rows))
