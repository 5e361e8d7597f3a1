"""Where a student is trained, and in which precision."""

import pytest
import torch

from harmaug.distill.compute import choose_compute


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"avx512_bf16": True, "amx_bf16": True}, "cpu bfloat16"),
        ({"avx512_bf16": True, "amx_bf16": False}, "cpu float32"),
        ({}, "cpu float32"),
    ],
)
def test_bfloat16_is_for_cpus_that_are_fast_at_it(
    features: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    assert choose_compute("auto").name == expected
    assert choose_compute("bfloat16").name == "cpu bfloat16"
