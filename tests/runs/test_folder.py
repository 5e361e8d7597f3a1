import subprocess
import sys
from pathlib import Path

import pytest

from harmaug.errors import RunFolderError
from harmaug.runs.folder import RunFolder

HOLD = """
import sys, time
from pathlib import Path
from harmaug.runs.folder import RunFolder
with RunFolder(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(RunFolderError, match="another run is writing"):
            RunFolder(tmp_path).__enter__()
    finally:
        holder.kill()
        holder.wait()
    with RunFolder(tmp_path) as folder:
        folder.record("generate", {"kept": 3})


def test_the_manifest_is_found_again(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as folder:
        folder.record("generate", {"kept": 3, "drops": {"refusal": 1}})
    with RunFolder(tmp_path) as folder:
        assert folder.recorded("generate") == {"kept": 3, "drops": {"refusal": 1}}
        assert folder.recorded("respond") is None


def test_a_damaged_manifest_says_what_to_delete(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunFolderError, match="manifest.json is damaged: delete it"):
        RunFolder(tmp_path).__enter__()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunFolderError, match="cannot write"):
        RunFolder(tmp_path / "file")
