"""The text rules of the `web` target, run by node on every text, against Python's."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import TypedDict

import pytest
from tests.export.texts import HIDDEN, OUT_OF_SCOPE
from tests.guard.test_scope import ENGLISH, FOREIGN
from tokenizers import Tokenizer

from harmaug.embedded import GUARD
from harmaug.export.web.build import SITE, facts_of
from harmaug.guard import Guard
from harmaug.guard.scope import Scope
from harmaug.scoring import TextPair
from harmaug.text import normalise

OLDEST = 18
READ = """
import { readFileSync } from "node:fs";
import { Plain } from "./plain.js";
import { Scope } from "./scope.js";
import { WordPiece } from "./wordpiece.js";

const { facts, pairs } = JSON.parse(readFileSync(0, "utf8"));
const plain = new Plain(facts.lookalikes);
const tokenizer = new WordPiece(facts.tokenizer);
const scope = new Scope(tokenizer, facts.words);
const read = (pair) => {
  const [prompt, response] = pair.map((text) => text === null ? null : plain.normalise(text).text);
  return { prompt, ids: tokenizer.encode(prompt).ids, reasons: scope.reasons(prompt, response) };
};
console.log(JSON.stringify(pairs.map(read)));
"""


class Reading(TypedDict):
    """A normalised prompt, its tokens, and why the pair cannot be judged."""

    prompt: str
    ids: list[int]
    reasons: list[str]


def lacking() -> str | None:
    """What this machine lacks to run the site's JavaScript outside of a browser."""
    node = shutil.which("node")
    if node is None:
        return "no node on this machine: apt-get install nodejs"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST:
        return f"node {version.strip()} is older than {OLDEST}"
    return None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's JavaScript where node takes it for modules."""
    if (reason := lacking()) is not None:
        warnings.warn(f"the browser's text rules are not tested: {reason}", stacklevel=1)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("text")
    for path in SITE.glob("*.js"):
        shutil.copyfile(path, folder / path.name)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "read.js").write_text(READ)
    return folder


def read_by_node(site: Path, pairs: list[TextPair]) -> list[Reading]:
    given = json.dumps({"facts": facts_of(GUARD, "embedded"), "pairs": pairs})
    done = subprocess.run(
        ["node", "read.js"],
        cwd=site,
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    readings: list[Reading] = json.loads(done.stdout)
    return readings


def read_by_python(pairs: list[TextPair]) -> list[Reading]:
    tokenizer = Tokenizer.from_file(str(GUARD / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    scope = Scope(tokenizer)
    readings: list[Reading] = []
    for prompt, response in pairs:
        plain = (normalise(prompt), None if response is None else normalise(response))
        ids = tokenizer.encode(plain[0], add_special_tokens=False).ids
        readings.append({"prompt": plain[0], "ids": ids, "reasons": [*scope.reasons(plain)]})
    return readings


def mixtures(count: int) -> list[str]:
    """Words of all the texts in other company, so that every rule is near its limit somewhere."""
    generator = random.Random(0)
    words = [word for text in (*FOREIGN, *ENGLISH, *OUT_OF_SCOPE) for word in text.split()]
    return [" ".join(generator.choices(words, k=generator.randint(2, 12))) for _ in range(count)]


def test_every_text_is_read_as_python_reads_it(site: Path) -> None:
    long = "My sister bakes bread every Sunday and then we eat it together. " * 30
    texts = [*HIDDEN, *OUT_OF_SCOPE, *FOREIGN, *ENGLISH]
    pairs: list[TextPair] = [(text, None) for text in (*texts, *mixtures(1500))]
    pairs += [("who are you?", text) for text in texts]
    pairs += [(long + text * 8 + long, None) for text in texts]
    found, expected = read_by_node(site, pairs), read_by_python(pairs)
    wrong = [pair for pair, one, two in zip(pairs, found, expected, strict=True) if one != two]
    assert wrong == []
    assert 500 < sum(bool(each["reasons"]) for each in expected) < len(pairs) - 500


def test_what_the_guard_was_not_trained_on_is_marked(site: Path) -> None:
    texts = [*OUT_OF_SCOPE, *FOREIGN]
    found = read_by_node(site, [(text, None) for text in texts])
    assert [text for text, one in zip(texts, found, strict=True) if not one["reasons"]] == []
    verdicts = Guard.load("embedded").verdicts(texts)
    assert [one["reasons"] for one in found] == [list(each.reasons) for each in verdicts]
