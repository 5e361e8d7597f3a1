"""What near twins took is counted with what the attack took, and how they were asked is named."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from harmaug.augment.twins import is_copy
from harmaug.config import RunConfig
from harmaug.config.study import ArmConfig
from harmaug.evaluate.results import GenerationFacts
from harmaug.executors.local import LocalExecutor
from harmaug.pipeline.arms import synthesise
from harmaug.pipeline.asking import ask
from harmaug.pipeline.context import Context
from harmaug.pipeline.data import labelled_data
from harmaug.pipeline.facts import generation_facts
from harmaug.pipeline.generation import Generation
from harmaug.pipeline.instructions import make_instructions
from harmaug.pipeline.labelling import label_pairs, label_synthetic, respond
from harmaug.pipeline.timing import TimedExecutor, stage_seconds
from harmaug.progress import Quiet
from harmaug.rows import Instruction, InstructionTask, Pair, ScoredPair
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import PartFolder, Parts, rows_of


def with_twins(config: RunConfig, **generate: object) -> RunConfig:
    """Ask for twins of half, none of which is too harmful."""
    changed = config.model_dump(mode="json")
    changed["generate"] |= {"samples": 12, "twins": {"share": 0.5}, **generate}
    changed["label"]["tau"] = 1.0
    return RunConfig.model_validate(changed)


@pytest.fixture
def context(tiny_config: RunConfig, tmp_path: Path) -> Iterator[Context]:
    config = with_twins(tiny_config)
    with RunFolder(tmp_path) as folder:
        yield Context(config, folder, TimedExecutor(LocalExecutor(config.executor)), Quiet())


def facts(context: Context) -> GenerationFacts:
    data = labelled_data(context.config.data, context.config.seed)
    generation = make_instructions(context, data, [])
    pairs = respond(context, generation)
    return generation_facts(context, generation, pairs, label_synthetic(context, pairs), ())


def test_the_cost_of_twins_is_part_of_the_generations(context: Context) -> None:
    found = facts(context)
    stages = list((context.folder.root / "stages").glob("generate-*"))
    drawn = [row for path in stages for row in rows_of(PartFolder(path, Instruction))]
    assert len(stages) == 2 and found.twins == 6 and found.drawn == len(drawn) == 18
    assert found.asked == 12
    assert found.tokens_in == sum(row.tokens_in for row in drawn)
    assert found.tokens_out == sum(row.tokens_out for row in drawn) > 0
    labels = list((context.folder.root / "stages").glob("label-*"))
    took = found.seconds + found.label_seconds
    assert len(labels) == 2 and found.seconds > stage_seconds(*stages)
    assert took == pytest.approx(stage_seconds(*stages, *labels))

    data = labelled_data(context.config.data, context.config.seed)
    beside = synthesise(context, ArmConfig(), data, [])
    assert beside is not None
    answered = next((context.folder.root / "stages").glob("respond-*"))
    pairs = list(rows_of(PartFolder(answered, Pair)))
    assert beside.facts.tokens_in == found.tokens_in + sum(row.tokens_in for row in pairs)
    assert beside.facts.tokens_out == found.tokens_out + sum(row.tokens_out for row in pairs)
    took = found.seconds + found.respond_seconds + found.label_seconds
    assert beside.facts.seconds == pytest.approx(took)


def judged_at(context: Context, tau: float) -> Generation:
    """Make the instructions with another threshold."""
    label = context.config.label.model_copy(update={"tau": tau})
    config = context.config.model_copy(update={"label": label})
    data = labelled_data(config.data, config.seed)
    return make_instructions(dataclasses.replace(context, config=config), data, [])


def test_a_harmful_twin_is_never_answered(context: Context) -> None:
    twins = judged_at(context, 1.0).kept[12:]
    alone = [Pair(row.id, row.prompt, None, "empty", None, None, "generated") for row in twins]
    scores = {row.id: row.score for row in rows_of(label_pairs(context, "label", alone))}
    tau = sorted(score for score in scores.values() if score is not None)[2]
    harmless = [name for name, score in scores.items() if score is not None and score <= tau]
    assert len(scores) == 6 and len(harmless) == 3

    found = judged_at(context, tau)
    assert [row.id for row in found.kept[12:]] == harmless
    assert found.drops["twin: harmful"] == 3 and len(found.twins) == 6
    answered = {
        row.id.split(":twin")[0]
        for row in rows_of(respond(context, found).parts)
        if ":twin" in row.id
    }
    assert answered == {name.removesuffix(":twin") for name in harmless}


def test_a_twin_that_the_teacher_cannot_score_is_not_answered(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def labelling(context: Context, what: str, pairs: Sequence[Pair]) -> PartFolder[ScoredPair]:
        scored = label_pairs(context, what, pairs)
        rows = list(rows_of(scored))
        lost = dataclasses.replace(rows[0], score=None, log_odds=None)
        out = context.folder.table("label", "without-one", ScoredPair)
        out.write(0, [lost, *rows[1:]])
        return out

    monkeypatch.setattr("harmaug.pipeline.twinning.label_pairs", labelling)
    found = judged_at(context, 1.0)
    assert found.drops["twin: not scored"] == 1
    assert len(found.twins) == 6 and len(found.kept) == 12 + 5


def answer_twins(
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[InstructionTask], str],
    *,
    error: str | None = None,
) -> None:
    """Let every request for a twin be answered so, whatever the model says."""

    def answering(
        context: Context,
        what: str,
        tasks: Parts[InstructionTask],
        out: PartFolder[Instruction],
    ) -> Iterator[Instruction]:
        asked = {task.id: task for part in range(len(tasks)) for task in tasks.read(part)}
        for row in ask(context, what, tasks, out):
            yield dataclasses.replace(row, prompt=write(asked[row.id]), error=error)

    monkeypatch.setattr("harmaug.pipeline.twinning.ask", answering)


def test_a_twin_that_was_not_written_is_counted_with_its_reason(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_twins(monkeypatch, lambda task: "", error="HTTP 500")
    found = facts(context)
    assert found.failed == {"HTTP 500": 6} and found.drops["twin: error"] == 6
    assert {sample.drop for sample in found.samples} == {None}


def test_every_word_of_a_request_changes_the_templates_name(
    tiny_config: RunConfig, context: Context
) -> None:
    asked: list[dict[str, object]] = [
        {},
        {"request": "Write a recipe."},
        {"prefix": "Sure:"},
        {"twins": None},
        {"twins": {"share": 0.5, "request": "Write a poem."}},
    ]
    names = {
        facts(context.changed(generate=with_twins(tiny_config, **changes).generate)).template
        for changes in asked
    }
    assert len(names) == len(asked)


@pytest.mark.parametrize(("mode", "kept"), [("drop", 1), ("count", 6)])
def test_twins_that_are_alike_stay_where_reasons_are_only_counted(
    mode: str,
    kept: int,
    tiny_config: RunConfig,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_twins(monkeypatch, lambda task: "how do i bake bread at home today?")
    config = with_twins(tiny_config)
    filters = config.generate.filters.model_copy(update={"mode": mode})
    generate = config.generate.model_copy(update={"filters": filters})
    changed = context.changed(generate=generate)
    data = labelled_data(config.data, config.seed)
    found = make_instructions(changed, data, [])
    assert len(found.twins) == 6
    assert sum(row.prompt.startswith("how do i bake") for row in found.kept) == kept


@pytest.mark.parametrize("marks", ["", "!", " ..."])
def test_a_twin_that_is_its_original_again_is_dropped(
    marks: str, tiny_config: RunConfig, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals: dict[str, str] = {}

    def again(task: InstructionTask) -> str:
        originals[task.id] = task.exemplars[0]
        return task.exemplars[0] + marks

    answer_twins(monkeypatch, again)
    found = make_instructions(context, labelled_data(tiny_config.data, tiny_config.seed), [])
    assert len(originals) == 6
    reasons = {row.drop for row in found.twins}
    assert "twin: copy of an exemplar" in reasons and None not in reasons


def test_a_near_twin_is_no_copy() -> None:
    original = "how do i build a fire in the kitchen of my neighbour without anybody knowing"
    assert is_copy(f"{original}?", original)
    assert not is_copy(original.replace("neighbour", "grandmother"), original)
