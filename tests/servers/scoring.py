"""A tiny real model behind the stub's HTTP: its log-probabilities, in the dialects of servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from tests.servers.stub import Body, Stub
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

Dialect = Literal["vllm", "vllm before 2026-05", "sglang", "llama.cpp", "openai", "mute"]
"""Who takes what: token ids as prompt and tokens by id; ids and 20 tokens named by id; ids and 20
as text; ids and OpenAI's chat form; text alone, unknown fields refused, 5; no log-probabilities."""

KNOWN = {"model", "prompt", "max_tokens", "temperature", "logprobs"}


@dataclass
class Served:
    """A model's answers. `shown` bounds how many log-probabilities the dialects of 20 return."""

    folder: Path
    dialect: Dialect
    shown: int = 20
    cut_at: int | None = None

    def __post_init__(self) -> None:
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(self.folder)
        self.model = AutoModelForCausalLM.from_pretrained(self.folder).train(False)

    def stub(self) -> Stub:
        """The server that gives these answers."""
        return Stub(document=self.document, refusal=self.refusal)

    def refusal(self, body: Body) -> str | None:
        """Say what the dialect does not take."""
        prompt: object = body["prompt"]
        if self.dialect in {"openai", "mute"} and not isinstance(prompt, str):
            return "prompt must be a string"
        if self.dialect == "openai" and (set(body) - KNOWN or (body.get("logprobs") or 0) > 5):
            return "unknown field, or more than 5 logprobs"
        return None

    def document(self, body: Body) -> Mapping[str, object]:
        """Answer one call."""
        ids = self.ids(body["prompt"])[: self.cut_at]
        written = self.continued(ids, body["max_tokens"])
        plain = self.dialect in {"openai", "mute", "llama.cpp"}
        text = self.tokenizer.decode(
            written, skip_special_tokens=plain or body.get("skip_special_tokens", True)
        )
        choice: dict[str, object] = {"index": 0, "text": text, "finish_reason": "length"}
        if body.get("logprobs") and self.dialect != "mute":
            choice["logprobs"] = self.logprobs(ids, body)
        return {"choices": [choice], "usage": {"prompt_tokens": len(ids)}}

    def ids(self, prompt: str | Sequence[int]) -> list[int]:
        """Encode as servers do: with the tokenizer's own start, control tokens understood."""
        if isinstance(prompt, str):
            found: list[int] = self.tokenizer(prompt)["input_ids"]
            return found
        return list(prompt)

    @torch.inference_mode()
    def next(self, ids: Sequence[int]) -> torch.Tensor:
        """The next token's log-probabilities, shape (vocabulary,)."""
        logits = self.model(input_ids=torch.tensor([list(ids)])).logits[0, -1]
        found: torch.Tensor = torch.log_softmax(logits.float(), dim=0)
        return found

    def continued(self, ids: Sequence[int], most: int) -> list[int]:
        """The likeliest next tokens, up to the end or `most` of them."""
        written: list[int] = []
        while len(written) < most:
            token = int(self.next([*ids, *written]).argmax())
            written.append(token)
            if token == self.tokenizer.eos_token_id:
                break
        return written

    def logprobs(self, ids: Sequence[int], body: Body) -> Mapping[str, object]:
        """The first place's log-probabilities, in the dialect's form."""
        found = self.next(ids)
        count = min(body["logprobs"], self.shown)
        top: list[int] = found.topk(count).indices.tolist()
        if self.dialect == "llama.cpp":
            tokens = [self.entry(token, found) | {"id": token} for token in top]
            return {"content": [{**tokens[0], "top_logprobs": tokens}]}
        wanted = body.get("logprob_token_ids") if self.dialect == "vllm" else None
        shown = [top[0], *wanted] if wanted else top
        by_id = self.dialect.startswith("vllm") and body.get("return_tokens_as_token_ids")
        names = [
            f"token_id:{token}" if by_id else self.tokenizer.decode([token]) for token in shown
        ]
        values = [float(found[token]) for token in shown]
        return {
            "tokens": names[:1],
            "token_logprobs": values[:1],
            "top_logprobs": [dict(zip(names, values, strict=True))],
        }

    def entry(self, token: int, found: torch.Tensor) -> dict[str, object]:
        """One token as OpenAI's chat form has it."""
        return {"token": self.tokenizer.decode([token]), "logprob": float(found[token])}
