"""Architectures known by id: their shape gives the published number of parameters."""

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertConfig,
    GptOssConfig,
    LlamaConfig,
)

from harmaug.errors import ModelError
from harmaug.evaluate.flops import Head, count
from harmaug.plan.models import find_model

PUBLISHED: list[tuple[str, Head, int]] = [
    ("google/gemma-1.1-2b-it", "causal", 2_506_172_416),
    ("meta-llama/Llama-2-7b-hf", "causal", 6_738_415_616),
    ("meta-llama/Meta-Llama-3-8B-Instruct", "causal", 8_030_261_248),
    ("meta-llama/Llama-Guard-3-1B", "causal", 1_235_814_400),
    ("mistralai/Mistral-7B-Instruct-v0.3", "causal", 7_248_023_552),
    ("microsoft/Phi-3.5-mini-instruct", "causal", 3_821_079_552),
    ("Qwen/Qwen2-0.5B", "causal", 494_032_768),
    ("microsoft/deberta-v3-large", "classifier", 435_063_810),
    ("microsoft/deberta-v3-base", "classifier", 184_423_682),
    ("microsoft/deberta-v3-small", "classifier", 141_896_450),
    ("microsoft/deberta-v3-xsmall", "classifier", 70_830_722),
    ("google-bert/bert-base-uncased", "classifier", 109_483_778),
]


@pytest.mark.parametrize(("reference", "head", "parameters"), PUBLISHED)
def test_a_known_id_has_the_published_parameters(
    reference: str, head: Head, parameters: int
) -> None:
    assert find_model(reference, head, "x").arithmetic.parameters == parameters


def test_an_unknown_id_is_one_line_with_what_to_do() -> None:
    with pytest.raises(ModelError) as error:
        find_model("nobody/no-such-model", "causal", "generate.llm.model")
    message = str(error.value)
    assert "\n" not in message and "generate.llm.model=FOLDER" in message


def test_alike_layers_are_counted_as_deep_as_they_are() -> None:
    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=40,
        num_attention_heads=2,
        num_hidden_layers=5,
    )
    counted = count(config, "classifier")
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
    assert counted.parameters == sum(weight.numel() for weight in model.parameters())
    tokens, hidden, inner = 30, 16, 40
    layer = tokens * (8 * hidden**2 + 4 * hidden * inner) + 4 * tokens**2 * hidden
    assert counted.flops(tokens) == pytest.approx(5 * layer + 2 * hidden**2 + 4 * hidden)


def test_a_writer_reads_its_prompt_once_and_its_head_once_a_token(tmp_path: Path) -> None:
    LlamaConfig(
        vocab_size=1000,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        architectures=["LlamaForCausalLM"],
    ).save_pretrained(tmp_path)
    model = find_model(str(tmp_path), "causal", "x")
    body = 2 * 2 * (16 * 16 * 2 + 16 * 8 * 2 + 3 * 16 * 32)
    head, attention = 2 * 16 * 1000, 2 * 4 * 16
    assert model.write_flops(10, 1) == pytest.approx(10 * body + 100 * attention + head)
    more = model.write_flops(10, 3) - model.write_flops(10, 1)
    # Rotary angles are a small product of their own, hence the tolerance.
    assert more == pytest.approx(2 * (body + head) + (11 + 12) * attention, rel=0.01)
    assert model.cache_values == 2 * 2 * 1 * 8


def test_what_a_batch_of_deberta_shares_is_counted_once() -> None:
    model = find_model("microsoft/deberta-v3-xsmall", "classifier", "x")
    alone, together = model.score_flops([100.0], 1), model.score_flops([100.0], 10)
    positions = 12 * 2 * 2 * 512 * 384**2
    assert model.arithmetic.shared == pytest.approx(positions, rel=1e-6)
    assert alone - together == pytest.approx(0.9 * positions, rel=1e-6)


def test_of_a_mixture_those_experts_are_counted_that_a_token_is_sent_to() -> None:
    config = GptOssConfig(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        num_local_experts=8,
        num_experts_per_tok=2,
    )
    tokens, hidden, inner = 12, 32, 64
    attention = tokens * 2 * hidden * (2 * hidden + 2 * 16) + 4 * tokens**2 * hidden
    experts = tokens * 2 * (8 * hidden + 2 * 3 * hidden * inner)
    expected = 2 * (attention + experts) + 2 * hidden * 300
    assert count(config, "causal").flops(tokens) == pytest.approx(expected)


def test_the_meta_device_counts_what_a_real_pass_does() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    settings = find_model("microsoft/deberta-v3-xsmall", "classifier", "x")
    config = AutoConfig.for_model(
        "deberta-v2",
        vocab_size=60,
        hidden_size=384,
        intermediate_size=1536,
        num_hidden_layers=12,
        num_attention_heads=6,
        relative_attention=True,
        position_buckets=256,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        type_vocab_size=0,
    )
    model = AutoModelForSequenceClassification.from_config(config).train(False)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(input_ids=torch.ones((1, 70), dtype=torch.int64))
    assert settings.arithmetic.flops(70) == pytest.approx(counter.get_total_flops(), rel=1e-6)
