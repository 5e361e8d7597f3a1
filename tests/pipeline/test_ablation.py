"""What the prefix is worth is asked for in every run that wants to know, and trains nothing."""

from pathlib import Path

from harmaug.config import RunConfig
from harmaug.evaluate.results import Results
from harmaug.pipeline import run


def test_the_other_attacks_are_counted_and_train_nothing(
    tiny_config: RunConfig, tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    changed = tiny_config.model_dump(mode="json")
    changed["generate"]["ablation"] = 20
    config = RunConfig.model_validate(changed)
    results = run(config, tmp_path)
    found = {attack.attack: attack for attack in results.generation.ablation}
    assert set(found) == {"none", "injection"}
    for attack in found.values():
        assert attack.asked == 20
        assert attack.success.low <= attack.success.value <= attack.success.high
        assert attack.success.value == 1 - attack.refused / attack.asked
    without, _ = tiny_run
    assert results.evaluation.scores == without.evaluation.scores
    assert results.generation.samples == without.generation.samples
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What the prefix is worth" in page and "the opening is asked for (injection)" in page
    assert "What the prefix is worth" not in (tiny_run[1] / "report.html").read_text("utf-8")
    written = sorted(path.name for path in tmp_path.glob("stages/ablate-*"))
    assert len(written) == 2
    assert run(config, tmp_path).generation.ablation == results.generation.ablation
    assert sorted(path.name for path in tmp_path.glob("stages/ablate-*")) == written
