"""Labelled data and benchmarks by name or file: the local copy first, then the hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from harmaug.embedded import PACKAGE
from harmaug.errors import DataError, did_you_mean, require
from harmaug.rows import LabelledRow
from harmaug.sources.catalogue import DATASETS, HubDataset
from harmaug.sources.files import SUFFIXES, read_file

EMBEDDED = {
    "quickstart": "quickstart_train.jsonl",
    "quickstart-pairs": "quickstart_pairs.jsonl",
    "quickstart-test": "quickstart_test.jsonl",
    "quickstart-held": "quickstart_held.jsonl",
}

Side = Literal["train", "eval"]


def load_rows(name: str, side: Side) -> list[LabelledRow]:
    """Load a data set by embedded name, file, name in `HARMAUG_DATA`, or hub name.

    Raises:
        DataError: when nothing of that name can be had, saying where it was looked for.
    """
    if name in EMBEDDED:
        return read_file(PACKAGE / "assets" / "data" / EMBEDDED[name])
    if name.endswith(SUFFIXES):
        return read_file(Path(name))
    local = _local_file(name, side)
    if local is not None:
        return read_file(local)
    if name in DATASETS:
        return _from_hub(name, DATASETS[name])
    raise DataError(f"no data set '{name}'{_hint(name, side)}")


def is_local(name: str, side: Side) -> bool:
    """Say whether `load_rows` would find a data set without the hub."""
    return name in EMBEDDED or name.endswith(SUFFIXES) or _local_file(name, side) is not None


def data_folder() -> Path | None:
    """Return the folder of local copies, `HARMAUG_DATA`, where it is set.

    Raises:
        DataError: when it is set to something that is no folder.
    """
    value = os.environ.get("HARMAUG_DATA")
    if not value:
        return None
    if not Path(value).is_dir():
        raise DataError(f"HARMAUG_DATA={value} is not a folder: unset it or point it to the data")
    return Path(value)


def _local_file(name: str, side: Side) -> Path | None:
    folder = data_folder()
    if folder is None:
        return None
    names = [name] + ([DATASETS[name].local] if name in DATASETS else [])
    for candidate in names:
        for suffix in (".jsonl.gz", ".jsonl"):
            path = folder / side / f"{candidate}{suffix}"
            if path.is_file():
                return path
    return None


def _hint(name: str, side: Side) -> str:
    folder = data_folder()
    known = [*EMBEDDED, *DATASETS]
    if folder is None:
        known_names = did_you_mean(name, known)
        return f"{known_names} (or set HARMAUG_DATA to a folder with {side}/NAME.jsonl.gz)"
    local = [path.name.split(".")[0] for path in (folder / side).glob("*.jsonl*")]
    return did_you_mean(name, [*known, *local])


def _from_hub(name: str, dataset: HubDataset) -> list[LabelledRow]:
    require("train", f"the data set '{name}' from the hub", "datasets")
    import datasets

    try:
        table = datasets.load_dataset(dataset.path, dataset.config, split=dataset.split)
    except Exception as error:  # the hub client raises many unrelated kinds
        raise DataError(
            f"'{name}' cannot be loaded from the hub as {dataset.path} "
            f"({str(error).splitlines()[0][:120]}): check network and access, or put a copy at "
            f"HARMAUG_DATA/train|eval/{dataset.local}.jsonl.gz"
        ) from None
    rows = []
    for index, record in enumerate(table):
        mapped = dataset.rows(record)
        if mapped is not None:
            prompt, response, label, label_of = mapped
            rows.append(
                LabelledRow(f"{name}:{index}", prompt, response, label, None, name, label_of)
            )
    return rows
