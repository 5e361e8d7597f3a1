"""Rows that have ended leave the batch, and nobody can tell by the texts."""

import pytest
import torch

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.embedded import embedded_model
from harmaug.llm.base import Completion, Request
from harmaug.llm.local import LocalLLM, load
from harmaug.text import Message

WORDS = ("bread", "a bicycle", "the moon", "a lock", "my neighbour", "an old letter")


def requests(count: int) -> list[Request]:
    asked: list[Message] = [
        {"role": "user", "content": f"Write something about {WORDS[number % 6]}."}
        for number in range(count)
    ]
    prefills = (None, "I have an idea for a prompt:")
    return [
        Request(f"r{number}", (message,), prefills[number % 2], seed=number)
        for number, message in enumerate(asked)
    ]


def answers(llm: LocalLLM, sampling: SamplingConfig) -> tuple[list[Completion], list[int]]:
    """Complete 24 requests in one batch; with the rows of every pass."""
    rows: list[int] = []

    def count(module: torch.nn.Module, given: tuple[()], named: dict[str, torch.Tensor]) -> None:
        rows.append(len(named["input_ids"]))

    counting = llm._model.register_forward_pre_hook(count, with_kwargs=True)
    found = llm.complete(requests(24), sampling)
    counting.remove()
    return found, rows


def model(backend: LLMConfig) -> LocalLLM:
    found = load(backend, None)
    assert isinstance(found, LocalLLM)
    return found


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_rows_that_have_ended_leave_the_batch_and_no_text_changes(temperature: float) -> None:
    sampling = SamplingConfig(temperature=temperature, top_k=3, max_new_tokens=40)
    thinned, rows = answers(model(LLMConfig(backend="embedded", batch_size=24)), sampling)
    plain = LLMConfig(
        backend="transformers", model=str(embedded_model("chat")), batch_size=24, dtype="float32"
    )
    whole, all_rows = answers(model(plain), sampling)
    assert thinned == whole
    assert len({row.text for row in whole}) > 4
    assert set(all_rows) == {24}
    assert rows[0] == 24 and sorted(rows, reverse=True) == rows and rows[-1] <= 19
    assert max(row.tokens_out for row in whole) <= 40


def test_a_prompt_of_several_passes_is_read_whole() -> None:
    sampling = SamplingConfig(temperature=0.0, max_new_tokens=12)
    text = "Say what stands at the end of this list. " + " ".join(WORDS) * 12
    long = [Request("long", ({"role": "user", "content": text},), None, 1), *requests(3)]
    thinned = model(LLMConfig(backend="embedded")).complete(long, sampling)
    plain = LLMConfig(backend="transformers", model=str(embedded_model("chat")), dtype="float32")
    assert thinned == model(plain).complete(long, sampling)
    assert thinned[0].tokens_in > 2 * 64
