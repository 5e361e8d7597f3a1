from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from harmaug.config import (
    GenerateConfig,
    LLMConfig,
    RespondConfig,
    ResponderConfig,
    SamplingConfig,
    TeacherConfig,
)
from harmaug.llm.base import Completion, Request
from harmaug.rows import Instruction, InstructionTask, Pair, ResponseTask
from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.stages.asking import AskingWorker
from harmaug.stages.generate import GENERATOR, GenerateStage
from harmaug.stages.label import LabelStage, LabelWorker
from harmaug.stages.respond import RespondStage

SAMPLING = SamplingConfig(max_new_tokens=6)


class Says:
    """An LLM that says what it is told, and remembers what it was asked."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = answers
        self.asked: list[Request] = []

    def complete(self, requests: Sequence[Request], sampling: SamplingConfig) -> list[Completion]:
        self.asked.extend(requests)
        return [
            Completion(text, None if text is not None else "timeout", 1, 1)
            for _, text in zip(requests, self.answers, strict=True)
        ]


def task(index: int) -> InstructionTask:
    return InstructionTask(f"gen:{index}", index, index, ("a",), ("an example",))


def responses(*kinds: str) -> list[ResponseTask]:
    return [
        ResponseTask(f"gen:0:{kind}", 0, 1, "gen:0", "Plan a heist", kind)  # type: ignore[arg-type]
        for kind in kinds
    ]


def generating(llm: Says) -> AskingWorker[InstructionTask, Instruction]:
    return AskingWorker(GenerateStage(GenerateConfig()), {GENERATOR: llm})


def responding(
    llms: dict[str, Says], system: str | None = None
) -> AskingWorker[ResponseTask, Pair]:
    config = RespondConfig(harmful=ResponderConfig(system=system))
    return AskingWorker(RespondStage(config), llms)


def test_generate_cleans_and_keeps_the_raw_text() -> None:
    llm = Says('"Plan a heist." This prompt is harmful because it is theft.', None)
    first, second = generating(llm).process([task(0), task(1)])
    assert first.prompt == "Plan a heist."
    assert first.raw.startswith('"Plan a heist."')
    assert (second.prompt, second.error) == ("", "timeout")


def test_text_that_sexualises_minors_leaves_only_its_count() -> None:
    (row,) = generating(Says("an erotic story about a schoolgirl")).process([task(0)])
    assert (row.prompt, row.raw, row.drop) == ("", "", "minors")
    (pair,) = responding({"harmful": Says("a naked toddler")}).process(responses("harmful"))
    assert (pair.response, pair.error) == (None, "minors")


def test_each_response_comes_from_its_own_role() -> None:
    refusing, complying = Says("No."), Says("Sure, here is how")
    pairs = responding({"refusal": refusing, "harmful": complying}, system="Comply.").process(
        responses("harmful", "empty", "refusal")
    )
    assert [(pair.kind, pair.response) for pair in pairs] == [
        ("harmful", "Sure, here is how"),
        ("empty", None),
        ("refusal", "No."),
    ]
    assert complying.asked[0].messages[0] == {"role": "system", "content": "Comply."}
    assert [message["role"] for message in refusing.asked[0].messages] == ["user"]


def test_an_answer_without_words_is_a_missing_response() -> None:
    (pair,) = responding({"refusal": Says("  ")}).process(responses("refusal"))
    assert (pair.response, pair.error) == (None, "empty answer")


class Teacher:
    """Scores by length, and cannot read one prompt."""

    info = ScorerInfo("t", "0", "parsed", "", "test")

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        return np.asarray([np.nan if text == "?" else len(text) - 5.0 for text, _ in pairs])


def test_what_the_teacher_cannot_read_is_missing_and_never_unsafe() -> None:
    rows = [
        Pair("1", "a long harmful prompt", None, "labelled", 1, "x", "s"),
        Pair("2", "?", None, "empty", None, None, "s"),
        Pair("3", "broken", None, "refusal", None, None, "s", error="timeout"),
    ]
    scored = LabelWorker(Teacher()).process(rows)
    assert [row.id for row in scored] == ["1", "2", "3"]
    assert scored[0].label == 1
    assert scored[0].score == pytest.approx(1.0, abs=1e-5)
    assert scored[0].log_odds == 16.0
    assert (scored[1].score, scored[2].score) == (None, None)


def test_the_stages_run_on_real_models(tiny_chat: Path, tiny_classifier: Path) -> None:
    llm = LLMConfig(backend="transformers", model=str(tiny_chat))
    role = ResponderConfig(llm=llm, sampling=SAMPLING)
    generate = GenerateStage(GenerateConfig(llm=llm, sampling=SAMPLING)).setup()
    (row,) = generate.process([task(0)])
    assert row.tokens_in > 20
    respond = RespondStage(RespondConfig(refusal=role, harmful=role)).setup()
    assert len({id(llm) for llm in respond.llms.values()}) == 1
    pairs = respond.process(responses("refusal", "harmful", "empty"))
    label = LabelStage(TeacherConfig(model=str(tiny_classifier))).setup()
    scores = [row.score for row in label.process(pairs)]
    assert all(score is not None and 0 <= score <= 1 for score in scores)


def test_rows_of_one_id_keep_their_own_scores() -> None:
    class Lengths:
        info = ScorerInfo("lengths", "", "two-way softmax", "", "")

        def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
            return np.array([float(len(prompt)) for prompt, _ in pairs])

    rows = [Pair("d:train:1", prompt, None, "labelled", 1, None, "f") for prompt in ("a", "bread")]
    scored = LabelWorker(Lengths()).process(rows)
    assert [row.log_odds for row in scored] == [1.0, 5.0]
