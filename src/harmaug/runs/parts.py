"""Tables in parts: Parquet files that are written whole or not at all, and found again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from harmaug.errors import RunFolderError
from harmaug.runs.schema import from_table, to_table

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)
Made = TypeVar("Made")


class Parts(Protocol[Row_co]):
    """A table that is read part by part, in order or not."""

    def __len__(self) -> int:
        """Return how many parts there are."""
        ...

    def read(self, part: int) -> Sequence[Row_co]:
        """Return the rows of one part."""
        ...


@dataclass(frozen=True)
class ComputedParts(Generic[Row]):
    """Parts that are computed when they are read."""

    count: int
    compute: Callable[[int], Sequence[Row]]

    def __len__(self) -> int:
        return self.count

    def read(self, part: int) -> Sequence[Row]:
        """Compute one part."""
        return self.compute(part)


def chunked(rows: Sequence[Row], part_rows: int) -> ComputedParts[Row]:
    """Present rows that are in memory as parts of `part_rows` rows."""
    count = -(-len(rows) // part_rows)
    return ComputedParts(count, lambda part: rows[part * part_rows : (part + 1) * part_rows])


def mapped(change: Callable[[Row], Made], table: Parts[Row]) -> ComputedParts[Made]:
    """Present what `change` makes of each row of a table, when it is read."""
    return ComputedParts(len(table), lambda part: [change(row) for row in table.read(part)])


def chained(*tables: Parts[Row]) -> ComputedParts[Row]:
    """Present tables one after the other as one."""
    places = [(table, part) for table in tables for part in range(len(table))]
    return ComputedParts(len(places), lambda part: places[part][0].read(places[part][1]))


def rows_of(table: Parts[Row]) -> Iterator[Row]:
    """Go through all rows, one part in memory at a time."""
    for part in range(len(table)):
        yield from table.read(part)


class PartFolder(Generic[Row]):
    """A folder of `part-00000.parquet` files holding rows of one type."""

    def __init__(self, path: Path, row_type: type[Row]) -> None:
        self.path = path
        self.row_type = row_type
        make_folder(path)
        self._written = {int(file.stem[5:]) for file in path.glob("part-*.parquet")}

    def __len__(self) -> int:
        return len(self._written)

    def __contains__(self, part: int) -> bool:
        return part in self._written

    def read(self, part: int) -> list[Row]:
        """Return the rows of one part.

        Raises:
            RunFolderError: when the file cannot be read, with what to delete.
        """
        path = self._file(part)
        try:
            return from_table(pq.read_table(path), self.row_type)
        except (pa.ArrowException, OSError, KeyError) as error:
            raise RunFolderError(
                f"{path} cannot be read ({_first_line(error)}); delete it and run again"
            ) from None

    def write(self, part: int, rows: Sequence[Row]) -> None:
        """Write one part: to a temporary file, synced, then renamed into place."""
        table = to_table(rows, self.row_type)
        write_whole(self._file(part), lambda path: pq.write_table(table, path, compression="zstd"))
        self._written.add(part)

    def fill(self, parts: Parts[Row]) -> None:
        """Write the parts that are not there yet."""
        for part in range(len(parts)):
            if part not in self:
                self.write(part, parts.read(part))

    def _file(self, part: int) -> Path:
        return self.path / f"part-{part:05d}.parquet"


def make_folder(path: Path) -> None:
    """Make a folder, and those it lies in, where there is none.

    Raises:
        RunFolderError: when the disk is full or cannot be written, saying what to do.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from None


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, sync it, and rename it into place.

    The folder is made where there is none.

    Raises:
        RunFolderError: when the disk is full or cannot be written, saying what to do.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all (`write_whole`)."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    write_whole(path, write)


def disk_error(path: Path, error: OSError) -> RunFolderError:
    """Say in one line what went wrong with the disk and that nothing is lost."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(error):
        return RunFolderError(
            f"the disk is full at {path.parent}: free some space and run the same command again; "
            f"what was written is kept"
        )
    return RunFolderError(f"cannot write {path}: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
