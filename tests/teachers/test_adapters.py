"""Adapters: LoRA weights in a folder of their own, on a base model that they name."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.teachers.guards import guard_tokenizer, logits_after, save_guard, token
from transformers import AutoModelForCausalLM

from harmaug.config import TeacherConfig
from harmaug.errors import MissingExtraError, ModelError
from harmaug.scoring import TextPair
from harmaug.teachers.aegis_guard import form, policy_text
from harmaug.teachers.load import load_teacher

peft = pytest.importorskip("peft", reason="peft is not installed: pip install 'harmaug[adapters]'")

WORDS = ["unsafe", "safe", "needs"]
PAIRS: list[TextPair] = [("be super creative", None), ("numbers pass", "the lazy dog")]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A base model, an adapter on it without a tokenizer, and the two put together by hand."""
    root = tmp_path_factory.mktemp("adapter")
    base, adapter, merged = root / "LlamaGuard-7b", root / "mine-Defensive", root / "merged"
    tokenizer = guard_tokenizer(None, [], WORDS, [policy_text(defensive=False)])
    save_guard(base, tokenizer, {"]": ["unsafe", "safe"]})
    torch.manual_seed(1)
    settings = peft.LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=["q_proj", "v_proj", "lm_head"],
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    adapted = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), settings)
    adapted.save_pretrained(adapter)
    model = AutoModelForCausalLM.from_pretrained(base)
    low = {
        name.removeprefix("base_model.model."): weight
        for name, weight in adapted.state_dict().items()
        if "lora_" in name
    }
    with torch.no_grad():
        for name, weight in model.named_parameters():
            stem = name.removesuffix(".weight")
            if f"{stem}.lora_A.default.weight" in low:
                a, b = (low[f"{stem}.lora_{side}.default.weight"] for side in "AB")
                weight.add_(2 * b @ a)
    model.save_pretrained(merged)
    tokenizer.save_pretrained(merged)
    return base, adapter, merged


@pytest.mark.parametrize("family", ["aegis-defensive", "aegis-permissive"])
def test_an_adapter_scores_as_its_weights_added_by_hand(
    folders: tuple[Path, Path, Path], family: str
) -> None:
    base, adapter, merged = folders
    tokenizer = guard_tokenizer(None, [], WORDS, [policy_text(defensive=False)])
    asked = form(tokenizer, defensive=family == "aegis-defensive")
    unsafe = [token(tokenizer, word) for word in ("unsafe", "needs")]
    if family == "aegis-permissive":
        unsafe = unsafe[:1]
    safe = {token(tokenizer, word) for word in WORDS} - {*unsafe}
    scorer = load_teacher(TeacherConfig(family=family, model=str(adapter)))
    for pair in PAIRS:
        logits = logits_after(merged, tokenizer, asked.render(pair)[0])
        odds = np.logaddexp.reduce(logits[unsafe]) - np.logaddexp.reduce(logits[list(safe)])
        expected = odds if int(logits.argmax()) in {*unsafe, *safe} else np.nan
        np.testing.assert_allclose(scorer.log_odds([pair]), [expected], atol=2e-4)
        plain = logits_after(base, tokenizer, asked.render(pair)[0])
        assert np.abs(plain - logits).max() > 0.01


def test_without_peft_the_one_command_is_named(
    folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    config = TeacherConfig(family="aegis-defensive", model=str(folders[1]))
    with pytest.raises(MissingExtraError, match=r"peft: pip install 'harmaug\[adapters\]'"):
        load_teacher(config)


def test_an_adapter_without_its_base_is_one_line(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    adapter = folders[1]
    for path in adapter.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    settings = (adapter / "adapter_config.json").read_text(encoding="utf-8")
    gone = settings.replace(str(folders[0]), str(tmp_path / "gone"))
    assert gone != settings
    (tmp_path / "adapter_config.json").write_text(gone, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot load the teacher"):
        load_teacher(TeacherConfig(family="aegis-defensive", model=str(tmp_path)))


def test_an_adapter_that_lacks_weights_is_one_line(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    for path in folders[1].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "adapter_model.safetensors"
    kept = {name: low for name, low in load_file(weights).items() if "layers.1." not in name}
    save_file(kept, weights, {"format": "pt"})
    config = TeacherConfig(family="aegis-defensive", model=str(tmp_path))
    with pytest.raises(ModelError, match="lacks weights of its own"):
        load_teacher(config)
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="cannot load the teacher"):
        load_teacher(config)
