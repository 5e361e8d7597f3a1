"""Tiny real students of every supported family, and rows to train them on."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import torch
from tests.models import byte_tokenizer, word_tokenizer
from transformers import (
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedModel,
    Qwen2Config,
    Qwen2Model,
    RobertaConfig,
    RobertaModel,
)

from harmaug.config import DistillConfig
from harmaug.rows import ResponseKind, ScoredPair

SIZE: dict[str, object] = {
    "hidden_size": 32,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
}


def _bert(vocabulary: int) -> PreTrainedModel:
    return BertModel(BertConfig.from_dict(SIZE | {"vocab_size": vocabulary}))


def _roberta(vocabulary: int) -> PreTrainedModel:
    # Positions are numbered from the padding index on, so one place of the table is never used.
    special = {"max_position_embeddings": 65, "type_vocab_size": 1, "pad_token_id": 0}
    return RobertaModel(RobertaConfig.from_dict(SIZE | special | {"vocab_size": vocabulary}))


def _deberta_v2(vocabulary: int, **more: object) -> PreTrainedModel:
    special: dict[str, object] = {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
        "pooler_hidden_size": 32,
        "vocab_size": vocabulary,
    }
    return DebertaV2Model(DebertaV2Config.from_dict(SIZE | special | more))


def _deberta_v3(vocabulary: int) -> PreTrainedModel:
    """v3 is v2 with log buckets over distances and one projection for content and position."""
    return _deberta_v2(
        vocabulary, position_buckets=8, share_att_key=True, norm_rel_ebd="layer_norm"
    )


def _modernbert(vocabulary: int) -> PreTrainedModel:
    special = {
        "num_hidden_layers": 4,
        "local_attention": 8,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
        "cls_token_id": 2,
        "sep_token_id": 3,
        "vocab_size": vocabulary,
    }
    return ModernBertModel(ModernBertConfig.from_dict(SIZE | special))


def _qwen2(vocabulary: int) -> PreTrainedModel:
    special = {"num_key_value_heads": 2, "bos_token_id": 0, "eos_token_id": 1}
    return Qwen2Model(Qwen2Config.from_dict(SIZE | special | {"vocab_size": vocabulary}))


FAMILIES: dict[str, Callable[[int], PreTrainedModel]] = {
    "bert": _bert,
    "roberta": _roberta,
    "deberta-v2": _deberta_v2,
    "deberta-v3": _deberta_v3,
    "modernbert": _modernbert,
    "qwen2": _qwen2,
}


def backbone(folder: Path, family: str) -> Path:
    """Save a backbone without a classification head, dropout on, with a tokenizer."""
    tokenizer = byte_tokenizer("<|endoftext|>") if family == "qwen2" else word_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    FAMILIES[family](len(tokenizer)).save_pretrained(folder)
    return folder


HARMFUL = ["bomb", "poison", "steal", "weapon", "attack"]
HARMLESS = ["bread", "garden", "music", "holiday", "story"]


def scored_rows(count: int, *, seed: int = 0, scored: bool = True) -> list[ScoredPair]:
    """Rows whose words tell their class: D with labels and the three synthetic kinds without."""
    rng = random.Random(seed)
    kinds: tuple[ResponseKind, ...] = ("labelled", "refusal", "harmful", "empty")
    rows = []
    for index in range(count):
        kind, harmful = kinds[index % 4], rng.random() < 0.5
        words = HARMFUL if harmful else HARMLESS
        prompt = " ".join(rng.choice(words) for _ in range(rng.randint(1, 12)))
        response = None if kind == "empty" else " ".join(rng.choices(words, k=rng.randint(1, 12)))
        log_odds = rng.gauss(2.0 if harmful else -2.0, 1.0)
        rows.append(
            ScoredPair(
                id=f"row-{index}",
                prompt=f"{prompt} {index}",
                response=response,
                kind=kind,
                label=int(harmful) if kind == "labelled" else None,
                category=None,
                source="test",
                score=1 / (1 + 2.718281828459045**-log_odds) if scored else None,
                log_odds=log_odds if scored else None,
            )
        )
    return rows


def tiny_distillation(student: Path | str, **settings: object) -> DistillConfig:
    """Settings under which a tiny student learns the rows above within seconds."""
    return DistillConfig.model_validate(
        {
            "student": str(student),
            "epochs": 3,
            "batch_size": 16,
            "learning_rate": 2e-3,
            "warmup_steps": 2,
            "max_length": 32,
            "precision": "float32",
            "validations": 2,
            "quantise": False,
        }
        | settings
    )
