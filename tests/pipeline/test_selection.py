"""Near twins follow their instructions, by whatever measure these are chosen."""

from pathlib import Path

import pytest

from harmaug.config import RunConfig, SelectConfig
from harmaug.executors.local import LocalExecutor
from harmaug.pipeline.context import Context
from harmaug.pipeline.selection import choose
from harmaug.progress import Quiet
from harmaug.rows import ScoredPair
from harmaug.runs.folder import RunFolder


def row(name: str, prompt: str, score: float) -> ScoredPair:
    return ScoredPair(f"{name}:empty", prompt, None, "empty", None, None, "generated", score, None)


@pytest.mark.parametrize("by", [None, "confidence", "novelty"])
def test_instructions_keep_their_twins(
    by: str | None, tiny_config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    settings = {"instructions": 2, "by": by, "encoder": str(tiny_classifier)}
    config = tiny_config.model_copy(update={"select": SelectConfig.model_validate(settings)})
    made = [row(f"gen:{at}", f"make {at} loaves of bread", 0.6 + at / 10) for at in range(4)]
    made += [row(f"gen:{at}:twin", "the lazy dog", 0.0) for at in range(4)]
    labelled = [row("d:0", "the quick brown fox", 0.1)]
    with RunFolder(tmp_path) as folder:
        context = Context(config, folder, LocalExecutor(config.executor), Quiet())
        chosen = [each.id.removesuffix(":empty") for each in choose(context, labelled, made)]
    originals, twins = chosen[:2], chosen[2:]
    assert [f"{name}:twin" for name in originals] == twins
    assert by != "confidence" or originals == ["gen:2", "gen:3"]
