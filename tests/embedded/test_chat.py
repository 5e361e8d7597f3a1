"""The embedded chat model: plain transformers load it, and its tokenizer keeps its promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

pytest.importorskip("torch")
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from harmaug.llm.template import render

if TYPE_CHECKING:
    from transformers._typing import GenerativePreTrainedModel

FOLDER = Path(__file__).parents[2] / "models" / "chat"


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(FOLDER)
    return model


def test_weights_are_float32_and_finite(model: PreTrainedModel) -> None:
    assert model.dtype == torch.float32
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def test_only_safetensors_json_and_template() -> None:
    suffixes = {path.suffix for path in FOLDER.iterdir()}
    assert suffixes <= {".safetensors", ".json", ".jinja", ".md"}


def test_template_marks_turns_and_continues_a_started_answer(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    messages = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Sure, here"}]
    text = tokenizer.apply_chat_template(
        messages, tokenize=False, continue_final_message=True, add_generation_prompt=False
    )
    assert text == "<|user|>Hi.<|end|><|assistant|>Sure, here"
    tokens = [str(tokenizer.convert_ids_to_tokens(id)) for id in tokenizer(text)["input_ids"]]
    assert tokens[:1] + tokens[3:5] == ["<|user|>", "<|end|>", "<|assistant|>"]


def test_text_survives_encoding_with_its_punctuation_and_capitals(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    text = "I'm sorry, but as an AI I can't help (really). Is it $5?\n1. Yes."
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_batch_with_left_padding_equals_single(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    prompts = [
        render(tokenizer, [{"role": "user", "content": content}], None)
        for content in ("How do I bake bread?", "Write one more:\n1. What is the time in Rome?")
    ]

    def continued(texts: list[str]) -> list[str]:
        inputs = tokenizer(texts, return_tensors="pt", padding=True)
        out = cast("GenerativePreTrainedModel", model).generate(
            **inputs, do_sample=False, max_new_tokens=12
        )
        new = out[:, inputs["input_ids"].shape[1] :]
        return [str(tokenizer.decode(row, skip_special_tokens=True)) for row in new]

    assert continued(prompts) == [continued([prompt])[0] for prompt in prompts]
