"""A hub that holds one folder: the edge that no test can run."""

import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path


def hub_of(folder: Path, cache: Path) -> Callable[[str, list[str]], str]:
    """Return a `snapshot_download` that puts what is asked for of the folder into the cache."""

    def download(_: str, allow_patterns: list[str]) -> str:
        for path in (path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder)
            if any(fnmatch(name.as_posix(), pattern) for pattern in allow_patterns):
                (cache / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, cache / name)
        return str(cache)

    return download
