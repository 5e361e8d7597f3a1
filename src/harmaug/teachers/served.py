"""Causal guards behind an OpenAI-compatible server: read by the next token's log-probabilities.

The family's text is rendered and encoded here, with the served model's own tokenizer. How the
server is asked is probed once, with the shortest text of the first batch, or with a line of plain
text where that too may be longer than the server takes. A server that gives no log-probabilities
or reads another number of tokens than the tokenizer here is refused before it is asked for a score.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.llm.asking import Asker, Question
from harmaug.llm.base import Completion
from harmaug.llm.endpoint import endpoint_of
from harmaug.llm.journal import Event, Journal
from harmaug.llm.transport import RequestError
from harmaug.runs.fingerprint import fingerprint
from harmaug.scoring import FloatArray, ScorerInfo
from harmaug.teachers.logprobs import (
    WAYS,
    Names,
    Prompt,
    Way,
    next_call,
    next_of,
    side_odds,
    write_call,
)
from harmaug.teachers.reading import Answers, encode

Ask = Callable[[Prompt, Way], Question]

SHORT = "Hello! Don't 1234567 loaves of bread cost more in 東京?"
"""Any server holds it, and hardly two tokenizers count it alike."""


@dataclass(frozen=True)
class _Probe:
    """How a server reads a prompt whole, or why in no way; whether it made it longer in one."""

    way: Way | None
    reasons: str
    adds: bool


class ServedReader:
    """A causal model behind a server; what was answered is journaled and not asked for again."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, config: TeacherConfig, asker: Asker
    ) -> None:
        self.tokenizer = tokenizer
        self.config = config
        self._asker = asker
        self._way: Way | None = None
        start = tokenizer.bos_token
        adds = tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]
        self._start = start if isinstance(start, str) and adds else ""

    def info(self, template: str) -> ScorerInfo:
        """Describe a teacher that reads this model with a template; its weights are not known."""
        return ScorerInfo(
            name=self.config.model,
            revision=fingerprint(self.config.model, self.config.revision, self.config.base_url),
            score_kind="two-way softmax",
            template=fingerprint(template),
            runtime="server, log-probabilities",
        )

    def log_odds(self, texts: Sequence[str], answers: Answers) -> FloatArray:
        """Return the log-odds of an unsafe against a safe next token, shape (n,).

        NaN where the likeliest next token begins neither answer, where the text is too long, and
        where the server refused the row or read less of it than was sent.

        Raises:
            ModelError: when the server cannot be asked for log-probabilities.
            ServerError: when the server as a whole cannot be used.
        """
        unsafe = [self._names(number) for number in answers.unsafe]
        safe = [self._names(number) for number in answers.safe]
        wanted = (*answers.unsafe, *answers.safe)

        def events(answer: Completion) -> tuple[Event, ...]:
            return ("floored",) if side_odds(next_of(answer), unsafe, safe)[1] else ()

        prompts = [self._prompt(text) for text in texts]
        found = self._ask(
            prompts,
            self.config.max_length,
            lambda prompt, way: Question(
                next_call(self.config.model, prompt, wanted, way), events=events
            ),
        )
        odds = [
            np.nan if answer is None else side_odds(next_of(answer), unsafe, safe)[0]
            for answer in found
        ]
        return np.array(odds, dtype=np.float64)

    def write(self, texts: Sequence[str], most: int) -> list[str | None]:
        """Continue each text greedily by at most `most` tokens.

        None for a text that leaves no room for them, and for one that the server refused.

        Raises:
            ModelError: when the server cannot be asked for log-probabilities.
            ServerError: when the server as a whole cannot be used.
        """
        limit = self.config.max_length
        found = self._ask(
            [self._prompt(text) for text in texts],
            None if limit is None else limit - most,
            lambda prompt, way: Question(write_call(self.config.model, prompt, most, way)),
        )
        return [None if answer is None else next_of(answer).written for answer in found]

    def _ask(
        self, prompts: Sequence[Prompt], longest: int | None, question: Ask
    ) -> list[Completion | None]:
        """Ask about the prompts that fit; None for those that do not and those that failed."""
        fits = [
            at for at, prompt in enumerate(prompts) if longest is None or len(prompt.ids) <= longest
        ]
        found: list[Completion | None] = [None] * len(prompts)
        if fits:
            answers = asyncio.run(self._answers([prompts[at] for at in fits], question))
            for at, answer in zip(fits, answers, strict=True):
                cut = 0 < answer.tokens_in < len(prompts[at].ids)
                found[at] = None if answer.error is not None or cut else answer
        return found

    async def _answers(self, prompts: Sequence[Prompt], question: Ask) -> list[Completion]:
        async with self._asker.open() as client:
            if self._way is None:
                shortest = min(prompts, key=lambda prompt: len(prompt.ids))
                self._way = await self._found_way(client, shortest)
            way = self._way
            return await self._asker.ask_all(client, [question(prompt, way) for prompt in prompts])

    async def _found_way(self, client: httpx.AsyncClient, shortest: Prompt) -> Way:
        """Find the most exact way of asking that this server takes."""
        probe = await self._probe(client, shortest)
        if probe.way is None and not probe.adds:  # it may be longer than the server takes
            short = self._prompt(self._start + SHORT)
            probe = await self._probe(client, short)
            if probe.way is not None:
                # So a server that then refuses the whole batch is known to be one that answers.
                call = next_call(self.config.model, short, (), probe.way)
                await self._asker.ask_unless_known(client, Question(call))
        if probe.way is None:
            raise ModelError(
                f"{self.config.base_url} cannot score with '{self.config.model}' "
                f"({probe.reasons}): a server is needed that knows the model by this name and "
                "gives log-probabilities on /v1/completions (vLLM, SGLang, llama.cpp)"
            )
        return probe.way

    async def _probe(self, client: httpx.AsyncClient, prompt: Prompt) -> _Probe:
        """Ask in one way after the other until the server reads the prompt as it is."""
        reasons: list[str] = []
        adds = False
        for way in WAYS:
            call = next_call(self.config.model, prompt, (), way)
            try:
                answer = await self._asker.probe(client, call)
            except RequestError as error:
                reasons.append(error.reason)
                continue
            if not next_of(answer).near:
                reasons.append("no log-probabilities in its answer")
            elif answer.tokens_in not in {0, len(prompt.ids)}:
                adds = adds or answer.tokens_in > len(prompt.ids)
                reasons.append(
                    f"reads {answer.tokens_in} tokens where the tokenizer here has "
                    f"{len(prompt.ids)}: is label.teacher.tokenizer the served model's?"
                )
            else:
                return _Probe(way, "", adds)
        return _Probe(None, "; ".join(dict.fromkeys(reasons)), adds)

    def _prompt(self, text: str) -> Prompt:
        """Encode a text; as text it leaves out the start that the server's tokenizer adds."""
        return Prompt(text.removeprefix(self._start), tuple(encode(self.tokenizer, text)))

    def _names(self, number: int) -> Names:
        """Return the names that servers give to a token: its id, and how it is spelt."""
        piece = str(self.tokenizer.convert_ids_to_tokens(number))
        spelt = re.sub("^[Ġ▁]", " ", piece)
        return frozenset([number, piece, spelt, str(self.tokenizer.decode([number]))])


def load_reader(config: TeacherConfig, journal: Path | None) -> ServedReader:
    """Load the served model's tokenizer; the server is first met by the first text.

    Raises:
        ConfigError: when the server is not named.
        ModelError: when the tokenizer cannot be loaded.
    """
    endpoint = endpoint_of(config, "label.teacher")
    name = config.tokenizer or config.model
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=config.revision or "main")
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"cannot load the tokenizer '{name}' ({reason}): set label.teacher.tokenizer to the "
            "served model's folder or hub id"
        ) from None
    return ServedReader(tokenizer, config, Asker(endpoint, Journal(journal)))
