"""A folder that gets all files of an export or none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harmaug.errors import DataError


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A folder to fill, whose files move to `out` when all of them are written.

    It lies in `out` itself: what is beside may be another file system, from which no file moves
    in one step. A folder that was made for an export that failed is removed.

    Raises:
        DataError: when what is in `out` is in the way.
        OSError: when it cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"cannot write {out}: it is a file; give a folder")
    made = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".harmaug-") as name:
            yield Path(name)
            _move(Path(name), out)
    finally:
        if made:
            with suppress(OSError):  # it is not empty
                out.rmdir()


def _move(folder: Path, out: Path) -> None:
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    for file in files:
        _check_place(out, file)
    for file in files:
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).replace(out / file)


def _check_place(out: Path, file: Path) -> None:
    """Refuse before the first file has moved what would stop at a later one."""
    if (out / file).is_dir():
        raise DataError(f"cannot write {out / file}: it is a folder; remove it or give another one")
    for parent in (out / each for each in file.parents):
        if not parent.exists() and not parent.is_symlink():
            continue
        if not parent.is_dir():
            raise DataError(f"cannot write {out / file}: {parent} is no folder; remove it")
        if parent.stat().st_dev != out.stat().st_dev:
            raise DataError(
                f"cannot write {out / file}: {parent} is on another file system than {out}; "
                "give another folder"
            )
