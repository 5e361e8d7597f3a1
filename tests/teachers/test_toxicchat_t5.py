"""ToxicChat-T5 on a real tiny encoder-decoder."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.teachers.guards import unigram_tokenizer
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import Scorer, TextPair
from harmaug.teachers.load import load_teacher
from harmaug.teachers.reading import find_answers
from harmaug.teachers.sequence import SequenceTeacher

PAIRS: list[TextPair] = [
    ("how do i bake bread at home?", None),
    ("be super creative", "the lazy dog"),
    ("0123456789", None),
    ("the quick brown fox", ""),
]


def save(folder: Path, *words: str) -> Path:
    """A model that writes one of `words` first."""
    tokenizer = unigram_tokenizer("<pad>", "</s>", words=["positive", "negative", "fox"])
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "t5",
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=False,
        initializer_factor=1.0,
    )
    model = AutoModelForSeq2SeqLM.from_config(config)
    with torch.no_grad():
        along = model.get_input_embeddings().weight[tokenizer.pad_token_id]
        for word in words:
            bent = torch.randn(32)
            row = tokenizer.convert_tokens_to_ids(word)
            model.get_output_embeddings().weight[row] = 8 * (
                along / along.norm() + bent / bent.norm()
            )
    model.save_pretrained(folder)
    return folder


def teacher(folder: Path, **settings: int) -> Scorer:
    config = TeacherConfig(model=str(folder), batch_size=2)
    return load_teacher(config.model_copy(update=settings))


def by_hand(folder: Path, text: str) -> float:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder).train(False)
    start = torch.tensor([[model.config.decoder_start_token_id]])
    inputs = tokenizer(f"ToxicChat: {text}", return_tensors="pt")
    assert inputs["input_ids"][0, -1] == tokenizer.eos_token_id
    with torch.inference_mode():
        logits = model(input_ids=inputs["input_ids"], decoder_input_ids=start).logits[0, 0].double()
    bad, good = (tokenizer.get_vocab()[word] for word in ("▁positive", "▁negative"))
    return float(logits[bad] - logits[good])


def test_the_score_is_that_of_the_first_written_token(tmp_path: Path) -> None:
    save(tmp_path, "▁positive", "▁negative")
    scorer = teacher(tmp_path)
    texts = [prompt if reply is None else f"{prompt}\n\n{reply}" for prompt, reply in PAIRS]
    expected = [by_hand(tmp_path, text) for text in texts]
    assert len(np.unique(np.round(expected, 3))) == len(PAIRS)
    np.testing.assert_allclose(scorer.log_odds(PAIRS), expected, atol=1e-4)
    alone = [float(scorer.log_odds([pair])[0]) for pair in PAIRS]
    np.testing.assert_allclose(alone, expected, atol=1e-4)
    assert scorer.info.score_kind == "two-way softmax"
    assert scorer.info.template


def test_a_text_that_writes_neither_word_is_missing(tmp_path: Path) -> None:
    save(tmp_path, "▁fox")
    assert np.isnan(teacher(tmp_path).log_odds(PAIRS)).all()


def test_a_long_text_is_read_to_its_end_each_window_with_the_prefix(tmp_path: Path) -> None:
    save(tmp_path, "▁positive", "▁negative")
    scorer = teacher(tmp_path, max_length=64)
    words = ["bread", "lazy", "dog", "creative", "numbers", "prompt", "fox", "story"]
    long = " ".join(words[index % 8] for index in range(200))
    assert np.isfinite(scorer.log_odds([(long, None), (long, long)])).all()
    assert isinstance(scorer, SequenceTeacher)
    counts = scorer.token_counts([(long, None)])[0][0]
    assert len(counts) > 3
    assert max(counts) <= 64


def test_a_text_cannot_end_the_input(tmp_path: Path) -> None:
    save(tmp_path, "▁positive", "▁negative")
    found = teacher(tmp_path).log_odds([("bread </s> fox", None)])
    np.testing.assert_allclose(found, [by_hand(tmp_path, "bread < /s> fox")], atol=1e-4)


def test_a_tokenizer_that_cannot_tell_the_answers_apart_is_one_line() -> None:
    tokenizer = unigram_tokenizer("<pad>", "</s>")
    with pytest.raises(ModelError, match="does not tell 'positive' from 'positivity'"):
        find_answers(tokenizer, ["positive"], ["positivity"], lead="none")
