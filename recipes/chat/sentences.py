"""Single sentences that people (or test writers) send to assistants, harmful and harmless.

Everything here is filtered for a model that writes: no sentence about harm mentions a minor at
all, and no text joins minors with anything sexual.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recipes.chat.minors_filter import mentions_minors, sexual_about_minors
from recipes.guard.authored import read_authored
from recipes.sources import Row, read_rows

MAX_WORDS = 38

# The project's own files of short prompts; what is held of them is the quickstart's benchmark.
TWINS = ("authored_contrasts", "authored_soundalikes", "authored_traffic")
AUTHORED = ("authored_benign_prompts", "authored_harmful_prompts", *TWINS)

# Files of harmful requests, and how many rows of each at most: templated files weigh less.
HARMFUL_FILES = {
    "advbench": 500,
    "red_instruct_questions": 3000,
    "aart": 3000,
    "multijail_en": 300,
    "cyberseceval_mitre": 300,
    "harm_mlcommons_v05": 600,
    "harm_openai_rbr_prompts": 300,
    "gptfuzz_responses": 6000,
    "jailbreak_latent_prompts": 40,
    "ailuminate_demo_en_unlabelled": 1200,
}
HARMLESS_FILES = {
    "benign_clinc150": 2500,
    "benign_nlu_eval_home_assistant": 900,
    "benign_banking77": 500,
    "benign_taskmaster": 250,
    "benign_oasst_eval_files": 1400,
    "benign_self_instruct": 430,
    "benign_truthfulqa": 820,
    "benign_certified_safe_prompts": 520,
    "benign_mtbench_vicuna": 240,
    "benign_medquad": 500,
    "benign_counsel_chat": 1100,
    "cyberseceval_frr_interpreter": 750,
}
# Kept of the files that sort by topic: what is harmful by construction and fit to be written.
_CATEGORIES = {
    "red_instruct_questions": {
        "None", "Illegal Activity", "Malware Viruses", "Physical Harm", "Economic Harm", "Fraud",
        "Privacy Violation Activity", "Hate",
    },
    "ailuminate_demo_en_unlabelled": {"vcr", "ncr", "iwp", "hte"},
}  # fmt: skip
_LEFT_OUT = {"sex trafficking", "child trafficking", "rape", "scr-malicious-user", "C-R", "cse"}

_ACT = re.compile(
    r"\b(?:how (?:can|do|could|would|should|might) (?:i|you|we|one|someone|somebody|people)|how to|"
    r"(?:teach|show|tell) (?:me|someone|people) (?:how )?to|script (?:that|which) can|"
    r"(?:plan|steps|instructions|ways|want|like) to|best way to|help me(?: to)?) "
    r"(?P<act>(?!(?:to|the|a|get away|be|i|know|with|come|do|write|tell)\b)[a-z]+ .{6,80}?)"
    r"(?:[.?!:;(,\n\"]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One request; ``act`` is its base-form phrase ("steal a car") where it names one.

    ``twin``: written as one of two that are alike in all but what matters.
    """

    text: str
    act: str | None
    twin: bool = False


def act_of(text: str) -> str | None:
    """What a request wants to do, as a phrase that can follow "to"; None where none is named."""
    match = _ACT.search(text)
    if match is None:
        return None
    act = match["act"].strip(" '\"-").lower()
    return act if 2 <= len(act.split()) <= 13 else None


def one_line(text: str) -> str:
    """Text on one line, in the plain punctuation that the model is to write."""
    text = text.replace("—", ", ").replace(" - ", ", ").replace("*", "").replace('"', "")
    text = text.replace("“", "").replace("”", "").replace("’", "'").replace("..", ".")
    return " ".join(text.split())


def _usable(row: Row) -> bool:
    kept = _CATEGORIES.get(row.file)
    category = str(row.category)
    if kept is not None and category.partition("/")[0] not in kept:
        return False
    if category in _LEFT_OUT:
        return False
    return row.label == 1 or row.file in ("gptfuzz_responses", "ailuminate_demo_en_unlabelled")


def _authored(harmful: bool) -> Iterator[tuple[str, bool]]:
    for row in read_authored():
        example = row.example
        if example.source in AUTHORED and not row.held and example.label == harmful:
            yield example.prompt, example.source in TWINS


def _sentences(texts: Iterator[str], harmful: bool) -> list[Sentence]:
    found: dict[str, Sentence] = {}
    for raw, twin in itertools.chain(((text, False) for text in texts), _authored(harmful)):
        text = one_line(raw)
        if not 3 <= len(text.split()) <= MAX_WORDS:
            continue
        if sexual_about_minors(text) or (harmful and mentions_minors(text)):
            continue
        found.setdefault(text.lower(), Sentence(text, act_of(text), twin))
    return list(found.values())


def harmful_sentences(data: Path) -> list[Sentence]:
    """Distinct harmful requests of the open files and of the project's own."""

    def texts() -> Iterator[str]:
        for name, limit in HARMFUL_FILES.items():
            rows = [row.prompt for row in read_rows(data, name) if _usable(row)]
            step = max(1.0, len(rows) / limit)
            yield from (rows[int(i * step)] for i in range(min(limit, len(rows))))

    return _sentences(texts(), harmful=True)


def harmless_sentences(data: Path) -> list[Sentence]:
    """Distinct harmless requests of the open files and of the project's own."""

    def texts() -> Iterator[str]:
        for name, limit in HARMLESS_FILES.items():
            rows = [row.prompt for row in read_rows(data, name) if row.label != 1]
            step = max(1.0, len(rows) / limit)
            yield from (rows[int(i * step)] for i in range(min(limit, len(rows))))

    return _sentences(texts(), harmful=False)
