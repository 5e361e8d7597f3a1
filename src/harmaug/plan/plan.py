"""The plan of a run: every stage on a machine, what they come to, and what was assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from harmaug.config import RunConfig
from harmaug.plan import judging, writing
from harmaug.plan.machines import Machine
from harmaug.plan.pilot import Pilot
from harmaug.plan.price import Stage, dtype_bytes, on
from harmaug.plan.reading import CHARACTERS_PER_TOKEN
from harmaug.plan.standins import Sample, benchmark_samples, training_sample
from harmaug.plan.work import Work
from harmaug.plan.writing import KEEP_SHARE
from harmaug.scoring import TextPair

CHARACTERS_IN_ROWS = 4
"""A text stands in the parts of its stage and of those after it: judged, answered, scored,
published."""

STUDENT_BYTES = 4 + 4 + 1
"""Per parameter of a finished student: checkpoint, ONNX, int8."""

CHECKPOINT_BYTES = 12 + 4
"""Per parameter while it trains: weights with AdamW's moments, and the best weights."""


@dataclass(frozen=True)
class Disk:
    """Bytes on disk: the run folder's rows, its students, and the models to be downloaded."""

    rows: int
    students: int
    models: int


@dataclass(frozen=True)
class Plan:
    """What a run would do and cost on a machine, and the assumptions under the figures."""

    name: str
    machine: str
    usd_per_hour: float
    machine_memory: int
    stages: tuple[Stage, ...]
    disk: Disk
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def flops(self) -> float:
        """FLOPs of all stages."""
        return sum(stage.flops for stage in self.stages)

    @property
    def seconds(self) -> float:
        """Time of all stages, one after the other."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def usd(self) -> float:
        """Price of that time."""
        return sum(stage.usd for stage in self.stages)

    def to_json(self) -> str:
        """Render as JSON."""
        return TypeAdapter(Plan).dump_json(self, indent=2).decode("utf-8")


def make_plan(config: RunConfig, machine: Machine, pilot: Pilot | None = None) -> Plan:
    """Plan a run on a machine, without weights, without network.

    What LLMs will write is as long as in the pilot, a small run of the same models.

    Raises:
        ConfigError: a setting that names no model.
        DataError: a data set that is neither here nor known by its size.
        ModelError: a model whose configuration cannot be had.
    """
    data, benchmarks = training_sample(config.data), benchmark_samples(config.evaluate)
    found, pairs = _work(config, data, benchmarks, pilot)
    planned = tuple(on(machine, work, config.distill.micro_batch_tokens) for work in found)
    return Plan(
        name=config.name,
        machine=machine.name,
        usd_per_hour=machine.usd_per_hour,
        machine_memory=round(machine.memory),
        stages=planned,
        disk=_disk(config, machine, found, pairs),
        assumptions=tuple(_assumptions(config, [data, *benchmarks], found, pilot)),
        warnings=tuple(_warnings(planned, machine)),
    )


def _work(
    config: RunConfig, data: Sample, benchmarks: Sequence[Sample], pilot: Pilot | None
) -> tuple[list[Work], list[TextPair]]:
    """Return the work of every stage in the pipeline's order, and the generated stand-ins."""
    found: list[Work] = []
    pairs: list[TextPair] = []
    written = 0
    teacher = config.label.teacher
    if config.generate.samples:
        generation, instructions = writing.generate(config, data, pilot)
        responses, pairs = writing.respond(config, data, pilot, instructions)
        found.append(generation)
        written = writing.kept(config, pilot) * len(pairs) // len(instructions)
        if twins := writing.twins(config):
            alone: list[TextPair] = [(instruction, None) for instruction in instructions]
            found += judging.label(teacher, "label twins", alone, twins)
        found += responses
    labelled = judging.as_pairs(data)
    found += judging.label(teacher, "label D", labelled, data.rows)
    if pairs:
        found += judging.label(teacher, "label synthetic", pairs, written)
    student = judging.student(config)
    own = (labelled, data.rows)
    if config.baseline:
        found.append(judging.distil(config, "plain", student, [own]))
    chosen = round(written * _chosen(config))
    found.append(judging.distil(config, "harmaug", student, [own, (pairs, chosen)]))
    for guard in _guards(config):
        if guard == "teacher":
            found += _teacher_on(config, benchmarks)
        else:
            work = judging.evaluate(config, f"evaluate {guard}", student, benchmarks)
            found += [] if work is None else [work]
    return found, pairs


def _chosen(config: RunConfig) -> float:
    """Return the share of what is generated that `select` leaves to train."""
    respond = config.respond
    made = {"refusal": respond.refusal, "harmful": respond.harmful, "empty": respond.empty or None}
    kinds = [kind for kind, role in made.items() if role is not None]
    share = sum(kind in config.select.kinds for kind in kinds) / max(len(kinds), 1)
    most = config.select.instructions
    return share if most is None else share * min(1.0, most / max(config.generate.samples, 1))


def _guards(config: RunConfig) -> list[str]:
    plain = ["plain"] if config.baseline else []
    return ["teacher", *plain, "harmaug", *(["harmaug-fp32"] if config.distill.quantise else [])]


def _teacher_on(config: RunConfig, benchmarks: Sequence[Sample]) -> list[Work]:
    return [
        work
        for sample in benchmarks
        for work in judging.label(
            config.label.teacher,
            f"evaluate teacher on {sample.name}",
            judging.as_pairs(sample),
            sample.rows,
        )
    ]


def _disk(
    config: RunConfig, machine: Machine, found: Sequence[Work], pairs: Sequence[TextPair]
) -> Disk:
    length = sum(len(prompt) + len(answer or "") for prompt, answer in pairs) / max(len(pairs), 1)
    written = max((work.rows for work in found if work.stage == "label synthetic"), default=0)
    student = next(work.model for work in found if work.kind == "train").arithmetic.parameters
    models = {
        work.model.reference: work.model.arithmetic.parameters * dtype_bytes(work.dtype, machine)
        for work in found
    }
    arms = 2 if config.baseline else 1
    return Disk(
        rows=round(written * length * CHARACTERS_IN_ROWS),
        students=student * (STUDENT_BYTES * arms + CHECKPOINT_BYTES),
        models=sum(models.values()),
    )


def _assumptions(
    config: RunConfig, samples: Sequence[Sample], found: Sequence[Work], pilot: Pilot | None
) -> list[str]:
    said = [sample.assumed for sample in samples if sample.assumed is not None]
    if config.generate.samples:
        said += (
            _about_writing(config, samples[0])
            if pilot is None
            else ["LLMs write texts as long as in the pilot, and the filters keep the same share"]
        )
    untold = {work.model.reference for work in found if work.model.reading.tokenizer is None}
    if untold:
        names = ", ".join(sorted(untold))
        said.append(
            f"{CHARACTERS_PER_TOKEN} characters a token where no tokenizer is here: {names}"
        )
    said += sorted(
        {
            f"{work.model.reference} writes {work.longest:.0f} tokens about a row, the most it may"
            for work in found
            if work.kind == "write" and work.stage.startswith(("label", "evaluate"))
        }
    )
    said.append(
        "each stage alone on the machine; loading models, cost profile and export not counted"
    )
    return said


def _about_writing(config: RunConfig, data: Sample) -> list[str]:
    said = ["an LLM writes instructions as long as the harmful prompts of D"]
    if any(row.response for row in data.looked_at):
        said.append("and responses as long as those of D, at most max_new_tokens")
    else:
        said.append("D has no responses: every response is max_new_tokens long")
    if config.generate.filters.mode == "drop":
        said.append(f"the filters keep {KEEP_SHARE:.0%} of what is drawn")
    return said


def _warnings(planned: Sequence[Stage], machine: Machine) -> list[str]:
    said = []
    for stage in planned:
        needed = stage.weight_bytes + stage.cache_bytes
        if needed > machine.memory:
            said.append(
                f"{stage.stage} needs {needed / 1e9:.0f} GB, {machine.name} has "
                f"{machine.memory / 1e9:.0f}: lower its batch size or take a larger machine"
            )
    responders = [stage for stage in planned if stage.stage.startswith("respond")]
    together = sum({stage.model: stage.weight_bytes for stage in responders}.values())
    most = max((stage.cache_bytes for stage in responders), default=0)
    if len({stage.model for stage in responders}) > 1 and together + most > machine.memory:
        said.append(
            f"both responders are held at once: {(together + most) / 1e9:.0f} GB; put one "
            "behind a server (backend: openai)"
        )
    return said
