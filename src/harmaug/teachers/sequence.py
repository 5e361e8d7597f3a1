"""Sequence classifiers as teachers: `tokenizer(prompt)` or `tokenizer(prompt, response)`, softmax.

The harmful class is found by the model's label names, never by position where names exist; a
two-class model without names (the paper's released checkpoint) has it at index 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.runs.fingerprint import model_fingerprint
from harmaug.scoring import FloatArray, ScorerInfo, TextPair
from harmaug.text import Encoded, encode

HARMFUL_NAMES = re.compile(
    r"^(?:harmful|unsafe|toxic|toxicity|hate|hateful|malicious|jailbreak|injection|offensive|"
    r"abusive|label_1)$",
    re.IGNORECASE,
)


def load(config: TeacherConfig, journal: Path | None) -> SequenceTeacher:
    """Load a classifier from a folder or hub id.

    Raises:
        ModelError: when it cannot be loaded, or none of its labels means harm.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(config.model, revision=config.revision or "main")
        model = AutoModelForSequenceClassification.from_pretrained(
            config.model, revision=config.revision or "main", dtype=torch.float32
        )
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"cannot load the classifier '{config.model}': {reason}") from None
    model.train(False)
    return SequenceTeacher(model, tokenizer, config)


def harmful_index(labels: Mapping[int, str] | Mapping[str, str], model: str) -> int:
    """Return the index of the class whose name means harm.

    Raises:
        ModelError: when no name does, listing the names.
    """
    for index, name in labels.items():
        if HARMFUL_NAMES.match(name):
            return int(index)
    raise ModelError(
        f"{model}: none of its labels means harm ({', '.join(labels.values())}); "
        f"rename the harmful one to 'harmful' in its config.json"
    )


class SequenceTeacher:
    """A classifier in this process, scoring batches of similar length."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, config: TeacherConfig
    ) -> None:
        self._model = model
        self._tokenizer: Tokenizer = tokenizer.backend_tokenizer
        self._pad = tokenizer.pad_token_id or 0
        self._two_types = "token_type_ids" in tokenizer.model_input_names
        self._config = config
        self._harmful = harmful_index(model.config.id2label or {}, config.model)
        limit = int(model.config.max_position_embeddings)
        self._max_length = min(config.max_length or limit, limit)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is."""
        return ScorerInfo(
            name=self._config.model,
            revision=model_fingerprint(self._config.model, self._config.revision),
            score_kind="two-way softmax",
            template="",
            runtime="transformers float32",
            parameters=sum(weight.numel() for weight in self._model.parameters()),
        )

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return log(p(harmful) / p(any other class)), shape (n,)."""
        rows = encode(self._tokenizer, pairs, self._max_length)
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        scores = np.empty(len(rows), dtype=np.float64)
        for start in range(0, len(order), self._config.batch_size):
            chosen = order[start : start + self._config.batch_size]
            scores[chosen] = self._batch([rows[index] for index in chosen])
        return scores

    def token_counts(self, pairs: Sequence[TextPair]) -> list[tuple[int, int]]:
        """Return (tokens read, tokens of the pair's own text) of each pair."""
        read = encode(self._tokenizer, pairs, self._max_length)
        whole = encode(self._tokenizer, pairs)
        added = [self._tokenizer.num_special_tokens_to_add(pair[1] is not None) for pair in pairs]
        return [
            (len(row), len(all_of_it) - special)
            for row, all_of_it, special in zip(read, whole, added, strict=True)
        ]

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
        logits = self._model(**inputs).logits.double()
        others = [index for index in range(logits.shape[1]) if index != self._harmful]
        rest = torch.logsumexp(logits[:, others], dim=1)
        return np.asarray((logits[:, self._harmful] - rest).numpy(), dtype=np.float64)
