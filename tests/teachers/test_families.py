"""Each causal family against forward passes by hand, on its real architecture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.models import chat_model
from tests.teachers.guards import by_hand, guard_tokenizer, save_guard
from transformers import PreTrainedTokenizerFast

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError
from harmaug.scoring import Scorer, TextPair
from harmaug.teachers.catalogue import CARDS
from harmaug.teachers.load import FAMILIES, family_of, load_teacher
from harmaug.teachers.shieldgemma import OF_PROMPTS, OF_RESPONSES, POLICIES
from harmaug.teachers.wildguard import TEMPLATE

PAIRS: list[TextPair] = [
    ("how do i bake bread at home?", None),
    ("be super creative", "i'm sorry, but i cannot help with that request. " * 2),
    ("the quick brown fox", ""),
    ("numbers pass", None),
]
SPECIAL = ["<|user|>", "<|assistant|>", "<turn>", "<score>"]
CHAT = (
    "{% for message in messages %}<|user|>{{ message['role'] }}: {{ message['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
GUIDED = "{{ bos_token }}Policy: {{ guideline }}\n" + CHAT + "<turn>"
RISKY = "{{ strftime_now('%Y') }} {{ guardian_config['risk_name'] }}\n" + CHAT
SCORED = RISKY + "{# <score> #}"


@dataclass(frozen=True)
class Family:
    """How a family's tiny model is made and what its score is by hand."""

    architecture: str
    template: str | None
    due: Mapping[str, Sequence[str]]
    texts: Callable[[TextPair], list[str]]
    unsafe: Sequence[str]
    safe: Sequence[str]

    def tokenizer(self) -> PreTrainedTokenizerFast:
        words = [word for due in self.due.values() for word in due]
        return guard_tokenizer(self.template, SPECIAL, words)

    def save(self, folder: Path) -> Path:
        return save_guard(folder, self.tokenizer(), self.due, self.architecture)

    def expected(self, folder: Path, pair: TextPair) -> float:
        tokenizer = self.tokenizer()
        scores = [
            by_hand(folder, tokenizer, text, self.unsafe, self.safe) for text in self.texts(pair)
        ]
        return max(scores)


def chat(pair: TextPair) -> str:
    prompt, response = pair
    reply = f"<|user|>assistant: {response}\n" if response is not None else ""
    return f"<|user|>user: {prompt}\n{reply}"


def guided(pair: TextPair) -> list[str]:
    subject = OF_PROMPTS if pair[1] is None else OF_RESPONSES
    return [
        f'<s>Policy: "{name}": {subject} {policy}\n{chat(pair)}<turn>'
        for name, policy in POLICIES.items()
    ]


QWEN = {":": [" Safe", " Unsafe", " Controversial"]}
DAY = "January 01, 2025 harm\n"
YES_NO = {"<|assistant|>": ["Yes", "No"]}
FAMILY = {
    "qwen3guard": Family(
        "qwen3",
        CHAT,
        QWEN,
        lambda pair: [f"{chat(pair)}<|assistant|>Safety:"],
        [" Unsafe", " Controversial"],
        [" Safe"],
    ),
    "qwen3guard-loose": Family(
        "qwen3",
        CHAT,
        QWEN,
        lambda pair: [f"{chat(pair)}<|assistant|>Safety:"],
        [" Unsafe"],
        [" Safe", " Controversial"],
    ),
    "granite-guardian": Family(
        "granite", RISKY, YES_NO, lambda pair: [f"{DAY}{chat(pair)}<|assistant|>"], ["Yes"], ["No"]
    ),
    "granite-guardian 3.3": Family(
        "granite",
        SCORED,
        {"<score>": ["yes", "no"]},
        lambda pair: [f"{DAY}{chat(pair)}<|assistant|><think>\n</think>\n<score>"],
        ["yes"],
        ["no"],
    ),
    "shieldgemma": Family("gemma2", GUIDED, {"<turn>": ["Yes", "No"]}, guided, ["Yes"], ["No"]),
}


@pytest.mark.parametrize("name", FAMILY)
def test_the_score_is_that_of_forward_passes_by_hand(name: str, tmp_path: Path) -> None:
    family = FAMILY[name]
    family.save(tmp_path)
    scorer = teacher(name.split(maxsplit=1)[0], tmp_path)
    together = scorer.log_odds(PAIRS)
    expected = [family.expected(tmp_path, pair) for pair in PAIRS]
    assert not np.isnan(expected).any()
    assert len(np.unique(np.round(expected, 3))) == len(PAIRS)
    np.testing.assert_allclose(together, expected, atol=2e-4)
    alone = [float(scorer.log_odds([pair])[0]) for pair in PAIRS]
    np.testing.assert_allclose(alone, together, atol=2e-4)
    assert np.isnan(scorer.log_odds([("bread " * 3000, None)]))[0]


def teacher(family: str, folder: Path) -> Scorer:
    return load_teacher(TeacherConfig(family=family, model=str(folder), batch_size=3))


@pytest.mark.parametrize("seed", [0, 1], ids=["with N/A", "yes and no"])
def test_wildguard_reads_its_lines_after_its_own_answers(seed: int, tmp_path: Path) -> None:
    tokenizer = guard_tokenizer(None, SPECIAL, [" yes", " no"])
    save_guard(tmp_path, tokenizer, {":": [" yes", " no"]}, "mistral", seed, spread=0.3)

    def read(text: str) -> float:
        return by_hand(tmp_path, tokenizer, text, [" yes"], [" no"])

    pairs: list[TextPair] = [
        *PAIRS,
        ("0123456789 " * 5, "numbers"),
        ("x", "a story " * 8),
        ("sentence idea", "brown"),
    ]
    expected, forced = [], set()
    for prompt, response in pairs:
        text = TEMPLATE.format(prompt=prompt, response=response or "") + "Harmful request:"
        score = read(text)
        if response is not None:
            for line in ("Response refusal:", "Harmful response:"):
                word = "N/A" if np.isnan(score) else "yes" if score > 0 else "no"
                forced.add(word)
                text += f" {word}\n{line}"
                score = read(text)
        expected.append(score)
    assert forced >= ({"N/A", "no"} if seed == 0 else {"yes", "no"})
    scorer = teacher("wildguard", tmp_path)
    np.testing.assert_allclose(scorer.log_odds(pairs), expected, atol=2e-4)
    alone = [float(scorer.log_odds([pair])[0]) for pair in pairs]
    np.testing.assert_allclose(alone, expected, atol=2e-4)
    long = scorer.log_odds([("bread " * 3000, "fox")])
    assert np.isnan(long).tolist() == [True]


def test_every_family_has_a_card_and_is_known_by_name() -> None:
    assert set(CARDS) == set(FAMILIES)
    names = {
        "meta-llama/Llama-Guard-3-1B": "llama-guard",
        "meta-llama/LlamaGuard-7b": "llama-guard",
        "google/shieldgemma-9b": "shieldgemma",
        "allenai/wildguard": "wildguard",
        "Qwen/Qwen3Guard-Gen-4B": "qwen3guard",
        "ibm-granite/granite-guardian-3.1-2b": "granite-guardian",
        "ibm-granite/granite-guardian-hap-38m": "sequence",
        "DuoGuard/DuoGuard-0.5B": "duoguard",
        "hbseong/HarmAug-Guard": "sequence",
        "facebook/roberta-hate-speech-dynabench-r4-target": "sequence",
    }
    found = {name: family_of(TeacherConfig(model=name)) for name in names}
    assert found == names


def test_a_model_of_another_family_is_one_line(tmp_path: Path) -> None:
    chat_model(tmp_path)
    with pytest.raises(ModelError, match="takes no guideline"):
        teacher("shieldgemma", tmp_path)
