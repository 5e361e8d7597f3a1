import io
import json
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from harmaug.evaluate import profile
from harmaug.evaluate.sources import GuardSource
from harmaug.scoring import Scorer


@pytest.fixture
def own_threads() -> Iterator[None]:
    """What the profile sets for a process of its own is undone: sums depend on it."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("own_threads")
def test_one_guard_is_held_at_a_time(
    tiny_classifier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = GuardSource.load
    held: list[weakref.ref[Scorer]] = []
    alive: list[int] = []

    def counted(source: GuardSource, threads: int | None = None) -> Scorer:
        alive.append(sum(one() is not None for one in held))
        scorer = load(source, threads)
        held.append(weakref.ref(scorer))
        return scorer

    source = GuardSource(
        str(tiny_classifier),
        teacher=json.dumps({"family": "sequence", "model": str(tiny_classifier)}),
    )
    payload = {"source": source.to_json(), "pairs": [("hello", None), ("bread", "fox")]}
    monkeypatch.setattr(GuardSource, "load", counted)
    monkeypatch.setattr(profile, "available_threads", lambda: 2)
    monkeypatch.setattr(profile, "BUDGET_S", 0.05)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(payload)))
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    profile.main()
    assert alive == [0, 0]
    assert json.loads(out.getvalue())["threads"] == 2
