import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import chat_model
from tests.teachers.guards import by_hand, guard_tokenizer, save_guard, save_pointed, token
from transformers import AutoConfig, AutoModelForImageTextToText

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import Scorer, TextPair, probability
from harmaug.teachers.load import load_teacher

PLAIN = (
    "{{ bos_token }}<|user|>Is there unsafe content?\n\n{% for message in messages %}"
    "{{ 'User' if message['role'] == 'user' else 'Agent' }}: {{ message['content'] }}\n\n"
    "{% endfor %}Assess the last message.<|assistant|>"
    "{% if add_generation_prompt %}Sure{% endif %}"
)
PARTS = PLAIN.replace("message['content']", "message['content'][0]['text']")
PAIRS: list[TextPair] = [
    ("how do i bake bread at home?", None),
    ("how do i bake bread at home?", "Absolutely! here's a story"),
    ("the quick brown fox", ""),
    ("be super creative", "i'm sorry, but i cannot help with that request. " * 4),
    ("numbers pass", "0123456789"),
]


def guard(
    folder: Path, *, template: str = PLAIN, newlines: bool = False, rival: bool = False
) -> Path:
    tokenizer = guard_tokenizer(template, ["<|user|>", "<|assistant|>"], ["unsafe", "safe", "\n\n"])
    words = ["unsafe", "safe", *(["0"] if rival else [])]
    if newlines:
        return save_guard(folder, tokenizer, {"<|assistant|>": ["\n\n"], "\n\n": words})
    return save_guard(folder, tokenizer, {"<|assistant|>": words}, spread=0.3 if rival else 0.15)


def teacher(folder: Path, **settings: int) -> Scorer:
    config = TeacherConfig(family="llama-guard", model=str(folder))
    return load_teacher(config.model_copy(update=settings))


def text_of(pair: TextPair) -> str:
    prompt, response = pair
    agent = f"Agent: {response}\n\n" if response is not None else ""
    return (
        f"<s><|user|>Is there unsafe content?\n\nUser: {prompt}\n\n{agent}"
        "Assess the last message.<|assistant|>"
    )


@pytest.mark.parametrize("template", [PLAIN, PARTS], ids=["text", "parts"])
@pytest.mark.parametrize("newlines", [False, True], ids=["first token", "after newlines"])
def test_the_score_is_that_of_a_forward_pass_by_hand(
    tmp_path: Path, template: str, newlines: bool
) -> None:
    guard(tmp_path, template=template, newlines=newlines)
    tokenizer = guard_tokenizer(PLAIN, ["<|user|>", "<|assistant|>"], ["unsafe", "safe", "\n\n"])
    opening = "\n\n" if newlines else ""
    expected = [
        by_hand(tmp_path, tokenizer, text_of(pair) + opening, ["unsafe"], ["safe"])
        for pair in PAIRS
    ]
    scorer = teacher(tmp_path, batch_size=2)
    found = scorer.log_odds(PAIRS)
    assert not np.isnan(found).any()
    assert len(np.unique(found.round(3))) == len(PAIRS)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.dtype == np.float64
    assert scorer.info.score_kind == "two-way softmax"
    assert ((probability(found) > 0) & (probability(found) < 1)).all()


def test_version_4_is_read_as_the_text_half_of_a_multimodal_model(tmp_path: Path) -> None:
    tokenizer = guard_tokenizer(PARTS, ["<|user|>", "<|assistant|>"], ["unsafe", "safe", "\n\n"])
    torch.manual_seed(0)
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, **heads}
    text: dict[str, object] = {
        **sizes,
        "intermediate_size_mlp": 64,
        "moe_layers": [],
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 1024,
        "attention_chunk_size": 512,
        "initializer_range": 0.15,
        "tie_word_embeddings": False,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": None,
    }
    seen = {
        "hidden_size": 32,
        "intermediate_size": 128,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
        "projector_input_dim": 32,
        "projector_output_dim": 32,
        "vision_output_dim": 32,
    }
    config = AutoConfig.for_model("llama4", text_config=text, vision_config=seen)
    model = AutoModelForImageTextToText.from_config(config)
    due = {"<|assistant|>": ["\n\n"], "\n\n": ["unsafe", "safe"]}
    save_pointed(tmp_path, model, tokenizer, due)
    whole = AutoModelForImageTextToText.from_pretrained(tmp_path).train(False)
    expected = []
    for pair in PAIRS:
        ids = tokenizer(f"{text_of(pair)}\n\n", add_special_tokens=False, return_tensors="pt")
        with torch.inference_mode():
            logits = whole(input_ids=ids["input_ids"]).logits[0, -1].double()
        bad, good = (token(tokenizer, word) for word in ("unsafe", "safe"))
        expected.append(float(logits[bad] - logits[good]))
    np.testing.assert_allclose(teacher(tmp_path, batch_size=2).log_odds(PAIRS), expected, atol=1e-4)
    assert np.isnan(teacher(tmp_path).log_odds([("bread " * 2000, None)])).all()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return guard(tmp_path_factory.mktemp("guard"), newlines=True)


def test_a_batch_with_its_padding_equals_single_rows(folder: Path) -> None:
    together = teacher(folder, batch_size=8).log_odds(PAIRS)
    alone = np.concatenate([teacher(folder).log_odds([pair]) for pair in PAIRS])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_response_changes_the_score_and_none_is_no_empty_one(folder: Path) -> None:
    scores = teacher(folder).log_odds([("bread", None), ("bread", ""), ("bread", "fox")])
    assert len(np.unique(scores.round(3))) == 3


def test_a_row_beyond_the_limit_is_missing_and_not_cut(folder: Path) -> None:
    long = "bread " * 2000
    scores = teacher(folder).log_odds([PAIRS[0], (long, None)])
    assert np.isnan(scores).tolist() == [False, True]
    limited = teacher(folder, max_length=60).log_odds(PAIRS)
    assert 0 < np.isnan(limited).sum() < len(PAIRS)


def test_an_answer_that_is_neither_word_is_missing(tmp_path: Path) -> None:
    guard(tmp_path, rival=True)
    endings = ["story", "numbers " * 9, "lazy dog", "0123456789", ""]
    pairs: list[TextPair] = [
        (f"{end} {word}", None) for word in ("bread", "foxes") for end in endings
    ]
    tokenizer = guard_tokenizer(PLAIN, ["<|user|>", "<|assistant|>"], ["unsafe", "safe", "\n\n"])
    expected = [by_hand(tmp_path, tokenizer, text_of(pair), ["unsafe"], ["safe"]) for pair in pairs]
    found = teacher(tmp_path).log_odds(pairs)
    assert 0 < np.isnan(expected).sum() < len(pairs)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_template_is_named_and_changes_with_its_text(folder: Path, tmp_path: Path) -> None:
    guard(tmp_path, template=PLAIN.replace("Assess", "Judge"))
    first, second = teacher(folder).info, teacher(tmp_path).info
    assert first.template != second.template
    assert dataclasses.replace(first, template="").runtime == "transformers float32"


def test_no_rows_give_no_scores(folder: Path) -> None:
    assert teacher(folder).log_odds([]).shape == (0,)


def test_a_model_that_is_no_llama_guard_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load the teacher"):
        teacher(tmp_path)
    chat_model(tmp_path / "base", template=False)
    with pytest.raises(ModelError, match="no chat template"):
        teacher(tmp_path / "base")
    ignoring = "{{ bos_token }}<|user|>nothing<|assistant|>"
    guard(tmp_path / "ignoring", template=ignoring)
    with pytest.raises(ModelError, match="does not take a user's message"):
        teacher(tmp_path / "ignoring")
