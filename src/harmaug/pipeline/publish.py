"""What a run leaves to be taken away: the student's folder and the synthetic data set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from harmaug.augment.exemplars import row_seed
from harmaug.evaluate.results import Results
from harmaug.pipeline.context import Context
from harmaug.pipeline.generation import Generation
from harmaug.pipeline.students import Student
from harmaug.report.markdown import evaluation_markdown
from harmaug.rows import Instruction, ScoredPair
from harmaug.runs.fingerprint import fingerprint
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import PartFolder, disk_error

STUDENT, SYNTHETIC = "student", "synthetic"


@dataclass(frozen=True, slots=True)
class SyntheticRow:
    """A row of the published synthetic set, with where it comes from.

    `label` is the teacher's at tau, null where it gave no answer. Seeds are unsigned 64-bit
    integers written as text.
    """

    id: str
    prompt: str
    response: str | None
    response_kind: str
    label: int | None
    teacher_score: float | None
    teacher_log_odds: float | None
    exemplar_ids: tuple[str, ...]
    attack: str
    generator: str
    generator_seed: str
    responder: str | None
    responder_seed: str | None
    teacher: str


def publish_student(folder: RunFolder, student: Student, results: Results) -> None:
    """Give the student's folder its place, hard-linked where the disk can; its card gets figures.

    The run's benchmarks go into the model card, since a guard without figures is hard to judge.
    """
    figures = evaluation_markdown(results.evaluation)

    def fill(building: Path) -> None:
        shutil.copytree(student.result.folder, building, copy_function=_link)
        card = building / "README.md"
        text = card.read_text(encoding="utf-8").rstrip()
        card.write_text(f"{text}\n\n## Benchmarks\n\n{figures}\n", encoding="utf-8")

    _replace_folder(folder, STUDENT, fingerprint(student.name, figures), fill)


def publish_synthetic(
    context: Context, generation: Generation, scored: PartFolder[ScoredPair], results: Results
) -> None:
    """Write the synthetic set as Parquet with a data card."""

    def fill(building: Path) -> None:
        table = PartFolder(building / "data", SyntheticRow)
        kept = {row.id: row for row in generation.kept}
        for part in range(len(scored)):
            table.write(part, list(_rows(context, kept, scored.read(part))))
        (building / "README.md").write_text(data_card(context, results), encoding="utf-8")

    name = fingerprint(scored.path.name, context.config.label.tau)
    _replace_folder(context.folder, SYNTHETIC, name, fill)


def data_card(context: Context, results: Results) -> str:
    """Return the data card of the synthetic set."""
    text = files("harmaug.pipeline").joinpath("synthetic_card.md").read_text(encoding="utf-8")
    facts, config = results.generation, context.config
    kinds = (
        f"| {kind.kind} | {kind.n} | {kind.flagged} | {kind.missing} |" for kind in facts.kinds
    )
    drops = (f"| {reason} | {count} |" for reason, count in facts.drops.items())
    return Template(text).substitute(
        name=config.name,
        instructions=facts.kept,
        drawn=facts.drawn,
        kinds="\n".join(kinds),
        drops="\n".join(drops) or "| none | 0 |",
        generator=facts.llm,
        attack=facts.attack,
        prefix=facts.prefix,
        template=facts.template,
        teacher=config.label.teacher.model,
        tau=config.label.tau,
        train=", ".join(config.data.train),
        revision=results.data.revision,
        seed=config.seed,
        version=results.evaluation.environment.package,
    )


def _rows(
    context: Context, kept: dict[str, Instruction], pairs: list[ScoredPair]
) -> Iterator[SyntheticRow]:
    config = context.config
    roles = {"refusal": config.respond.refusal, "harmful": config.respond.harmful}
    for pair in pairs:
        instruction = kept[pair.instruction]
        role = roles.get(pair.kind)
        seed = row_seed(config.seed, "respond", instruction.index, pair.kind)
        yield SyntheticRow(
            id=pair.id,
            prompt=pair.prompt,
            response=pair.response,
            response_kind=pair.kind,
            label=None if pair.score is None else int(pair.score > config.label.tau),
            teacher_score=pair.score,
            teacher_log_odds=pair.log_odds,
            exemplar_ids=instruction.exemplar_ids,
            attack=config.generate.attack,
            generator=config.generate.llm.model or config.generate.llm.backend,
            generator_seed=str(row_seed(config.seed, "generate", instruction.index)),
            responder=None if role is None else role.llm.model or role.llm.backend,
            responder_seed=None if role is None else str(seed),
            teacher=config.label.teacher.model,
        )


def _replace_folder(
    folder: RunFolder, name: str, content: str, fill: Callable[[Path], None]
) -> None:
    """Put a whole folder in place of the last one, unless it is the same.

    A kill between taking the old one away and putting the new one there leaves none, and the
    next run puts it there.
    """
    place = folder.root / name
    recorded = folder.recorded(name)
    if place.is_dir() and recorded is not None and recorded.get("fingerprint") == content:
        return
    building, old = folder.root / f".{name}.building", folder.root / f".{name}.old"
    try:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        fill(building)
        if place.exists():
            place.rename(old)
        building.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise disk_error(place, error) from None
    folder.record(name, {"fingerprint": content})


def _link(source: str, target: str) -> None:
    """Hard-link a file; copy it where links do not reach, and what is meant to be edited.

    A card and settings are written in place, and the stage's own must not change with them.
    """
    if source.endswith((".md", ".json")):
        shutil.copy2(source, target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
