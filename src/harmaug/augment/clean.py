"""From what an LLM wrote to one instruction: openings, quotes and self-explanations removed."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKS = "\"'“”‘’`*_ \t"
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
# Words that an instruction has too ("Write a note because ..."): they explain only after its end.
_ASIDE = (
    r"(?:(?:^|(?<=[.!?…\"”)\]])|(?<=[.!?]['’]))[\s*_]*[(\[]?|[(\[])[\s*_]*"
    r"(?:this is|please note|note|remember|explanation|disclaimer|i hope)"
)
_EXPLANATION = re.compile(
    r"(?:\s*[\"”']?\s*[(\[]?\s*\b(?:this (?:prompt|instruction|request|question)|the prompt)|"
    rf"{_ASIDE})\b[^.!?]{{0,40}}"
    r"\b(?:harmful|offensive|inappropriate|elicit|creative|unethical|because|not meant|purpose)\b"
    r".*$",
    re.IGNORECASE | re.DOTALL,
)


def clean(raw: str, openings: Sequence[str]) -> str:
    """Return the instruction in a completion, "" where nothing is left.

    Only the first paragraph counts; an opening that is repeated, list numbers, surrounding
    quotes and a trailing explanation of why the prompt is harmful (paper, Table 12) go.
    """
    paragraphs = [part.strip() for part in raw.strip().split("\n") if part.strip()]
    if not paragraphs:
        return ""
    text = paragraphs[0]
    if text.endswith(":") and len(paragraphs) > 1:
        text = paragraphs[1]
    text = _without_openings(text, openings)
    text = _NUMBERED.sub("", text)
    text = _quoted(text)
    shortened = _EXPLANATION.sub("", text)
    return " ".join((shortened if len(shortened.split()) >= 3 else text).split()).strip(_MARKS)


def has_explanation(raw: str) -> bool:
    """Say whether a completion explains itself after the instruction."""
    match = _EXPLANATION.search(raw)
    return match is not None and match.start() > 0


def echoes(raw: str, openings: Sequence[str]) -> bool:
    """Say whether a completion repeats its opening."""
    start = raw.strip().lower()
    return any(start.startswith(opening.rstrip(": ").lower()) for opening in openings)


def _without_openings(text: str, openings: Sequence[str]) -> str:
    for opening in openings:
        bare = opening.rstrip(": ")
        if text.lower().startswith(bare.lower()):
            text = text[len(bare) :].lstrip(": ")
    return text


def _quoted(text: str) -> str:
    """Return what stands in the first pair of quotes when the text opens with one."""
    match = re.match(r"^[\"“](.+?)[\"”]", text, re.DOTALL)
    return match.group(1) if match else text
