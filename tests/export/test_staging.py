"""All files of an export or none, wherever the folder is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harmaug.errors import DataError
from harmaug.export.choices import Target
from harmaug.export.staging import staged
from harmaug.export.targets import export
from harmaug.guard import Guard


def fill(out: Path) -> None:
    with staged(out) as folder:
        (folder / "onnx").mkdir()
        (folder / "config.json").write_text("new")
        (folder / "onnx" / "model.onnx").write_text("new")


def test_a_folder_where_a_disk_is_mounted(disk: Callable[[str], Path]) -> None:
    place = disk("40m")
    export("embedded", place, Target.INT8)
    assert Guard.load(place, threads=1).check("hello").in_scope
    assert sorted(path.name for path in place.iterdir()) == [
        *("config.json", "harmaug.json", "onnx", "tokenizer.json")
    ]


def test_a_full_disk_is_one_line(disk: Callable[[str], Path]) -> None:
    place = disk("4m")
    with pytest.raises(DataError, match="cannot export into .*disk: No space left on device"):
        export("embedded", place, Target.INT8)
    assert list(place.iterdir()) == []


def test_part_of_the_folder_on_another_disk(disk: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "onnx").symlink_to(disk("1m"))
    with pytest.raises(DataError, match="onnx is on another file system"):
        fill(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["onnx"]


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "onnx" / "model.onnx").mkdir(parents=True)
    (tmp_path / "config.json").write_text("old")
    with pytest.raises(DataError, match=r"model.onnx: it is a folder; remove it"):
        fill(tmp_path)
    assert (tmp_path / "config.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "onnx"]


@pytest.mark.parametrize("broken_link", [False, True])
def test_a_file_named_like_a_folder(broken_link: bool, tmp_path: Path) -> None:
    if broken_link:
        (tmp_path / "onnx").symlink_to(tmp_path / "nowhere")
    else:
        (tmp_path / "onnx").write_text("old")
    with pytest.raises(DataError, match="onnx is no folder; remove it"):
        fill(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["onnx"]


def test_what_fails_leaves_a_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("there", "new"):
        with pytest.raises(KeyboardInterrupt), staged(tmp_path / name) as folder:
            (folder / "config.json").write_text("half")
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []


def test_a_folder_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot export into .*: Not a directory"):
        export("embedded", tmp_path / "file" / "out", Target.INT8)
