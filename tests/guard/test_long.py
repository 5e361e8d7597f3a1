"""Long inputs: what is harmful is found wherever it stands, and length alone flags nothing."""

from __future__ import annotations

import pytest
from tests.guard.conftest import HARMFUL, HARMLESS, harmless_text

from harmaug.guard import Guard


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
