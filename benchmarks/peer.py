"""The guard beside any-guardrail on the same encoder: verdicts per second, and 5,000 words.

any-guardrail needs an environment of its own:

    python -m venv build/any-guardrail
    build/any-guardrail/bin/pip install 'any-guardrail[huggingface]'
    python -m benchmarks.peer [--python FILE] [--rows N] [--shared] [--json FILE]

The encoder is the embedded guard's with random weights; any-guardrail runs it in float32 through
its Hugging Face path, the guard in int8. The rows are ToxicChat prompts that fit one window.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path

from benchmarks.guard import Setting, build, real_rows

from harmaug.guard import Guard
from harmaug.guard.engine import available_threads

KNOWN = Path("deepset/deberta-v3-base-injection")
"""A guard that any-guardrail knows; a folder of this name is loaded instead of the hub's."""

WAYS = ("one_by_one", "batches_of_32")
CHILD = Path(__file__).with_name("peer_any_guardrail.py")
Figures = dict[str, float | str]

SENTENCE = "The baker opens the shop at six and sells bread to the people of the street. "
OTHER = "A pilot reads her map of the island while the rain falls on a quiet harbour. "


def disguise(folder: Path) -> Path:
    """Lay the encoder down under the known name, with the labels that its code looks for."""
    place = folder / "any-guardrail"
    (place / KNOWN).mkdir(parents=True, exist_ok=True)
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        target = place / KNOWN / name
        target.unlink(missing_ok=True)
        target.symlink_to((folder / name).resolve())
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {"0": "LEGIT", "1": "INJECTION"}
    config["label2id"] = {"LEGIT": 0, "INJECTION": 1}
    (place / KNOWN / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return place


def theirs(
    python: Path, place: Path, texts: list[str], long: list[str], setting: Setting
) -> Figures:
    """What any-guardrail does, in its own Python."""
    asked = {"texts": texts, "long": long, "threads": setting.threads, "clock": setting.clock}
    done = subprocess.run(
        [str(python.absolute()), str(CHILD.absolute())],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=place,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"any-guardrail failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def ours(folder: Path, texts: list[str], long: str, setting: Setting) -> Figures:
    """What the guard does."""
    guard = Guard.load(folder, threads=setting.threads)
    guard.verdicts(texts[:50])
    one = setting.seconds(lambda: [guard.check(text) for text in texts])
    many = setting.seconds(lambda: guard.verdicts(texts))
    whole = setting.seconds(lambda: guard.check(long))
    return {
        "one_by_one": len(texts) / one,
        "all_at_once": len(texts) / many,
        "long": f"{guard.check(long).windows} windows, all read, in {whole:.2f} s",
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=Path("build/any-guardrail/bin/python"))
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--data", type=Path, default=os.environ.get("HARMAUG_DATA"))
    parser.add_argument("--folder", type=Path, default=Path("build/benchmark-guard"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--shared", action="store_true", help="one thread each, in CPU seconds")
    given = parser.parse_args()
    if not given.python.is_file():
        print(f"skipped: no {given.python}; python -m benchmarks.peer --help says how to make it")
        return
    if given.data is None:
        parser.error("set HARMAUG_DATA, or give --data, for the rows")
    given.folder.mkdir(parents=True, exist_ok=True)
    setting = Setting(1, "cpu") if given.shared else Setting(available_threads(), "wall")
    folder = build(given.folder)
    rows = real_rows(given.data, 10**6)
    texts = [prompt for prompt, response in rows if response is None][: given.rows]
    half = 2_500 // len(SENTENCE.split()) + 1
    long, changed = SENTENCE * 2 * half, SENTENCE * half + OTHER * half
    found = {
        "any_guardrail": theirs(given.python, disguise(folder), texts, [long, changed], setting),
        "harmaug": ours(folder, texts, long, setting),
    }
    for side, figures in found.items():
        for name, value in figures.items():
            shown = f"{value:.1f}" if isinstance(value, float) else value
            print(f"{side:14} {name:18} {shown}")
    for way in WAYS:
        times = float(found["harmaug"]["all_at_once"]) / float(found["any_guardrail"][way])
        print(f"times any-guardrail, {way}: {times:.1f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
