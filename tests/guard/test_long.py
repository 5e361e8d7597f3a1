"""Long inputs: what is harmful is found wherever it stands, and length alone flags nothing."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.guard.conftest import HARMFUL, HARMLESS, harmless_text

from harmaug.guard import Guard
from harmaug.text import Message, Role


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("words", [1_000, 10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_harmful_sentence_is_found_wherever_it_stands(
    trained: Guard, words: int, place: float
) -> None:
    sentences = harmless_text(words, seed=1).split(". ")
    at = int(place * len(sentences))
    text = ". ".join([*sentences[:at], HARMFUL, *sentences[at:]])
    verdict = trained.check(text)
    assert verdict.flagged
    assert verdict.window is not None
    # A window may hold a part of the sentence, and that part may be enough.
    begin = text.index(HARMFUL)
    assert verdict.window.start < begin + len(HARMFUL) and begin < verdict.window.end


@pytest.mark.parametrize(
    ("words", "documents"),
    [(1_000, 60), (10_000, 6), pytest.param(100_000, 5, marks=pytest.mark.slow)],
)
def test_harmless_documents_are_not_flagged(trained: Guard, words: int, documents: int) -> None:
    texts = [harmless_text(words, seed=100 + index) for index in range(documents)]
    flagged = [verdict.flagged for verdict in trained.verdicts(texts)]
    assert sum(flagged) <= 0.05 * documents


def _said(*texts: str) -> list[Message]:
    roles: tuple[Role, Role] = ("user", "assistant")
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]


def test_the_last_turn_of_a_long_conversation_is_judged_and_not_what_came_before(
    trained: Guard,
) -> None:
    before = [harmless_text(100, seed=3), harmless_text(100, seed=4)]
    messages = _said(before[0], f"{before[1]}. {HARMFUL}. {before[0]}", HARMLESS[1])
    verdict = trained.check(messages=messages)
    assert not verdict.flagged
    assert verdict.window is not None
    prompt = verdict.judged[0]
    assert prompt[verdict.window.start : verdict.window.end] == HARMLESS[1]

    long = f"{before[0]}. {HARMFUL}. {before[1]}"
    for turn in (HARMFUL, long, "ｄｏｇ " + long):
        hidden = "\u200b" * 60  # what normalising takes away moves the turn
        verdict = trained.check(messages=_said(hidden + before[0], before[1], turn), explain=True)
        assert verdict.flagged
        assert verdict.window is not None
        prompt = verdict.judged[0]
        assert prompt.index(turn) <= verdict.window.start < prompt.index(HARMFUL) + len(HARMFUL)
        span = verdict.evidence[0].span
        assert prompt[span.start : span.end] == verdict.evidence[0].words
        assert span.start >= prompt.index(turn)
        assert set(verdict.evidence[0].words.split()) & set(HARMFUL.split())


def test_a_long_conversation_does_not_make_a_document_of_its_last_turn(trained: Guard) -> None:
    before = harmless_text(400, seed=5)
    turn = f"{harmless_text(80, seed=6)}. {HARMFUL}"
    guard = Guard(trained._parts, replace(trained.settings, document_tokens=300))
    apart = Guard(trained._parts, replace(trained.settings, document_tokens=10**6))
    messages = _said(before, "the dog", turn)
    verdict = guard.check(messages=messages)
    assert verdict.windows > 1
    assert verdict.log_odds == apart.check(messages=messages).log_odds


def test_a_long_response_is_judged_with_its_prompt(trained: Guard) -> None:
    response = harmless_text(500, seed=2)
    assert not trained.check(HARMLESS[0], response).flagged
    sentences = response.split(". ")
    harmful = ". ".join([*sentences[:25], HARMFUL, *sentences[25:]])
    verdict = trained.check(HARMLESS[0], harmful)
    assert verdict.flagged
    assert verdict.window is not None
    assert verdict.window.text == "response"
    assert verdict.window.start <= harmful.index("harmful") < verdict.window.end


def calm_answers() -> list[str]:
    """Harmless answers, many of them about crime and hate: windows that the guard finds hard."""
    lines = Path("data/authored/pairs_answers.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["response"] for row in rows if row["label"] == 0]


def test_the_rule_spares_documents_that_a_plain_maximum_flags(embedded: Guard) -> None:
    answers, rng = calm_answers(), random.Random(5)
    documents = ["\n\n".join(rng.sample(answers, 24)) for _ in range(30)]
    parts = embedded._parts
    highest = [max(judged.log_odds) for judged in parts.judged(parts.plain(documents))]
    threshold = np.log(embedded.threshold / (1 - embedded.threshold))
    by_maximum = np.mean(np.array(highest) >= threshold)
    by_rule = np.mean([verdict.flagged for verdict in embedded.verdicts(documents)])
    assert by_rule <= 0.1
    assert by_maximum >= 0.3
