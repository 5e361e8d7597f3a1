"""One arm with one seed: trained and evaluated, or found again."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter
from safetensors import safe_open

from harmaug.augment.synonyms import uses_wordnet
from harmaug.config import RunConfig, to_yaml
from harmaug.config.study import ArmConfig
from harmaug.embedded import encoder_folder
from harmaug.evaluate.sources import GuardSource
from harmaug.pipeline.arms import Synthetic, synthesise
from harmaug.pipeline.context import (
    Context,
    Executor,
    llm_identity,
    rows_of_part,
    weights_of,
)
from harmaug.pipeline.data import labelled_data
from harmaug.pipeline.evaluation import Candidate, predictions
from harmaug.pipeline.labelling import label_data
from harmaug.pipeline.method import training_facts
from harmaug.pipeline.selection import choose
from harmaug.pipeline.students import train_student
from harmaug.progress import Prefixed, Progress
from harmaug.rows import LabelledRow, Prediction, ScoredPair
from harmaug.runs.fingerprint import fingerprint, model_fingerprint, rows_fingerprint
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import PartFolder, rows_of, write_text
from harmaug.sources.load import load_rows
from harmaug.study.ledger import Ledger
from harmaug.study.results import Outcome

FILE_NAME, PROMPTS = "outcome.json", "prompts.json"

_ADAPTER = TypeAdapter(Outcome)


class Arms:
    """Makes outcomes in one run folder.

    What stands beside D is remembered from one arm to the next: arms that train differently on
    the same rows ask for it one after the other.
    """

    def __init__(
        self,
        folder: RunFolder,
        executor: Executor,
        progress: Progress,
        benchmarks: Mapping[str, list[LabelledRow]],
        ledger: Ledger,
    ) -> None:
        self._folder = folder
        self._executor = executor
        self._progress = progress
        self._benchmarks = benchmarks
        self._ledger = ledger
        self._held_out = [row for rows in benchmarks.values() for row in rows]
        self._revisions = {name: rows_fingerprint(rows) for name, rows in benchmarks.items()}
        self._last: tuple[str, Synthetic | None] = ("", None)

    def outcome(self, name: str, arm: ArmConfig, config: RunConfig) -> Outcome:
        """Return what came of an arm, made now or found again."""
        data = labelled_data(config.data, config.seed)
        revision = rows_fingerprint(data)
        path = self._folder.stage_path("arm", self._identity(arm, config, revision)) / FILE_NAME
        found = _ADAPTER.validate_json(path.read_bytes()) if path.is_file() else None
        if found is not None and self._scored(found):
            facts = dataclasses.replace(found.training, guard=name)
            return dataclasses.replace(found, arm=name, training=facts)
        progress = Prefixed(self._progress, f"{name} {config.seed}:")
        context = Context(config, self._folder, self._executor, progress)
        synthetic = self._synthetic(context, arm, data, revision)
        labelled = list(rows_of(label_data(context, data)))
        beside: list[ScoredPair] = [] if synthetic is None else synthetic.rows
        if arm.method in {"harmaug", "prompts"}:
            beside = choose(context, labelled, beside)
        student = train_student(context, name, [*labelled, *beside])
        facts = training_facts(student)
        tables = self._predict(context, name, student.name, student.result.folder)
        outcome = Outcome(
            arm=name,
            seed=config.seed,
            config=to_yaml(config),
            rows=len(data),
            positives=sum(row.label == 1 for row in data),
            revision=revision,
            parameters=_parameters(student.result.folder),
            epochs=facts.steps * config.distill.batch_size / facts.training_rows,
            training=facts,
            synthetic=None if synthetic is None else synthetic.facts,
            predictions={benchmark: table.path.name for benchmark, table in tables.items()},
            stage=path.parent.name,
            student=student.result.folder.name,
        )
        who: dict[str, str | int] = {"arm": name, "seed": config.seed, "stage": outcome.stage}
        self._ledger.add(who, {at: list(rows_of(table)) for at, table in tables.items()})
        prompts = list(dict.fromkeys(row.prompt for row in beside))
        write_text(path.parent / PROMPTS, json.dumps(prompts, ensure_ascii=False, indent=0))
        write_text(path, _ADAPTER.dump_json(outcome, indent=1).decode("utf-8"))
        return outcome

    def _scored(self, found: Outcome) -> bool:
        """Say whether every benchmark's predictions are still there."""
        stages = self._folder.root / "stages"
        return all(any((stages / one).glob("part-*.parquet")) for one in found.predictions.values())

    def _predict(
        self, context: Context, name: str, student: str, folder: Path
    ) -> dict[str, PartFolder[Prediction]]:
        quantised = context.config.distill.quantise
        guard = Candidate(name, GuardSource.of_student(folder, quantised=quantised), student)
        load = cache(guard.source.load)
        return {
            benchmark: predictions(context, guard, load, benchmark, rows)
            for benchmark, rows in self._benchmarks.items()
        }

    def _synthetic(
        self, context: Context, arm: ArmConfig, data: list[LabelledRow], revision: str
    ) -> Synthetic | None:
        """Make what stands beside D, unless the arm before had the same."""
        key = fingerprint(_sources(arm, context.config), revision, context.config.seed)
        if key != self._last[0]:
            self._last = key, synthesise(context, arm, data, self._held_out)
        return self._last[1]

    def _identity(self, arm: ArmConfig, config: RunConfig, revision: str) -> str:
        """Name an arm by all that decides its scores."""
        student = encoder_folder(config.distill.student)
        return fingerprint(
            _sources(arm, config),
            config.select.model_dump(mode="json", exclude_none=True),
            _encoder(config.select.encoder) if config.select.by == "novelty" else None,
            config.distill.identity(),
            model_fingerprint(student, config.distill.revision),
            self._revisions,
            revision,
            config.seed,
        )


def _sources(arm: ArmConfig, config: RunConfig) -> dict[str, object]:
    """Return all that decides what stands beside D, but D itself and the seed."""
    teacher = config.label.teacher
    found: dict[str, object] = {
        "method": arm.method,
        "teacher": [teacher.identity(), weights_of(teacher)],
        "tau": config.label.tau,
        "part_rows": rows_of_part(config),
    }
    if arm.method == "eda":
        settings = arm.eda.model_dump(mode="json", exclude_none=True)
        if uses_wordnet(arm.eda):
            settings["synonyms"] = "wordnet"
        found |= {"eda": settings, "encoder": _encoder(arm.eda.encoder)}
    if arm.method in {"harmaug", "prompts"}:
        roles = [config.respond.refusal, config.respond.harmful]
        llms = [config.generate.llm, *(role.llm for role in roles if role is not None)]
        found |= {
            "generate": config.generate.model_dump(
                mode="json", exclude_none=True, exclude={"llm", "ablation"}
            ),
            "respond": config.respond.deciding().model_dump(mode="json", exclude_none=True),
            "llms": [llm_identity(llm) for llm in llms],
        }
        if config.generate.steer is not None:
            found |= {"encoder": _encoder(config.generate.steer.encoder)}
    if arm.prompts is not None:
        content = rows_fingerprint(load_rows(arm.prompts.file, "train"))
        found |= {
            "prompts": arm.prompts.model_dump(mode="json", exclude_none=True),
            "content": content,
        }
    return found


def _encoder(name: str) -> str:
    return model_fingerprint(encoder_folder(name), None)


def _parameters(folder: Path) -> int | None:
    """Count the parameters of a checkpoint from the shapes in its files; None where it has none."""
    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            total += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return total or None
