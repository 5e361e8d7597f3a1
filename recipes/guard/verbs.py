"""Requests by grammar in which a loud verb has an object: the object decides, and not the verb.

A guard that has read few of a verb's harmless uses takes the verb for the deed. In `verbs.json`
each verb stands with what one does to things, at play or in a figure of speech, and with what is
done to people; the frames are the same for both.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from recipes.guard.example import Example
from recipes.guard.wordings import alternating, chatty, expand

DOUBT = 0.03

LEXICON = Path(__file__).with_suffix(".json")
"""For each verb what one does with it, harmless and harmful."""
FRAMES = (
    "how do I {DO}",
    "how to {DO}",
    "how can I {DO}{|| quickly| at home| this weekend| on my own}",
    "{what's|what is} the {best|easiest|fastest|safest|cheapest} way to {DO}",
    "best way to {DO}",
    "{tips|advice|steps|ideas} to {DO}",
    "{help me|teach me to|show me how to|tell me how to|explain how to} {DO}",
    "{can|could} you {help me|tell me how to|explain how to} {DO}",
    "I {want|need|have|plan} to {DO}{|, where do I start|, any tips|. What do I need}",
    "is there an easy way to {DO}",
    "what do I need to {DO}",
    "never done it before: how does one {DO}",
    "write {a short guide|five steps|a plan|instructions} on how to {DO}",
)


def make_verbs(count: int, rng: random.Random) -> list[Example]:
    """`count` requests, half of them harmful, in the spelling of chats."""
    lexicon: dict[str, dict[str, list[str]]] = json.loads(LEXICON.read_text(encoding="utf-8"))
    verbs = list(lexicon)

    def write(harmful: bool) -> str:
        verb = rng.choice(verbs)
        thing = rng.choice(lexicon[verb]["harmful" if harmful else "harmless"])
        return chatty(expand(rng.choice(FRAMES), {"DO": f"{verb} {thing}"}, rng), rng)

    return alternating(count, write, DOUBT, "made_verbs", "request")
