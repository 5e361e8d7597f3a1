import errno
import os
from pathlib import Path

import pyarrow as pa
import pytest

from harmaug.errors import RunFolderError
from harmaug.rows import Instruction, Pair
from harmaug.runs.parts import PartFolder, chained, chunked, rows_of, write_text, write_whole
from harmaug.runs.schema import arrow_schema


def pair(number: int, response: str | None = None) -> Pair:
    return Pair(f"p{number}", f"prompt {number} \u2028 é", response, "empty", None, None, "test")


def test_rows_come_back_equal(tmp_path: Path) -> None:
    rows = [pair(1), pair(2, "an answer\nof two lines")]
    folder = PartFolder(tmp_path / "pairs", Pair)
    folder.write(0, rows)
    assert PartFolder(tmp_path / "pairs", Pair).read(0) == rows


def test_tuples_survive_as_lists_in_arrow(tmp_path: Path) -> None:
    row = Instruction("g1", 1, "p", "raw", ("a", "b"), None, None, 3, 4)
    folder = PartFolder(tmp_path, Instruction)
    folder.write(0, [row])
    assert folder.read(0) == [row]
    assert arrow_schema(Instruction).field("exemplar_ids").type == pa.list_(pa.string())


def test_only_fields_that_allow_none_are_nullable() -> None:
    schema = arrow_schema(Pair)
    assert schema.field("response").nullable
    assert not schema.field("prompt").nullable


def test_a_part_that_was_not_finished_does_not_exist(tmp_path: Path) -> None:
    def die_midway(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "part-00000.parquet", die_midway)
    assert len(PartFolder(tmp_path, Pair)) == 0


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    def no_space(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunFolderError, match="disk is full.*run the same command again"):
        write_whole(tmp_path / "part-00000.parquet", no_space)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_part_says_what_to_delete(tmp_path: Path) -> None:
    (tmp_path / "part-00000.parquet").write_bytes(b"not parquet")
    with pytest.raises(RunFolderError, match="part-00000.parquet.*delete it"):
        PartFolder(tmp_path, Pair).read(0)


def test_chunks_and_chains_keep_every_row_in_order() -> None:
    rows = [pair(number) for number in range(7)]
    table = chained(chunked(rows[:4], 3), chunked(rows[4:], 2))
    assert len(table) == 4
    assert list(rows_of(table)) == rows


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here", encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"cannot write .*file/parts"):
        PartFolder(tmp_path / "file" / "parts", Pair)
    with pytest.raises(RunFolderError, match="cannot write"):
        write_whole(tmp_path / "file" / "x.json", lambda path: None)
    write_text(tmp_path / "new" / "folder" / "x.json", "{}")
    assert (tmp_path / "new" / "folder" / "x.json").read_text(encoding="utf-8") == "{}"
