"""What a plan says a teacher is asked, against the forward passes of the teacher itself."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tests.teachers import test_gpt_oss_safeguard, test_llama_guard
from tests.teachers.guards import guard_tokenizer, save_guard
from tests.teachers.test_families import CHAT, FAMILY, SPECIAL
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harmaug.config import TeacherConfig
from harmaug.plan.judging import label
from harmaug.plan.reading import CHARACTERS_PER_TOKEN
from harmaug.plan.work import Work
from harmaug.scoring import TextPair
from harmaug.teachers import causal
from harmaug.teachers.aegis_guard import policy_text
from harmaug.teachers.checkpoint import load_causal
from harmaug.teachers.gpt_oss_safeguard import MOST_WRITTEN, POLICY
from harmaug.teachers.granite_guardian_4 import JUDGE
from harmaug.teachers.lines import MOST_FREE
from harmaug.teachers.load import CAUSAL, load_teacher
from harmaug.teachers.nemoguard import OUTPUT, TASK
from harmaug.teachers.polyguard import SYSTEM
from harmaug.teachers.shieldgemma import POLICIES
from harmaug.teachers.wildguard import TEMPLATE

YES_NO = [" yes", " no"]
TOO_LONG = "bread " * 4000
ROWS: dict[str, list[TextPair]] = {
    "prompts": [("how do i bake bread at home?", None), ("numbers pass", None), (TOO_LONG, None)],
    "pairs": [
        ("be super creative", "i'm sorry, but i cannot help with that request. " * 2),
        ("the quick brown fox", "a story " * 8),
        ("the lazy dog", ""),
        ("sentence idea", TOO_LONG),
    ],
}


def lines(architecture: str, due: dict[str, list[str]], **sizes: int) -> Callable[[Path], object]:
    """Saves a guard of several lines."""

    def save(folder: Path) -> None:
        words = sorted({word for each in due.values() for word in each} - {"\n"})
        tokenizer = guard_tokenizer(CHAT, SPECIAL, [*words, *due.keys() & {' "'}])
        save_guard(folder, tokenizer, due, architecture, max_position_embeddings=4096, **sizes)

    return save


ENDLESS = {":": YES_NO, "\n": YES_NO, " yes": ["\n"], " no": ["\n"]}
"""A model that writes one line after the other."""

SAVED: dict[str, Callable[[Path], object]] = {
    **{name: family.save for name, family in FAMILY.items()},
    "llama-guard": lambda folder: test_llama_guard.guard(folder, newlines=True),
    "wildguard": lines("mistral", {":": YES_NO}),
    "polyguard": lines("qwen2", ENDLESS, hidden_size=128),
    "nemoguard": lines("llama", {' "': ["unsafe", "safe"]}),
    "gpt-oss-safeguard": lambda folder: test_gpt_oss_safeguard.save(folder, "1"),
}


@dataclass
class Passes:
    """Tokens of the forward passes over whole texts, and those written one by one."""

    read: int = 0
    written: int = 0

    def count(self, module: torch.nn.Module, given: object, inputs: dict[str, object]) -> None:
        ids, mask = inputs["input_ids"], inputs.get("attention_mask")
        assert isinstance(ids, torch.Tensor)
        if ids.shape[1] == 1:
            self.written += ids.numel()
        else:
            self.read += int(mask.sum()) if isinstance(mask, torch.Tensor) else ids.numel()


def config(name: str, folder: Path) -> TeacherConfig:
    return TeacherConfig(family=name.split(maxsplit=1)[0], model=str(folder), batch_size=2)


def planned(teacher: TeacherConfig, pairs: list[TextPair]) -> tuple[list[Work], float]:
    works = label(teacher, "label D", pairs, 10 * len(pairs))
    return works, sum(work.tokens_in for work in works) / 10


def test_every_causal_family_is_here() -> None:
    assert {name.split(maxsplit=1)[0] for name in SAVED} == set(CAUSAL)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("name", SAVED)
def test_the_tokens_are_those_that_the_teacher_reads(
    name: str, rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SAVED[name](tmp_path)
    passes = Passes()

    def counted(config: TeacherConfig) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        model, tokenizer = load_causal(config)
        model.register_forward_pre_hook(passes.count, with_kwargs=True)
        return model, tokenizer

    monkeypatch.setattr(causal, "load_causal", counted)
    scorer = load_teacher(config(name, tmp_path))
    passes.read = passes.written = 0
    scorer.log_odds(ROWS[rows])
    assert passes.read > 0
    works, tokens = planned(config(name, tmp_path), ROWS[rows])
    assert tokens == pytest.approx(passes.read, rel=0.25)
    assert all(work.flops > 0 for work in works)
    most = {"gpt-oss-safeguard": MOST_WRITTEN, "polyguard": MOST_FREE * (rows == "pairs")}
    written = most.get(name, 0) * (len(ROWS[rows]) - 1)
    assert sum(work.tokens_out for work in works) == 10 * written
    if name == "polyguard":  # the first token comes of the reading
        assert passes.written == pytest.approx(written, rel=0.25)


def test_an_adapter_is_planned_as_the_model_that_it_belongs_on(tmp_path: Path) -> None:
    base = FAMILY["aegis-defensive"].save(tmp_path / "base")
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    folders = (base, adapter)
    whole, merged = (planned(config("aegis-defensive", each), ROWS["pairs"]) for each in folders)
    assert merged == whole


OWN = {
    "aegis-defensive": len(policy_text(defensive=True)),
    "aegis-permissive": len(policy_text(defensive=False)),
    "shieldgemma": sum(map(len, POLICIES.values())),
    "wildguard": 3 * len(TEMPLATE),
    "polyguard": 4 * len(SYSTEM),
    "nemoguard": 2 * len(TASK + OUTPUT),
    "granite-guardian-4": len(JUDGE),
    "gpt-oss-safeguard": len(POLICY),
}
"""Characters of a pair's readings that are the family's and not the model's template."""


@pytest.mark.parametrize("name", SAVED)
def test_without_a_tokenizer_the_family_s_own_text_is_counted_by_its_characters(
    name: str, tmp_path: Path
) -> None:
    SAVED[name](tmp_path)
    for file in tmp_path.glob("*token*"):
        file.unlink()
    settings = tmp_path / "config.json"  # with the policy as one token it has few positions
    settings.write_text(settings.read_text().replace('embeddings": 1024', 'embeddings": 65536'))
    pairs = ROWS["pairs"][:-1]
    texts = sum(len(prompt) + len(answer or "") for prompt, answer in pairs)
    own = OWN.get(name, 0) * len(pairs)
    assert planned(config(name, tmp_path), pairs)[1] > (own + texts) / CHARACTERS_PER_TOKEN
