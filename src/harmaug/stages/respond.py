"""Respond: the refusal, the harmful and the empty response of each instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harmaug.augment.minors import sexualises_minors
from harmaug.config import RespondConfig, ResponderConfig
from harmaug.llm.base import Completion, Request
from harmaug.rows import Pair, ResponseTask
from harmaug.stages.asking import AskingStage, Role
from harmaug.text import Message


@dataclass(frozen=True)
class RespondStage(AskingStage[ResponseTask, Pair]):
    """The responders with one configuration; an empty response needs no LLM."""

    config: RespondConfig
    journal: Path | None = None

    def roles(self) -> dict[str, Role]:
        """Return the responders, by the kind of response they write."""
        return {kind: Role(role.llm, role.sampling) for kind, role in self._responders().items()}

    def requests(self, rows: Sequence[ResponseTask]) -> dict[str, list[Request]]:
        """Ask for one response for each task that is not of the empty kind."""
        responders = self._responders()
        asked: defaultdict[str, list[Request]] = defaultdict(list)
        for row in rows:
            if row.kind != "empty":
                asked[row.kind].append(_request(row, responders[row.kind]))
        return dict(asked)

    def finished(
        self, rows: Sequence[ResponseTask], completions: Mapping[str, Completion]
    ) -> list[Pair]:
        """Build the pair of each task."""
        return [_pair(row, completions.get(row.id)) for row in rows]

    def _responders(self) -> dict[str, ResponderConfig]:
        named = {"refusal": self.config.refusal, "harmful": self.config.harmful}
        return {kind: responder for kind, responder in named.items() if responder is not None}


def _request(task: ResponseTask, role: ResponderConfig) -> Request:
    messages: list[Message] = [{"role": "user", "content": task.prompt}]
    if role.system is not None:
        messages.insert(0, {"role": "system", "content": role.system})
    return Request(task.id, tuple(messages), role.prefix, task.seed)


def _pair(task: ResponseTask, completion: Completion | None) -> Pair:
    """Build the pair; a response that sexualises minors leaves only the reason."""
    text = completion.text if completion else None
    error = completion.error if completion else None
    if text is not None and sexualises_minors(f"{task.prompt} {text}"):
        text, error = None, "minors"
    elif completion is not None and error is None and not (text or "").strip():
        text, error = None, "empty answer"
    return Pair(
        id=task.id,
        prompt=task.prompt,
        response=text,
        kind=task.kind,
        label=None,
        category=None,
        source="generated",
        error=error,
        tokens_in=completion.tokens_in if completion else 0,
        tokens_out=completion.tokens_out if completion else 0,
    )
