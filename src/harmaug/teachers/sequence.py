"""Sequence classifiers as teachers: `tokenizer(prompt)` or `tokenizer(prompt, response)`, logits.

A row that is longer than the model's window is read in overlapping windows, and the most harmful
one counts: nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.distill.student import position_limit
from harmaug.errors import ConfigError
from harmaug.guard.settings import FILE_NAME, GuardSettings
from harmaug.guard.window import Windower
from harmaug.runs.fingerprint import fingerprint, model_fingerprint
from harmaug.scoring import FloatArray, ScoreKind, ScorerInfo, TextPair
from harmaug.teachers.checkpoint import load_classifier
from harmaug.teachers.classes import harm_rule
from harmaug.teachers.template_text import neutral_in
from harmaug.text import Encoded, PairEncoder, normalise

UNBOUNDED = 1_024
"""Tokens at once, where `max_length` says nothing, of a model that tells distances apart and no
positions (DeBERTa-v2 and v3): what HarmAug's are trained at."""

LEAST_WINDOW = 32
"""Tokens in which the longest piece of a word fits beside a quarter of the other text."""


class Rule(Protocol):
    """Turns a classifier's logits into log-odds of harm."""

    @property
    def score_kind(self) -> ScoreKind:
        """What the score is called."""
        ...

    def log_odds(self, logits: torch.Tensor) -> FloatArray:
        """Turn logits (n, outputs) into log-odds, shape (n,); NaN where they say nothing."""
        ...


@dataclass(frozen=True)
class Wording:
    """How texts are put to a model that was not trained on two sequences.

    `prefix` stands before every window. `joint` stands between prompt and response in one text;
    None: they are two sequences. `normalised`: what hides words is undone first.
    """

    prefix: str = ""
    joint: str | None = None
    normalised: bool = False


def load(config: TeacherConfig, journal: Path | None) -> SequenceTeacher:
    """Load a classifier from a folder or hub id.

    A student of ours that is too large for ONNX is read as `Guard` reads the others: normalised,
    in windows of the length that it was trained at.

    Raises:
        ConfigError: when `max_length` leaves no room for windows.
        ModelError: when it cannot be loaded, has no trained head, or no label of it means harm.
    """
    model, tokenizer = load_classifier(config, config.model)
    names = {int(index): name for index, name in (model.config.id2label or {}).items()}
    rule = harm_rule(names, model.config.problem_type, config.model)
    limit = position_limit(model) or config.max_length or UNBOUNDED
    wording = None
    if (Path(config.model) / FILE_NAME).is_file():
        settings = GuardSettings.load(Path(config.model))
        limit = min(limit, settings.window)
        wording = Wording(normalised=settings.normalise)
    return SequenceTeacher(model, tokenizer, config, rule, limit=limit, wording=wording)


class SequenceTeacher:
    """A classifier in this process, scoring batches of similar length.

    Raises:
        ConfigError: when `max_length` leaves no room for windows.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: TeacherConfig,
        rule: Rule,
        *,
        limit: int,
        wording: Wording | None = None,
    ) -> None:
        self._model = model
        self._config = config
        self._rule = rule
        self._wording = wording or Wording()
        self._neutral = neutral_in(tokenizer)
        self._pad = _pad_id(model, tokenizer)
        self._two_types = "token_type_ids" in tokenizer.model_input_names
        self._max_length = min(config.max_length or limit, limit)
        self._encode = PairEncoder(tokenizer.backend_tokenizer)
        count = tokenizer.backend_tokenizer.num_special_tokens_to_add
        self._markers = (int(count(False)), int(count(True)))
        prefix = len(tokenizer(self._wording.prefix, add_special_tokens=False)["input_ids"])
        least = min(LEAST_WINDOW + prefix, limit)
        if self._max_length < least:
            raise ConfigError(
                f"label.teacher.max_length: {config.max_length} tokens hold no window of "
                f"'{config.model}'; at least {least} do"
            )
        self._windower = Windower(tokenizer.backend_tokenizer, self._max_length - prefix)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is."""
        wording = self._wording
        return ScorerInfo(
            name=self._config.model,
            revision=model_fingerprint(self._config.model, self._config.revision),
            score_kind=self._rule.score_kind,
            template="" if wording == Wording() else fingerprint(*astuple(wording)),
            runtime=f"transformers {str(self._model.dtype).removeprefix('torch.')}",
            parameters=sum(weight.numel() for weight in self._model.parameters()),
        )

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the log-odds of harm of each pair's most harmful window, shape (n,).

        A window that says nothing makes its pair a missing value.
        """
        readings = [self._readings(pair) for pair in pairs]
        owners = [at for at, rows in enumerate(readings) for _ in rows]
        rows = [row for rows in readings for row in rows]
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        scores = np.empty(len(rows), dtype=np.float64)
        for start in range(0, len(order), self._config.batch_size):
            chosen = order[start : start + self._config.batch_size]
            scores[chosen] = self._batch([rows[index] for index in chosen])
        worst = np.full(len(pairs), -np.inf)
        with np.errstate(invalid="ignore"):  # a NaN that stays NaN is meant
            np.maximum.at(worst, owners, scores)
        return worst

    def _worded(self, pair: TextPair) -> TextPair:
        if self._wording.normalised:
            pair = normalise(pair[0]), pair[1] and normalise(pair[1])
        prompt, response = self._neutral.pair(pair)
        joint = self._wording.joint
        if response is None or joint is None:
            return prompt, response
        return f"{prompt}{joint}{response}", None

    def _readings(self, pair: TextPair) -> list[Encoded]:
        worded = self._worded(pair)
        whole = self._encode([self._prefixed(worded)])
        if len(whole[0]) <= self._max_length:
            return whole
        windows = self._windower.windows(worded)
        return self._encode([self._prefixed(window.pair) for window in windows])

    def _prefixed(self, pair: TextPair) -> TextPair:
        return self._wording.prefix + pair[0], pair[1]

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
        if self._model.config.is_encoder_decoder:
            start = int(self._model.config.decoder_start_token_id)
            inputs["decoder_input_ids"] = torch.full((len(rows), 1), start)
        device = self._model.device
        output = self._model(**{name: value.to(device) for name, value in inputs.items()})
        logits = output.logits
        return self._rule.log_odds(logits[:, 0] if logits.ndim == 3 else logits)


def _pad_id(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the padding id; a decoder without one pads with its end token, and is told so.

    One that the tokenizer has and the model has no embedding for is none.
    """
    known = (tokenizer.pad_token_id, model.config.pad_token_id, tokenizer.eos_token_id, 0)
    size = int(model.config.vocab_size)
    pad = next(token for token in known if isinstance(token, int) and token < size)
    model.config.pad_token_id = pad
    return pad
