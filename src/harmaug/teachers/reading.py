"""What a causal guard is asked with: rendered text, and the tokens that begin its answers.

A family turns a pair into text and names its answers; a `Reader` looks at the token after a text.
So a family knows no engine, and an engine (the model in this process, a server) no family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import FloatArray, ScorerInfo, TextPair


@dataclass(frozen=True)
class Answers:
    """The tokens that begin an unsafe and a safe answer."""

    unsafe: tuple[int, ...]
    safe: tuple[int, ...]


class Reader(Protocol):
    """Reads rendered texts and tells what the model would go on with.

    The texts hold the template's control tokens as text. A text that is too long for the model is
    not cut: its value is missing.
    """

    @property
    def config(self) -> TeacherConfig:
        """What was asked for."""
        ...

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's own tokenizer, which also holds its chat template."""
        ...

    def info(self, template: str) -> ScorerInfo:
        """Describe a teacher that reads this model with a template."""
        ...

    def log_odds(self, texts: Sequence[str], answers: Answers) -> FloatArray:
        """Return the log-odds of an unsafe against a safe next token, shape (n,).

        NaN where the likeliest next token begins neither answer, and where the text is too long.
        """
        ...

    def write(self, texts: Sequence[str], most: int) -> list[str | None]:
        """Continue each text greedily by at most `most` tokens, control tokens written out.

        None for a text that leaves no room for them.
        """
        ...


Lead = Literal["space", "none", "either"]
"""What parts an answer from the text before it."""

LEADS: dict[Lead, tuple[str, ...]] = {"space": (" ",), "none": ("",), "either": ("", " ")}


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Encode a rendered text, whose special tokens stand in it already."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def find_answers(
    tokenizer: PreTrainedTokenizerBase,
    unsafe: Sequence[str],
    safe: Sequence[str],
    lead: Lead,
) -> Answers:
    """Find the tokens that begin the answers where they stand in the text.

    Raises:
        ModelError: when one token cannot tell a safe from an unsafe answer.
    """
    found = Answers(_first_tokens(tokenizer, unsafe, lead), _first_tokens(tokenizer, safe, lead))
    if not found.unsafe or not found.safe or set(found.unsafe) & set(found.safe):
        raise ModelError(
            f"{tokenizer.name_or_path}: its tokenizer does not tell '{unsafe[0]}' from '{safe[0]}' "
            "by the first token; is this a model of the family that label.teacher.family names?"
        )
    return found


def _first_tokens(
    tokenizer: PreTrainedTokenizerBase, words: Sequence[str], lead: Lead
) -> tuple[int, ...]:
    """Look each word up as one token (plain, byte-level or SentencePiece), else take its first."""
    vocabulary = tokenizer.get_vocab()
    tokens: set[int] = set()
    for word in words:
        for space in LEADS[lead]:
            piece = f"Ġ{word}" if space else word
            forms = [vocabulary[form] for form in (piece, f"▁{word}") if form in vocabulary]
            start = encode(tokenizer, space + word)[:1]
            tokens.update(
                forms or (first for first in start if str(tokenizer.decode([first])).strip())
            )
    return tuple(sorted(tokens))


ONE_DAY = (
    "{%- macro strftime_now(form) -%}{{ {'%Y-%m-%d': '2025-01-01', '%d %b %Y': '01 Jan 2025'}"
    ".get(form, 'January 01, 2025') }}{%- endmacro -%}"
)
"""Some templates state the date; a score must not change with it."""


def chat_template(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the tokenizer's chat template, on one day for ever.

    Raises:
        ModelError: when it has none.
    """
    template = tokenizer.chat_template
    if not isinstance(template, str):
        raise ModelError(
            f"{tokenizer.name_or_path} has no chat template: take the original model's files"
        )
    return f"{ONE_DAY}{template}" if "strftime_now" in template else template


TRIED: tuple[TextPair, ...] = (("Hello.", None), ("Hello.", "Hello."))
"""What a teacher renders when it is loaded: a template that takes no such turns is told then."""


Turn = Mapping[str, object]
"""A role and its content, a text or a list of parts."""


class _ApplyTemplate(Protocol):
    """`apply_chat_template`, whose own type knows neither parts nor a template's settings."""

    def __call__(self, conversation: Sequence[Turn], **settings: object) -> object: ...


def rendered(
    tokenizer: PreTrainedTokenizerBase,
    template: str,
    messages: Sequence[Turn],
    *,
    add_generation_prompt: bool,
    **settings: object,
) -> str:
    """Render a conversation by a chat template, which may have settings of its own.

    Raises:
        ModelError: when the template does not take these turns.
    """
    apply = cast("_ApplyTemplate", tokenizer.apply_chat_template)
    try:
        text = apply(
            messages,
            chat_template=template,
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            **settings,
        )
    except (TemplateError, TypeError, KeyError) as error:
        roles = ", ".join(str(message["role"]) for message in messages)
        reason = " ".join(str(error).split())
        raise ModelError(
            f"{tokenizer.name_or_path}: its chat template does not take the turns of this family "
            f"({roles}: {reason}); is it a model of the one that label.teacher.family names?"
        ) from None
    return str(text)


def written_after(reader: Reader, text: str, most: int) -> str:
    """Return what the model writes after a text that shows, at load, how it answers.

    Raises:
        ModelError: when it gave no answer, which shows nothing.
    """
    written = reader.write([text], most)[0]
    if written is None:
        raise ModelError(
            f"'{reader.config.model}' gave no answer to the short text that shows how it answers: "
            "see the server's log if it has one, and let label.teacher.max_length hold its "
            "template, then run the same command again"
        )
    return written


def opening(reader: Reader, text: str, until: str, otherwise: str, most: int = 16) -> str:
    """Return what the model itself writes after `text` through `until`, found out once at load.

    `otherwise` stands in where it does not write it within `most` tokens.

    Raises:
        ModelError: when it gave no answer.
    """
    before, found, _ = written_after(reader, text, most).partition(until)
    return before + found if found else otherwise


def turns(pair: TextPair) -> list[dict[str, str]]:
    """Return a pair as the turns of a conversation; None adds no assistant turn."""
    prompt, response = pair
    user = {"role": "user", "content": prompt}
    return [user] if response is None else [user, {"role": "assistant", "content": response}]
