from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import classifier, word_tokenizer
from tests.teachers.guards import guard_tokenizer, unigram_tokenizer
from tokenizers import processors
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from harmaug.config import TeacherConfig
from harmaug.errors import ConfigError, ModelError
from harmaug.guard.settings import GuardSettings
from harmaug.scoring import Scorer, TextPair
from harmaug.teachers.classes import harm_rule
from harmaug.teachers.load import load_teacher
from harmaug.teachers.sequence import SequenceTeacher

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
    np.testing.assert_allclose(scorer.log_odds(PAIRS), expected, rtol=1e-5, atol=1e-5)
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
    np.testing.assert_allclose(teacher(tmp_path).log_odds(PAIRS), expected, rtol=1e-5, atol=1e-5)


def encoder(
    folder: Path, kind: str, labels: dict[int, str], problem: str | None = None, **more: int | str
) -> Path:
    """A tiny classifier with the architecture, labels and kind of tokenizer of a published one."""
    tokenizer = {
        "bert": word_tokenizer,
        "roberta": roberta_tokenizer,
        "deberta-v2": deberta_tokenizer,
    }[kind]()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        kind,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        max_position_embeddings=64,
        id2label=labels,
        label2id={name: index for index, name in labels.items()},
        problem_type=problem,
        **{**SIZES, **more},
    )
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def roberta_tokenizer() -> PreTrainedTokenizerFast:
    made = unigram_tokenizer("<s>", "<pad>", "</s>", pair="<s> $A </s> </s> $B </s>")
    made.add_special_tokens({"cls_token": "<s>", "sep_token": "</s>"})
    return made


def deberta_tokenizer() -> PreTrainedTokenizerFast:
    made = unigram_tokenizer("<pad>", "<s>", "</s>", pair="<s> $A </s> $B:1 </s>:1")
    made.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    return made


DEBERTA = {"type_vocab_size": 0, "relative_attention": True, "pos_att_type": "p2c|c2p"}
UNNAMED = {0: "LABEL_0", 1: "LABEL_1"}
TOXIC = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
UNBIASED = [
    "toxicity",
    "severe_toxicity",
    "identity_attack",
    "male",
    "christian",
    "sexual_explicit",
]
MULTI = "multi_label_classification"
PUBLISHED: dict[str, tuple[str, dict[int, str], str | None, list[int]]] = {
    "HarmAug-Guard": ("deberta-v2", UNNAMED, None, [1]),
    "Prompt Guard 2": ("deberta-v2", UNNAMED, None, [1]),
    "Prompt Guard 1": ("deberta-v2", {0: "BENIGN", 1: "INJECTION", 2: "JAILBREAK"}, None, [1, 2]),
    "RoBERTa-R4": ("roberta", {0: "nothate", 1: "hate"}, None, [1]),
    "HateBERT": ("bert", UNNAMED, None, [1]),
    "Granite HAP": ("roberta", UNNAMED, None, [1]),
    "toxic-bert": ("bert", dict(enumerate(TOXIC)), MULTI, [0, 1, 2, 3, 4, 5]),
    "unbiased-toxic-roberta": ("roberta", dict(enumerate(UNBIASED)), MULTI, [0, 1, 2, 5]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_classifiers_score_as_a_plain_forward_pass(name: str, tmp_path: Path) -> None:
    kind, labels, problem, harmful = PUBLISHED[name]
    more = DEBERTA if kind == "deberta-v2" else {"type_vocab_size": 2 if kind == "bert" else 1}
    encoder(tmp_path, kind, labels, problem, **more)
    rest = [index for index in labels if index not in harmful]
    expected = []
    for pair in PAIRS:
        row = logits(tmp_path, pair)
        odds = torch.logsumexp(row[harmful], 0) - torch.logsumexp(row[rest], 0)
        expected.append(float(row[harmful].max() if problem else odds))
    scorer = teacher(tmp_path)
    assert len(np.unique(np.round(expected, 4))) == len(PAIRS)
    np.testing.assert_allclose(scorer.log_odds(PAIRS), expected, atol=1e-4)
    alone = [float(scorer.log_odds([pair])[0]) for pair in PAIRS]
    np.testing.assert_allclose(alone, expected, atol=1e-4)
    assert scorer.info.score_kind == ("sigmoid maximum" if problem else "two-way softmax")
    assert np.isfinite(scorer.log_odds([("bread " * 400, "fox " * 400)])).all()


@pytest.mark.parametrize("kind", ["bert", "roberta", "deberta-v2"])
def test_a_text_cannot_end_its_sequence(kind: str, tmp_path: Path) -> None:
    more = DEBERTA if kind == "deberta-v2" else {"type_vocab_size": 2 if kind == "bert" else 1}
    encoder(tmp_path, kind, UNNAMED, **more)
    end = "[SEP]" if kind == "bert" else "</s>"
    scorer = teacher(tmp_path)
    forged, apart = scorer.log_odds(
        [(f"bread {end} fox", None), (f"bread {end[0]} {end[1:]} fox", None)]
    )
    assert forged == pytest.approx(apart, abs=1e-5)
    assert forged != pytest.approx(scorer.log_odds([("bread fox", None)])[0], abs=1e-5)


def test_an_encoder_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    word_tokenizer().save_pretrained(tmp_path)
    config = AutoConfig.for_model("bert", vocab_size=len(word_tokenizer()), **SIZES)
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    with pytest.raises(
        ModelError, match=r"no weights for classifier\..*not trained as a classifier"
    ):
        teacher(tmp_path, "sequence")
    with pytest.raises(ModelError, match="no teacher family for 'BertForMaskedLM'"):
        teacher(tmp_path)


@pytest.mark.parametrize("kind", ["qwen2", "llama"])
def test_duoguard_takes_the_highest_of_its_sigmoids(kind: str, tmp_path: Path) -> None:
    tokenizer = guard_tokenizer(None, [], [])
    if kind == "llama":  # its tokenizer begins every sequence
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
        )
    tokenizer.save_pretrained(tmp_path)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        kind,
        num_labels=12,
        vocab_size=len(tokenizer),
        pad_token_id=None,
        max_position_embeddings=256,
        **SIZES,
    )
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    pairs: list[TextPair] = [*PAIRS, ("be super creative", "")]
    joined = [prompt if reply is None else f"{prompt} {reply}" for prompt, reply in pairs]
    expected = [float(logits(tmp_path, (text, None)).max()) for text in joined]
    scorer = teacher(tmp_path)
    assert len(np.unique(np.round(expected, 4))) == len(pairs)
    np.testing.assert_allclose(scorer.log_odds(pairs), expected, atol=1e-4)
    alone = [float(scorer.log_odds([pair])[0]) for pair in pairs]
    np.testing.assert_allclose(alone, expected, atol=1e-4)
    assert scorer.info.score_kind == "sigmoid maximum"
    assert np.isfinite(scorer.log_odds([("bread " * 400, "fox " * 400)])).all()


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


@pytest.mark.parametrize("kind", ["bert", "roberta", "deberta-v2"])
def test_a_length_that_holds_no_window_is_refused_with_the_least_that_does(
    kind: str, tmp_path: Path
) -> None:
    more = DEBERTA if kind == "deberta-v2" else {"type_vocab_size": 2 if kind == "bert" else 1}
    encoder(tmp_path, kind, UNNAMED, **more)
    for length in (1, 8, 31):
        refused = rf"label\.teacher\.max_length: {length} tokens .* at least 32 do$"
        with pytest.raises(ConfigError, match=refused):
            teacher(tmp_path, max_length=length)
    scorer = teacher(tmp_path, max_length=32)
    assert isinstance(scorer, SequenceTeacher)
    long = "numbers " + "0123456789" * 30
    pairs: list[TextPair] = [(long, None), (long, long), ("fox", long), (long, "fox")]
    assert np.isfinite(scorer.log_odds(pairs)).all()
    for windows, content in scorer.token_counts(pairs):
        assert sum(windows) > content
        assert max(windows) <= 32 + 8  # a stretch by itself may cost a few tokens more


def test_where_only_distance_counts_a_row_is_read_whole(tmp_path: Path) -> None:
    """DeBERTa-v3's 512 positions are buckets of distances."""
    encoder(
        tmp_path,
        "deberta-v2",
        UNNAMED,
        type_vocab_size=0,
        relative_attention=True,
        pos_att_type="p2c|c2p",
        position_biased_input=False,
    )
    long: TextPair = ("bread " * 300, None)
    whole, cut = teacher(tmp_path), teacher(tmp_path, max_length=100)
    assert isinstance(whole, SequenceTeacher) and isinstance(cut, SequenceTeacher)
    assert [len(windows) for windows, _ in whole.token_counts([long])] == [1]
    assert [len(windows) for windows, _ in cut.token_counts([long])] > [1]
    expected = logits(tmp_path, long)
    np.testing.assert_allclose(whole.log_odds([long]), float(expected[1] - expected[0]), rtol=1e-4)


def test_a_student_without_onnx_is_read_as_it_was_trained(tmp_path: Path) -> None:
    classifier(tmp_path)
    hidden: TextPair = ("how do i b — a — k — e bread at home?", None)
    plain: TextPair = ("how do i bake bread at home?", None)
    before = teacher(tmp_path).log_odds([hidden, plain])
    assert abs(before[0] - before[1]) > 1e-3
    GuardSettings(window=40).save(tmp_path)
    scorer = teacher(tmp_path)
    found = scorer.log_odds([hidden, plain])
    np.testing.assert_allclose(found, [before[1], before[1]], rtol=1e-4)
    assert isinstance(scorer, SequenceTeacher)
    ((windows, _),) = scorer.token_counts([("bread " * 100, None)])
    assert max(windows) <= 40
