"""Turning prompts, pairs and conversations into what a model reads.

Training and the guard both go through this file, so that a student sees in production what it
saw in training. A prompt alone is encoded as one sequence and a pair as two, each row by itself:
one row gives the same ids alone as in any batch.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from tokenizers import Encoding, Tokenizer

from harmaug.errors import DataError
from harmaug.scoring import TextPair

Role = Literal["system", "user", "assistant"]


class Message(TypedDict):
    """One turn of a conversation, as chat APIs have it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one row and, for two-sequence models, which sequence each belongs to."""

    ids: tuple[int, ...]
    type_ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


def normalise(text: str) -> str:
    """Undo what hides words from a guard: compatibility forms become plain ones (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def encode(
    tokenizer: Tokenizer, pairs: Sequence[TextPair], max_length: int | None = None
) -> list[Encoded]:
    """Encode prompts as one sequence and prompt-response pairs as two, without padding.

    Text that spells a special token ("[SEP]") is encoded as ordinary text. Tokenizers that put
    nothing between two sequences (decoders) get a blank line there. With `max_length` the longer
    of the two sequences loses its end first, as `longest_first` of `transformers` does.
    """
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.encode_special_tokens = True
    tokenizer.no_padding()
    if max_length is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_length, strategy="longest_first")
    joined = tokenizer.num_special_tokens_to_add(True) == 0
    rows = [_row(prompt, response, joined) for prompt, response in pairs]
    return [_encoded(encoding) for encoding in tokenizer.encode_batch(rows)]


def _row(prompt: str, response: str | None, joined: bool) -> str | tuple[str, str]:
    if response is None:
        return prompt
    return f"{prompt}\n\n{response}" if joined else (prompt, response)


def _encoded(encoding: Encoding) -> Encoded:
    return Encoded(tuple(encoding.ids), tuple(encoding.type_ids))


def conversation(messages: Sequence[Message]) -> TextPair:
    """Turn a conversation into the pair to judge.

    The last assistant turn, where it ends the conversation, is the response; everything before
    it is context and becomes the prompt: a single user turn as it is, several turns as lines
    `Human: ...` and `Assistant: ...`. System turns are the application's own and are not judged.

    Raises:
        DataError: for an empty conversation, an unknown role, or one without a user turn.
    """
    turns = [message for message in messages if message["role"] != "system"]
    unknown = {turn["role"] for turn in turns} - {"user", "assistant"}
    if unknown:
        raise DataError(f"unknown role '{sorted(unknown)[0]}'; use system, user or assistant")
    response = turns.pop()["content"] if turns and turns[-1]["role"] == "assistant" else None
    if not turns:
        raise DataError("a conversation needs at least one user turn before the answer to judge")
    if len(turns) == 1 and turns[0]["role"] == "user":
        return turns[0]["content"], response
    names = {"user": "Human", "assistant": "Assistant"}
    lines = [f"{names[turn['role']]}: {turn['content']}" for turn in turns]
    return "\n".join(lines), response
