"""Sequence classifiers as teachers: `tokenizer(prompt)` or `tokenizer(prompt, response)`, logits.

A row that is longer than the model's window is read in overlapping windows, and the most harmful
one counts: nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.guard.window import Windower
from harmaug.llm.local import DTYPES
from harmaug.runs.fingerprint import model_fingerprint
from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.teachers.classes import HarmRule, harm_rule
from harmaug.text import Encoded, PairEncoder

OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert"})
"""Their first position is the one after the padding id: so many fewer tokens fit."""


def load(config: TeacherConfig, journal: Path | None) -> SequenceTeacher:
    """Load a classifier from a folder or hub id.

    Raises:
        ModelError: when it cannot be loaded, or none of its labels means harm.
    """
    model, tokenizer = load_classifier(config, config.model)
    names = {int(index): name for index, name in (model.config.id2label or {}).items()}
    rule = harm_rule(names, model.config.problem_type, config.model)
    return SequenceTeacher(model, tokenizer, config, rule)


def load_classifier(
    config: TeacherConfig, tokenizer: str
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a classifier, on the GPU where there is one, and the tokenizer it was trained with.

    Raises:
        ModelError: when one of them cannot be loaded.
    """
    revision = config.revision or "main"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        encoder = AutoTokenizer.from_pretrained(
            tokenizer, revision=revision if tokenizer == config.model else "main"
        )
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            config.model, revision=revision, dtype=DTYPES.get(config.dtype, torch.float32)
        )
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"cannot load the classifier '{config.model}': {reason}") from None
    torch.nn.Module.to(model, device)
    model.train(False)
    return model, encoder


class SequenceTeacher:
    """A classifier in this process, scoring batches of similar length."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: TeacherConfig,
        rule: HarmRule,
    ) -> None:
        self._model = model
        self._config = config
        self._rule = rule
        self._pad = _pad_id(model, tokenizer)
        self._two_types = "token_type_ids" in tokenizer.model_input_names
        self._max_length = _longest(model, self._pad, config.max_length)
        self._encode = PairEncoder(tokenizer.backend_tokenizer)
        count = tokenizer.backend_tokenizer.num_special_tokens_to_add
        self._markers = (int(count(False)), int(count(True)))
        self._windower = Windower(tokenizer.backend_tokenizer, self._max_length)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is."""
        return ScorerInfo(
            name=self._config.model,
            revision=model_fingerprint(self._config.model, self._config.revision),
            score_kind=self._rule.score_kind,
            template="",
            runtime=f"transformers {str(self._model.dtype).removeprefix('torch.')}",
            parameters=sum(weight.numel() for weight in self._model.parameters()),
        )

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the log-odds of harm of each pair's most harmful window, shape (n,)."""
        readings = [self._readings(pair) for pair in pairs]
        owners = [at for at, rows in enumerate(readings) for _ in rows]
        rows = [row for rows in readings for row in rows]
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        scores = np.empty(len(rows), dtype=np.float64)
        for start in range(0, len(order), self._config.batch_size):
            chosen = order[start : start + self._config.batch_size]
            scores[chosen] = self._batch([rows[index] for index in chosen])
        worst = np.full(len(pairs), -np.inf)
        np.maximum.at(worst, owners, scores)
        return worst

    def _readings(self, pair: TextPair) -> list[Encoded]:
        whole = self._encode([pair])
        if len(whole[0]) <= self._max_length:
            return whole
        return self._encode([window.pair for window in self._windower.windows(pair)])

    def token_counts(self, pairs: Sequence[TextPair]) -> list[tuple[tuple[int, ...], int]]:
        """Return (tokens of each window, tokens of the pair's own text) of each pair."""
        windows = [tuple(len(row) for row in self._readings(pair)) for pair in pairs]
        whole = [len(row) for row in self._encode(pairs)]
        added = [self._markers[response is not None] for _, response in pairs]
        content = [length - markers for length, markers in zip(whole, added, strict=True)]
        return list(zip(windows, content, strict=True))

    @torch.inference_mode()
    def _batch(self, rows: Sequence[Encoded]) -> FloatArray:
        width = max(len(row) for row in rows)
        ids = torch.full((len(rows), width), self._pad)
        types = torch.zeros_like(ids)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = torch.tensor(row.ids)
            types[at, : len(row)] = torch.tensor(row.type_ids)
            mask[at, : len(row)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask}
        if self._two_types:
            inputs["token_type_ids"] = types
        device = self._model.device
        output = self._model(**{name: value.to(device) for name, value in inputs.items()})
        return self._rule.log_odds(output.logits)


def _pad_id(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the padding id; a decoder without one pads with its end token, and is told so."""
    known = (tokenizer.pad_token_id, model.config.pad_token_id, tokenizer.eos_token_id, 0)
    pad = next(int(token) for token in known if isinstance(token, int))
    model.config.pad_token_id = pad
    return pad


def _longest(model: PreTrainedModel, pad: int, wanted: int | None) -> int:
    limit = int(model.config.max_position_embeddings)
    if model.config.model_type in OFFSET_POSITIONS:
        limit -= pad + 1
    return min(wanted or limit, limit)
