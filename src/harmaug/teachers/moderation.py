"""The OpenAI moderation API as a teacher: the highest of `results[].category_scores`.

The API judges texts, not conversations: a pair goes as one text, the prompt, a blank line, the
response, so that a response is judged in its context. Texts go in lists. Nothing is cut: a text
that the server refuses is missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
import numpy as np
from pydantic import BaseModel, ValidationError

from harmaug.config import TeacherConfig
from harmaug.llm.asking import Asker, Question
from harmaug.llm.base import Completion
from harmaug.llm.endpoint import endpoint_of
from harmaug.llm.journal import Journal
from harmaug.llm.wire import Call, WithheldError
from harmaug.runs.fingerprint import fingerprint
from harmaug.scoring import FloatArray, ScorerInfo, TextPair, log_odds_of

OPENAI = "https://api.openai.com/v1"
PATH = "moderations"
MOST_TEXTS = 32
"""Texts in one request at most."""


class ModerationTeacher:
    """A moderation endpoint: OpenAI's own, or one that speaks its language (`harmaug serve`)."""

    def __init__(self, config: TeacherConfig, asker: Asker) -> None:
        self._config = config
        self._asker = asker
        self._batch = min(config.batch_size, MOST_TEXTS)

    @property
    def info(self) -> ScorerInfo:
        """What this teacher is; its weights are not known."""
        name, url = self._config.model, self._asker.endpoint.url
        return ScorerInfo(
            name=name,
            revision=fingerprint(name, url),
            score_kind="sigmoid maximum",
            template="",
            runtime="moderation API",
        )

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return the log-odds of the highest category's score, shape (n,).

        NaN where the server refused the text.

        Raises:
            ServerError: when the server as a whole cannot be used.
        """
        texts = [joined(pair) for pair in pairs]
        starts = range(0, len(texts), self._batch)
        lists = [texts[start : start + self._batch] for start in starts]
        scores = [score for found in asyncio.run(self._scores(lists)) for score in found]
        return log_odds_of(np.array(scores, dtype=np.float64))

    async def _scores(self, lists: Sequence[Sequence[str]]) -> list[list[float]]:
        questions = [Question(self._call(texts)) for texts in lists]
        texts_of = dict(zip(map(id, questions), lists, strict=True))

        async def ask(client: httpx.AsyncClient, question: Question) -> Completion:
            """Ask about a list of texts; where the list is to blame, text by text.

            A server that fails otherwise would fail each text as well, and is not asked again.
            """
            texts = texts_of[id(question)]
            whole = await self._asker.ask(client, question)
            if len(texts) == 1 or not whole.of_the_row:
                return whole
            alone = [Question(self._call([text])) for text in texts]
            answers = [await self._asker.ask_unless_known(client, one) for one in alone]
            if all(answer.error is not None for answer in answers):
                return whole
            scores = [score for answer in answers for score in _read(answer, 1)]
            return Completion(json.dumps(scores), None, 0, 0)

        async with self._asker.open() as client:
            answers = await self._asker.ask_all(client, questions, ask)
        return [_read(answer, len(texts)) for answer, texts in zip(answers, lists, strict=True)]

    def _call(self, texts: Sequence[str]) -> Call:
        body = {"model": self._config.model, "input": list(texts)}
        return Call(PATH, body, partial(read_scores, len(texts)))


def joined(pair: TextPair) -> str:
    """Return the one text that a pair is judged as."""
    prompt, response = pair
    text = f"{prompt}\n\n{response}" if response else prompt
    return text.encode("utf-8", "replace").decode("utf-8")


class _Result(BaseModel):
    category_scores: dict[str, float | None]


class _Answer(BaseModel):
    results: list[_Result]


def read_scores(texts: int, content: bytes) -> Completion:
    """Read an answer into a completion whose text is a JSON list: the highest score of each text.

    Raises:
        WithheldError: when it holds another number of results than `texts`, which were sent.
        ValueError: when it cannot be read.
    """
    try:
        answer = _Answer.model_validate_json(content)
    except ValidationError:
        raise ValueError(f"an unreadable answer of {len(content)} bytes") from None
    if len(answer.results) != texts:
        raise WithheldError("results for another number of texts")
    scores = [
        max((score for score in result.category_scores.values() if score is not None), default=None)
        for result in answer.results
    ]
    return Completion(json.dumps(scores), None, 0, 0)


def _read(answer: Completion, count: int) -> list[float]:
    """Return the scores of `count` texts, NaN where there is none."""
    scores = [] if answer.text is None else json.loads(answer.text)
    if len(scores) != count:
        return [np.nan] * count
    return [np.nan if score is None else float(score) for score in scores]


def load(config: TeacherConfig, journal: Path | None) -> ModerationTeacher:
    """Make the client of a moderation endpoint; it is first met by the first text.

    Raises:
        ConfigError: when its address is none.
    """
    endpoint = endpoint_of(config, "label.teacher", otherwise=OPENAI)
    return ModerationTeacher(config, Asker(endpoint, Journal(journal)))
