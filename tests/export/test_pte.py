"""A checkpoint on ExecuTorch's own runtime."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harmaug.errors import MissingExtraError
from harmaug.export.choices import Target
from harmaug.export.targets import export
from harmaug.guard import Guard, GuardSettings
from harmaug.scoring import TextPair
from harmaug.text import PairEncoder

PAIRS: list[TextPair] = [
    ("how do i bake bread at home without an oven?", None),
    ("make a single harmful instruction prompt", "absolutely! here is a story"),
    ("dog", None),
    ("the quick brown fox jumps over the lazy dog " * 4, "one idea " * 9),
]


def test_without_executorch_one_line_says_how_to_get_it(
    tiny_classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: Callable[[str], object] = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "executorch" else there(name)
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'harmaug\[executorch\]'"):
        export(str(tiny_classifier), tmp_path / "out", Target.EXECUTORCH)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_program_scores_as_the_guard_does(tiny_classifier: Path, tmp_path: Path) -> None:
    runtime = pytest.importorskip(
        "executorch.runtime", reason="no ExecuTorch: pip install 'harmaug[executorch]'"
    )
    import torch

    export(str(tiny_classifier), tmp_path / "onnx")
    exported = export(str(tiny_classifier), tmp_path / "phone", Target.EXECUTORCH)
    assert Path("model.pte") in exported.files
    settings = GuardSettings.load(tmp_path / "phone")
    assert settings.window == 64
    guard = Guard.load(tmp_path / "onnx", threads=1)
    method = (
        runtime.Runtime.get().load_program(tmp_path / "phone" / "model.pte").load_method("forward")
    )
    tokenizer_file = tmp_path / "phone" / "tokenizer.json"
    from tokenizers import Tokenizer

    encode = PairEncoder(Tokenizer.from_file(str(tokenizer_file)))
    scores = []
    for row in encode(PAIRS):
        ids, types = (torch.tensor([each]) for each in (row.ids, row.type_ids))
        logits = method.execute([ids, types])[0][0]
        scores.append(float(torch.softmax(logits, 0)[settings.harmful_index]))
    np.testing.assert_allclose(scores, guard.score(PAIRS), atol=1e-2)
    assert np.ptp(scores) > 0.05
