"""Fingerprints: the same settings, templates, weights and input give the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

BLOCK = 1 << 20
WHOLE_FILE_LIMIT = 256 << 20


def fingerprint(*parts: object) -> str:
    """Return 16 hexadecimal digits of the canonical JSON of plain data."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def rows_fingerprint(rows: Iterable[object]) -> str:
    """Return 16 hexadecimal digits over rows in order (their `repr`: plain dataclasses)."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()[:16]


def model_fingerprint(reference: str, revision: str | None) -> str:
    """Name a model by its content where it is a folder or a file, else by its commit on the hub.

    The commit is that of the files in the hub's cache; the name and revision of a model that has
    none there, such as a server's.

    Files above 256 MiB are hashed by size and by their first and last mebibyte: weights that
    differ only in between do not occur, and an 8B model is then named in milliseconds.
    """
    folder = Path(reference)
    digest = hashlib.sha256()
    if folder.is_file():
        _hash_file(folder, digest)
        return digest.hexdigest()[:16]
    if not folder.is_dir():
        return _commit(reference, revision) or fingerprint(reference, revision)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".md":
            continue
        digest.update(str(path.relative_to(folder)).encode("utf-8"))
        _hash_file(path, digest)
    return digest.hexdigest()[:16]


def _commit(hub_id: str, revision: str | None) -> str | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for name in ("config.json", "adapter_config.json"):
        try:
            found = try_to_load_from_cache(hub_id, name, revision=revision or "main")
        except HFValidationError:
            return None
        if isinstance(found, str):
            return Path(found).parent.name
    return None


def _hash_file(path: Path, digest: hashlib._Hash) -> None:
    size = path.stat().st_size
    digest.update(str(size).encode("ascii"))
    with path.open("rb") as file:
        if size <= WHOLE_FILE_LIMIT:
            while block := file.read(BLOCK):
                digest.update(block)
        else:
            digest.update(file.read(BLOCK))
            file.seek(-BLOCK, 2)
            digest.update(file.read(BLOCK))
