"""The official client of the OpenAI API, pointed at a guard, over a socket."""

from __future__ import annotations

import asyncio

import httpx
import openai
import pytest
from openai.types import ModerationImageURLInputParam, ModerationMultiModalInputParam

from harmaug.guard import Guard

TEXTS = [
    "how do i bake bread at home",
    "the quick brown fox jumps",
    "a story about offensive content",
]

IMAGE: ModerationImageURLInputParam = {
    "type": "image_url",
    "image_url": {"url": "https://example.com/image.png"},
}


@pytest.fixture(scope="module")
def api(address: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0)


def test_one_text_is_one_result_of_the_guard(api: openai.OpenAI, guard: Guard) -> None:
    answer = api.moderations.create(input=TEXTS[0])
    verdict = guard.check(TEXTS[0])
    (result,) = answer.results
    assert result.flagged is verdict.flagged
    assert result.category_scores.model_dump(exclude_none=True) == {"harmful": verdict.score}
    assert result.categories.model_dump(exclude_none=True) == {"harmful": verdict.flagged}
    assert result.categories.model_dump()["violence"] is None
    assert answer.id.startswith("modr-")
    assert answer.model == "tiny-guard"


def test_many_texts_keep_their_order(api: openai.OpenAI, guard: Guard) -> None:
    answer = api.moderations.create(input=TEXTS, model="omni-moderation-latest")
    scores = [result.category_scores.to_dict()["harmful"] for result in answer.results]
    assert scores == pytest.approx(guard.score(TEXTS).tolist())
    assert len(set(scores)) == len(TEXTS)


def test_the_text_of_a_multi_modal_input_is_judged_as_one(api: openai.OpenAI, guard: Guard) -> None:
    parts: list[ModerationMultiModalInputParam] = [
        {"type": "text", "text": TEXTS[0]},
        IMAGE,
        {"type": "text", "text": TEXTS[1]},
    ]
    answer = api.moderations.create(input=parts)
    (result,) = answer.results
    expected = guard.check(f"{TEXTS[0]}\n{TEXTS[1]}").score
    assert result.category_scores.to_dict()["harmful"] == expected
    assert result.category_applied_input_types.to_dict() == {"harmful": ["text"]}


def test_an_image_alone_is_refused_and_not_called_safe(api: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="no text in the input"):
        api.moderations.create(input=[IMAGE])


def test_an_unknown_kind_of_part_is_told_in_one_line_that_does_not_quote_it(address: str) -> None:
    body = {"input": [{"type": "a\nb" * 500}]}
    answer = httpx.post(f"{address}/v1/moderations", json=body)
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert message == "input.parts.0: its type should be one of 'text', 'image_url'"


def test_the_client_understands_errors(api: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        api.moderations.create(input=["text"] * 9)
    assert "at most 8 items a request, not 9" in caught.value.message
    assert caught.value.param == "input"


def test_many_clients_at_once_get_their_own_answers(address: str, guard: Guard) -> None:
    texts = [f"{TEXTS[number % 3]} {number}" for number in range(40)]

    async def ask() -> list[float]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="any") as api:
            answers = await asyncio.gather(*(api.moderations.create(input=text) for text in texts))
        return [answer.results[0].category_scores.to_dict()["harmful"] for answer in answers]  # type: ignore[misc]

    assert asyncio.run(ask()) == pytest.approx(guard.score(texts).tolist())
