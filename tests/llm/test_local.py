import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import chat_model
from transformers import (
    AutoTokenizer,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.embedded import embedded_model
from harmaug.errors import ConfigError, ModelError
from harmaug.llm.base import Request, load_llm
from harmaug.llm.sampling import draw, row_uniform
from harmaug.llm.template import encoded, render
from harmaug.text import Message

SAMPLING = SamplingConfig(temperature=1.0, top_p=0.9, top_k=50, max_new_tokens=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chat_model(tmp_path_factory.mktemp("chat"))


def request(number: int, prefill: str | None = None) -> Request:
    text = "make a story " * (1 + number % 4)
    return Request(f"r{number}", ({"role": "user", "content": text},), prefill, seed=number)


def config(folder: Path, batch_size: int = 8) -> LLMConfig:
    return LLMConfig(backend="transformers", model=str(folder), batch_size=batch_size)


def test_the_batch_size_changes_no_text(folder: Path) -> None:
    requests = [request(number) for number in range(9)]
    together = load_llm(config(folder, 9)).complete(requests, SAMPLING)
    apart = load_llm(config(folder, 1)).complete(requests[::-1], SAMPLING)[::-1]
    assert [row.text for row in together] == [row.text for row in apart]
    assert len({row.text for row in together}) > 5


def test_the_embedded_models_cache_changes_no_text() -> None:
    requests = [request(number, "I have an idea:" if number % 2 else None) for number in range(9)]
    growing = config(embedded_model("chat"))
    whole = LLMConfig(backend="embedded", batch_size=8)
    found = load_llm(whole).complete(requests, SAMPLING)
    assert found == load_llm(growing).complete(requests, SAMPLING)
    assert len({row.text for row in found}) > 5


def test_tokens_are_counted_without_padding(folder: Path) -> None:
    alone = load_llm(config(folder)).complete([request(3)], SAMPLING)
    beside = load_llm(config(folder)).complete([request(0), request(3)], SAMPLING)
    assert beside[1] == alone[0]
    assert 0 < alone[0].tokens_out <= SAMPLING.max_new_tokens


def test_what_the_window_does_not_hold_fails_alone(folder: Path) -> None:
    long = Request("long", ({"role": "user", "content": "make many loaves " * 300},), None, 1)
    llm = load_llm(config(folder))
    first, refused, second = llm.complete([request(1), long, request(2)], SAMPLING)
    assert refused.text is None and (refused.error or "").startswith("too long: ")
    assert [first, second] == llm.complete([request(1), request(2)], SAMPLING)


def test_a_checkpoints_own_habits_change_no_text(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "habits")
    habits = {"repetition_penalty": 1.9, "no_repeat_ngram_size": 1, "bad_words_ids": [[1]]}
    (tmp_path / "habits/generation_config.json").write_text(json.dumps(habits))
    texts = [
        [row.text for row in load_llm(config(where)).complete([request(1), request(2)], SAMPLING)]
        for where in (folder, tmp_path / "habits")
    ]
    assert texts[0] == texts[1]


def test_a_lone_surrogate_is_read_as_a_question_mark(folder: Path) -> None:
    odd, plain = (
        Request("r", ({"role": "user", "content": f"make {mark}"},), None, 1)
        for mark in ("\ud83d", "?")
    )
    llm = load_llm(config(folder))
    assert llm.complete([odd], SAMPLING) == llm.complete([plain], SAMPLING)


def test_a_file_of_weights_that_is_broken_off_is_one_line(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "broken")
    weights = tmp_path / "broken/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"^cannot load the LLM '.+': .+$"):
        load_llm(config(tmp_path / "broken"))


def test_temperature_zero_is_greedy(folder: Path) -> None:
    greedy = SamplingConfig(temperature=0.0, max_new_tokens=8)
    llm = load_llm(config(folder))
    first, second = (
        llm.complete([Request("r", request(1).messages, None, seed)], greedy)[0].text
        for seed in (1, 2)
    )
    assert first == second


def test_the_prefill_stands_at_the_end_of_what_the_model_reads(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = render(tokenizer, request(0).messages, "I have an idea:")
    assert text.endswith("<|assistant|>I have an idea:")
    assert render(tokenizer, request(0).messages, None).endswith("<|assistant|>")


def test_a_template_without_system_role_gets_it_in_the_first_turn(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    system: Message = {"role": "system", "content": "Be kind."}
    messages = (system, *request(0).messages)
    assert "<|user|>Be kind.\n\nmake a story" in render(tokenizer, messages, None)


def test_a_base_model_gets_plain_text(tmp_path: Path) -> None:
    chat_model(tmp_path, template=False)
    text = render(AutoTokenizer.from_pretrained(tmp_path), request(0).messages, "An idea:")
    assert text == "make a story \n\nAn idea:"
    assert load_llm(config(tmp_path)).complete([request(0, "An idea:")], SAMPLING)[0].text


def test_what_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load the LLM") as caught:
        load_llm(config(tmp_path))
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"llm\.model"):
        load_llm(LLMConfig(backend="transformers"))


def test_row_numbers_are_uniform_and_differ_by_row_and_step() -> None:
    seeds = np.arange(2000, dtype=np.uint64)
    first, second = row_uniform(seeds, 0), row_uniform(seeds, 1)
    assert ((first >= 0) & (first < 1)).all()
    assert abs(first.mean() - 0.5) < 0.02
    assert abs(float(np.corrcoef(first, second)[0, 1])) < 0.06


@pytest.mark.parametrize(
    ("top_p", "top_k"), [(1.0, 0), (0.9, 0), (0.999999, 0), (0.9, 50), (1.0, 300)]
)
def test_draws_follow_the_distribution_that_transformers_would_draw_from(
    top_p: float, top_k: int
) -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, 2000) * 2
    sampling = SamplingConfig(temperature=0.8, top_p=top_p, top_k=top_k)
    warped = TemperatureLogitsWarper(0.8)(None, logits)
    if top_k:
        warped = TopKLogitsWarper(top_k)(None, warped)
    if top_p < 1:
        warped = TopPLogitsWarper(top_p)(None, warped)
    expected = torch.softmax(warped[0], dim=-1)
    uniform = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    drawn = draw(logits.expand(1000, -1), uniform[::100], sampling)
    counts = torch.bincount(drawn[:, 0], minlength=2000) / 1000
    assert (counts[expected == 0] == 0).all()
    assert float((counts - expected).abs().max()) < 0.002


def test_a_draw_does_not_depend_on_how_many_tokens_are_sorted_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    logits = torch.randn(60, 2000) * torch.tensor([0.1, 2.0, 20.0]).repeat(20)[:, None]
    nucleus = TopPLogitsWarper(0.95)(None, logits).isfinite().sum(dim=1).view(20, 3)
    for column, (least, most) in enumerate([(1025, 2000), (65, 1024), (1, 64)]):
        assert least <= nucleus[:, column].min() and nucleus[:, column].max() <= most
    uniform = torch.rand(60, dtype=torch.float64)
    sampling = SamplingConfig(temperature=1.0, top_p=0.95)
    drawn = draw(logits, uniform, sampling)
    monkeypatch.setattr("harmaug.llm.sampling.CANDIDATES", ())
    assert torch.equal(drawn, draw(logits, uniform, sampling))


def test_a_base_model_reads_the_beginning_of_text_that_its_tokenizer_adds(tmp_path: Path) -> None:
    from tokenizers import processors

    tokenizer = AutoTokenizer.from_pretrained(chat_model(tmp_path, template=False))
    plain = encoded(tokenizer, [request(0)])[0]
    begin = tokenizer.bos_token_id
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{tokenizer.bos_token} $A", special_tokens=[(tokenizer.bos_token, begin)]
    )
    assert encoded(tokenizer, [request(0)]) == [[begin, *plain]]
    tokenizer.chat_template = "{{ bos_token }}{{ messages[0]['content'] }}"
    assert encoded(tokenizer, [request(0)])[0].count(begin) == 1
