from __future__ import annotations

import json
import re

from recipes.guard.authored import read_authored
from recipes.quickstart_held import FILE, held_rows

from harmaug.sources.load import load_rows


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def test_the_benchmark_is_what_is_held_now() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == held_rows()


def test_it_shares_no_text_with_what_trains() -> None:
    held = {(row.prompt, row.response) for row in load_rows("quickstart-held", "eval")}
    trained = {
        (row.example.prompt, row.example.response) for row in read_authored() if not row.held
    }
    assert not held & trained
    assert not {_words(p) for p, _ in held} & {_words(p) for p, _ in trained} - {""}
    assert not {p for p, _ in held} & {row.prompt for row in load_rows("quickstart", "train")}
