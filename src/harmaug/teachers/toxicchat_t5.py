"""ToxicChat-T5: an encoder-decoder that writes `positive` or `negative` after "ToxicChat: ".

The score is read from the first token it would write. It was trained on users' messages alone
(model card of lmsys/toxicchat-t5-large-v1.0): a response is put after its prompt, a blank line
between them, which is this project's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForSeq2SeqLM

from harmaug.config import TeacherConfig
from harmaug.scoring import FloatArray, ScoreKind
from harmaug.teachers.checkpoint import load_classifier
from harmaug.teachers.odds import answer_odds
from harmaug.teachers.reading import Answers, find_answers
from harmaug.teachers.sequence import SequenceTeacher, Wording

TOKENIZERS = {"lmsys/toxicchat-t5-large-v1.0": "google-t5/t5-large"}
"""It is published without one."""

WORDING = Wording(prefix="ToxicChat: ", joint="\n\n")
LIMIT = 512
"""What T5 was trained on; its positions are relative and set no limit of their own."""


def load(config: TeacherConfig, journal: Path | None) -> SequenceTeacher:
    """Load a ToxicChat-T5; a model in the process needs no journal.

    Raises:
        ModelError: when it cannot be loaded, or its tokenizer cannot tell its answers apart.
    """
    name = TOKENIZERS.get(config.model, config.model)
    model, tokenizer = load_classifier(config, name, AutoModelForSeq2SeqLM)
    rule = WordRule(find_answers(tokenizer, ["positive"], ["negative"], lead="none"))
    return SequenceTeacher(model, tokenizer, config, rule, limit=LIMIT, wording=WORDING)


@dataclass(frozen=True)
class WordRule:
    """The first written token, taken as a classifier of two classes."""

    answers: Answers

    @property
    def score_kind(self) -> ScoreKind:
        """What the score is called."""
        return "two-way softmax"

    def log_odds(self, logits: torch.Tensor) -> FloatArray:
        """Turn logits (n, vocabulary) into log-odds, NaN where neither answer is likeliest."""
        return answer_odds(logits, self.answers)
