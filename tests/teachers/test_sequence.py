from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import classifier, word_tokenizer
from tests.teachers.guards import guard_tokenizer
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import Scorer, TextPair
from harmaug.teachers.classes import harm_rule
from harmaug.teachers.load import load_teacher

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,
}
PAIRS: list[TextPair] = [
    ("how do i bake bread at home?", None),
    ("be super creative", "the lazy dog"),
    ("0123456789", None),
]


def teacher(folder: Path, family: str = "auto", **settings: int) -> Scorer:
    config = TeacherConfig(family=family, model=str(folder), batch_size=2)
    return load_teacher(config.model_copy(update=settings))


def logits(folder: Path, pair: TextPair) -> torch.Tensor:
    model = AutoModelForSequenceClassification.from_pretrained(folder).train(False)
    with torch.inference_mode():
        inputs = AutoTokenizer.from_pretrained(folder)(*(text for text in pair if text is not None))
        wanted = {name: torch.tensor([inputs[name]]) for name in ("input_ids", "attention_mask")}
        if "token_type_ids" in inputs:
            wanted["token_type_ids"] = torch.tensor([inputs["token_type_ids"]])
        found: torch.Tensor = model(**wanted).logits[0].double()
    return found


def test_the_harmful_class_is_found_by_name_wherever_it_stands(tmp_path: Path) -> None:
    classifier(tmp_path, labels={0: "hate", 1: "nothate"})
    expected = [float(row[0] - row[1]) for row in (logits(tmp_path, pair) for pair in PAIRS)]
    scorer = teacher(tmp_path)
    np.testing.assert_allclose(scorer.log_odds(PAIRS), expected, atol=1e-5)
    assert scorer.info.score_kind == "two-way softmax"


def test_the_rule_of_labels() -> None:
    def harmful(names: list[str], problem: str | None = None) -> tuple[int, ...]:
        return harm_rule(dict(enumerate(names)), problem, "m").harmful

    assert harmful(["LABEL_0", "LABEL_1"]) == (1,)
    assert harmful(["BENIGN", "INJECTION", "JAILBREAK"]) == (1, 2)
    assert harmful(["toxicity", "male"], "multi_label_classification") == (0,)
    assert harmful(["LABEL_0", "LABEL_1", "LABEL_2"], "multi_label_classification") == (0, 1, 2)
    for names in (["LABEL_0", "LABEL_1", "LABEL_2"], ["good", "fine"], ["toxic", "hate"]):
        with pytest.raises(ModelError, match=names[0]):
            harmful(names)


def test_several_harmful_classes_stand_together_against_the_rest(tmp_path: Path) -> None:
    classifier(tmp_path, labels={0: "benign", 1: "injection", 2: "jailbreak"})
    rows = [logits(tmp_path, pair) for pair in PAIRS]
    expected = [float(torch.logsumexp(row[1:], 0) - row[0]) for row in rows]
    np.testing.assert_allclose(teacher(tmp_path).log_odds(PAIRS), expected, atol=1e-5)


def test_duoguard_takes_the_highest_of_its_sigmoids(tmp_path: Path) -> None:
    tokenizer = guard_tokenizer(None, [], [])
    tokenizer.save_pretrained(tmp_path)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "qwen2", num_labels=12, vocab_size=len(tokenizer), pad_token_id=None, **SIZES
    )
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    singles: list[TextPair] = [pair for pair in PAIRS if pair[1] is None]
    rows = [logits(tmp_path, pair) for pair in singles]
    scorer = teacher(tmp_path, "duoguard")
    np.testing.assert_allclose(
        scorer.log_odds(singles), [float(row.max()) for row in rows], atol=1e-5
    )
    assert scorer.info.score_kind == "sigmoid maximum"


def test_a_long_row_is_read_to_its_end_on_offset_positions_too(tmp_path: Path) -> None:
    word_tokenizer().save_pretrained(tmp_path)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "roberta",
        type_vocab_size=1,
        vocab_size=len(word_tokenizer()),
        pad_token_id=0,
        max_position_embeddings=40,
        **SIZES,
    )
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    scorer = teacher(tmp_path)
    first: TextPair = ("bread " * 60, None)
    second: TextPair = ("bread " * 60 + "super creative fox", None)
    scores = scorer.log_odds([first, second, ("bread", None)])
    assert np.isfinite(scores).all()
    ends = scorer.log_odds([("bread " * 20 + "super creative fox", None)])
    assert ends[0] != scorer.log_odds([("bread " * 20, None)])[0]
    assert scores[0] <= scores[1]
