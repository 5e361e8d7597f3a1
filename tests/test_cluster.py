"""A Ray cluster that does not answer: one line, no traceback."""

from __future__ import annotations

import pytest

pytest.importorskip("ray", reason="the ray extra is not installed: make test-all installs it")
from harmaug import cluster
from harmaug.errors import ServerError


@pytest.mark.parametrize("address", ["auto", "nonsense"])
def test_an_address_without_a_cluster_is_one_line(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    message = f"^no Ray cluster at RAY_ADDRESS={address}: start one with `ray start --head`, or"
    with pytest.raises(ServerError, match=message):
        cluster.connect(1)
