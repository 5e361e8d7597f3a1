"""Fetching the browser's runtime: how npm is started, and a cache that cannot be written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harmaug.errors import ModelError
from harmaug.export.web.runtime import runtime_files


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=r"in .*cache/harmaug \(.*\): set XDG_CACHE_HOME"):
        runtime_files()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_npm_is_started_by_the_path_that_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "npm.CMD"
    command.write_text('#!/bin/sh\necho "started $0" >&2\nexit 1\n')
    command.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr("shutil.which", lambda _: str(command))
    with pytest.raises(ModelError, match=rf"\(started {command}\): check the network"):
        runtime_files()
