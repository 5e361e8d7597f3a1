from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest

from harmaug.text import normalise, normalise_aligned
from harmaug.text.lookalikes import NEAR, STYLED, TWINS

PLAIN_JS = Path("src/harmaug/export/web/site/plain.js").resolve()


def test_no_character_becomes_more_than_four_and_only_those_that_would_stay() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        form = unicodedata.normalize("NFKC", char)
        if form == char or not char.isprintable():
            continue
        if len(form) > 4:
            assert normalise(char) == char, hex(code)
        elif form.isalnum() and form.isascii():
            assert normalise(char) == form, hex(code)


@pytest.mark.parametrize(
    ("hidden", "plain"),
    [
        ("o\ufb03ce", "office"),
        ("\u00bd and \u2152", "1\u20442 and 1\u204410"),
        ("\u2167 \u33c2", "VIII a.m."),
        ("\ufdfao\ufb03ce\ufdfa", "\ufdfaoffice\ufdfa"),
        ("a\ufdfa\u0301 e\u0301", "a\ufdfa\u0301 \u00e9"),
    ],
)
def test_shorter_forms_fold_also_beside_long_ones(hidden: str, plain: str) -> None:
    assert normalise(hidden) == plain


@pytest.mark.parametrize(
    "text",
    [
        "\ufdfa" * 200_000,
        "a" + "\u0301" * 100_000 + "\u0316" * 100_000,
        ("\u0301" * 29 + "\uff9e") * 6_000,
    ],
)
def test_neither_length_nor_time_is_stretched(text: str) -> None:
    start = time.perf_counter()
    found = normalise(text)
    assert time.perf_counter() - start < 3.0
    assert len(found) <= len(text)


def test_a_flood_of_marks_points_home() -> None:
    text = "b" + "\u0301" * 60 + "omb"
    aligned = normalise_aligned(text)
    assert aligned.text.endswith("omb")
    start, end = aligned.source(aligned.text.index("omb"), len(aligned.text))
    assert text[start:end] == "omb"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_the_browser_reads_the_same(tmp_path: Path) -> None:
    texts = ["\ufdfa\ufb03\u33ae", "e\u0301" + "\u0316\u0301" * 40, "o\u0323\u0302" + "\uff9e" * 50]
    tables = {"styled": STYLED, "twins": TWINS, "near": NEAR}
    facts = {name: {chr(key): to for key, to in table.items()} for name, table in tables.items()}
    shutil.copy(PLAIN_JS, tmp_path / "plain.mjs")
    (tmp_path / "run.mjs").write_text(
        "import { Plain } from './plain.mjs';\n"
        f"const plain = new Plain({json.dumps(facts)});\n"
        f"const found = {json.dumps(texts)}.map((text) => plain.normalise(text).text);\n"
        "console.log(JSON.stringify(found));\n"
    )
    done = subprocess.run(
        ["node", str(tmp_path / "run.mjs")], check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == [normalise(text) for text in texts]
