"""Causal guards: models that answer with a word, scored by what they give the words' tokens.

The score is the two-way softmax over the tokens that begin an unsafe and a safe answer, at the
position where the answer starts. It is kept as log-odds, computed in float64 from the logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoTokenizer,
    PreTrainedTokenizerBase,
)

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.llm.local import DTYPES
from harmaug.runs.fingerprint import fingerprint, model_fingerprint
from harmaug.scoring import FloatArray, ScorerInfo, TextPair

if TYPE_CHECKING:
    from transformers._typing import GenerativePreTrainedModel


@dataclass(frozen=True)
class Answers:
    """The tokens that begin an unsafe and a safe answer."""

    unsafe: tuple[int, ...]
    safe: tuple[int, ...]


class CausalReader:
    """A causal model in this process that is asked only for its next token.

    A row longer than `max_length` tokens is not cut: it is not read, and its value is missing.
    """

    def __init__(
        self,
        model: GenerativePreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: TeacherConfig,
    ) -> None:
        self.tokenizer = tokenizer
        self.config = config
        self._model = model
        limit = int(model.config.get_text_config().max_position_embeddings)
        self.max_length = min(config.max_length or limit, limit)

    def info(self, template: str) -> ScorerInfo:
        """Describe a teacher that reads this model with a template."""
        return ScorerInfo(
            name=self.config.model,
            revision=model_fingerprint(self.config.model, self.config.revision),
            score_kind="two-way softmax",
            template=fingerprint(template),
            runtime=f"transformers {str(self._model.dtype).removeprefix('torch.')}",
            parameters=sum(weight.numel() for weight in self._model.parameters()),
        )

    def encode(self, text: str) -> list[int]:
        """Encode a rendered text, whose special tokens stand in it already."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def decode(self, token: int) -> str:
        """Return the text of one token."""
        return str(self.tokenizer.decode([token]))

    def log_odds(self, rows: Sequence[Sequence[int]], answers: Answers) -> FloatArray:
        """Return the log-odds of an unsafe against a safe next token, shape (n,).

        NaN where the likeliest next token begins neither answer, and where the row is too long.
        """
        scores = np.full(len(rows), np.nan)
        for chosen, logits in self._batches(rows):
            unsafe = torch.logsumexp(logits[:, list(answers.unsafe)], dim=1)
            safe = torch.logsumexp(logits[:, list(answers.safe)], dim=1)
            known = torch.tensor([*answers.unsafe, *answers.safe], device=logits.device)
            readable = torch.isin(logits.argmax(dim=1), known)
            odds = torch.where(readable, unsafe - safe, torch.nan)
            scores[chosen] = odds.cpu().numpy()
        return scores

    def likeliest(self, rows: Sequence[Sequence[int]]) -> list[int | None]:
        """Return the likeliest next token of each row, None for a row that is too long."""
        found: list[int | None] = [None] * len(rows)
        for chosen, logits in self._batches(rows):
            for index, token in zip(chosen, logits.argmax(dim=1).tolist(), strict=True):
                found[index] = token
        return found

    def _batches(self, rows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], torch.Tensor]]:
        """Yield indices and next-token logits (n, vocabulary) in float64, like lengths together."""
        short = [index for index, row in enumerate(rows) if len(row) <= self.max_length]
        short.sort(key=lambda index: len(rows[index]))
        for start in range(0, len(short), self.config.batch_size):
            chosen = short[start : start + self.config.batch_size]
            yield chosen, self._next_logits([rows[index] for index in chosen])

    @torch.inference_mode()
    def _next_logits(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Pad on the left, masked and with positions that start at each row's first token."""
        width = max(len(row) for row in rows)
        ids = torch.zeros((len(rows), width), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, width - len(row) :] = torch.tensor(row)
            mask[at, width - len(row) :] = 1
        device = self._model.device
        output = self._model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0).to(device),
            logits_to_keep=1,
            use_cache=False,
        )
        logits: torch.Tensor = output.logits[:, -1].double()
        return logits


Lead = Literal["space", "none", "either"]
"""What parts an answer from the text before it."""

LEADS: dict[Lead, tuple[str, ...]] = {"space": (" ",), "none": ("",), "either": ("", " ")}

Render = Callable[[TextPair], Sequence[Sequence[int]]]
"""Turns a pair into one or more rows of token ids, each ending where an answer begins."""


@dataclass(frozen=True)
class CausalTeacher:
    """A guard that reads each pair once, or once a policy: the worst policy counts."""

    reader: CausalReader
    render: Render
    answers: Answers
    info: ScorerInfo

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the log-odds of the worst reading of each pair; one missing makes it missing."""
        rendered = [self.render(pair) for pair in pairs]
        owners = [index for index, rows in enumerate(rendered) for _ in rows]
        odds = self.reader.log_odds([row for rows in rendered for row in rows], self.answers)
        worst = np.full(len(pairs), -np.inf)
        with np.errstate(invalid="ignore"):  # a NaN that stays NaN is meant
            np.maximum.at(worst, owners, odds)
        return worst

    def token_counts(self, pairs: Sequence[TextPair]) -> list[tuple[tuple[int, ...], int]]:
        """Return (tokens of each reading, tokens of the pair's own text) of each pair."""
        counts = []
        for prompt, response in pairs:
            readings = tuple(len(row) for row in self.render((prompt, response)))
            content = len(self.reader.encode(prompt)) + len(self.reader.encode(response or ""))
            counts.append((readings, content))
        return counts


def load_reader(config: TeacherConfig) -> CausalReader:
    """Load a causal guard and its tokenizer.

    Raises:
        ModelError: when they cannot be loaded.
    """
    revision = config.revision or "main"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = DTYPES.get(config.dtype, torch.bfloat16 if device == "cuda" else torch.float32)
    try:
        settings = AutoConfig.from_pretrained(config.model, revision=revision)
        names = settings.architectures or [""]
        multimodal = names[0].endswith("ForConditionalGeneration")
        kind = AutoModelForImageTextToText if multimodal else AutoModelForCausalLM
        tokenizer = AutoTokenizer.from_pretrained(config.model, revision=revision)
        model = kind.from_pretrained(config.model, revision=revision, dtype=dtype)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"cannot load the teacher '{config.model}': {reason}") from None
    torch.nn.Module.to(model, device)
    model.train(False)
    return CausalReader(cast("GenerativePreTrainedModel", model), tokenizer, config)


def answers(
    reader: CausalReader, unsafe: Sequence[str], safe: Sequence[str], lead: Lead
) -> Answers:
    """Find the tokens that begin the answers where they stand in the text.

    Raises:
        ModelError: when a safe and an unsafe answer begin alike, so that one token cannot tell.
    """
    found = Answers(_first_tokens(reader, unsafe, lead), _first_tokens(reader, safe, lead))
    if set(found.unsafe) & set(found.safe):
        raise ModelError(
            f"{reader.config.model}: its tokenizer begins '{unsafe[0]}' and '{safe[0]}' with the "
            "same token; is this a model of the family that label.teacher.family names?"
        )
    return found


def _first_tokens(reader: CausalReader, words: Sequence[str], lead: Lead) -> tuple[int, ...]:
    """Look each word up as one token (plain, byte-level or SentencePiece), else take its first."""
    vocabulary = reader.tokenizer.get_vocab()
    tokens: set[int] = set()
    for word in words:
        for space in LEADS[lead]:
            piece = f"Ġ{word}" if space else word
            forms = [vocabulary[form] for form in (piece, f"▁{word}") if form in vocabulary]
            start = reader.encode(space + word)[:1]
            tokens.update(forms or (first for first in start if reader.decode(first).strip()))
    return tuple(sorted(tokens))


def chat_template(reader: CausalReader) -> str:
    """Return the tokenizer's chat template.

    Raises:
        ModelError: when it has none.
    """
    template = reader.tokenizer.chat_template
    if not isinstance(template, str):
        raise ModelError(
            f"{reader.config.model} has no chat template: take the original model's files"
        )
    return template


def turns(pair: TextPair) -> list[dict[str, str]]:
    """Return a pair as the turns of a conversation; None adds no assistant turn."""
    prompt, response = pair
    user = {"role": "user", "content": prompt}
    return [user] if response is None else [user, {"role": "assistant", "content": response}]
