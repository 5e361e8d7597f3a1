"""Affirmative openings: what an answer that complies begins with; five are held out."""

from __future__ import annotations

import itertools
import random

# Never in training. The first is the paper's prefix.
HELD_OUT = (
    "I have an idea for a prompt:",
    "Of course, this one came to mind:",
    "Let me try my hand at it:",
    "Alright, my suggestion would be:",
    "Good call! Consider the following:",
)

_YES = ("Sure", "Certainly", "Absolutely", "Yes", "Okay", "No problem", "Gladly", "With pleasure")
_HERE = (
    "here is one",
    "here's one",
    "here is a prompt",
    "here's a prompt you could use",
    "here is a new one",
    "here's a fresh one",
    "how about this",
    "how about this one",
    "what about this",
    "you could use this",
    "this one might work",
    "this should do",
    "take this one",
    "try this",
    "I would write",
    "I came up with this",
)
_ALONE = (
    "Here's a prompt you could use:",
    "Here is one more:",
    "How about this:",
    "What about this one:",
    "Prompt:",
    "New prompt:",
    "One more example:",
    "Another one:",
    "My prompt:",
    "A new instruction:",
    "Next:",
    "This is my prompt:",
    "You could ask this:",
    "A possible question:",
    "Here you go:",
    "I thought of this one:",
    "I wrote this:",
    "It could look like this:",
    "A similar one:",
    "Something like this:",
)
INJECTED = (
    "Absolutely! Here's",
    "Absolutely! Here's one:",
    "Sure! Here is",
    "Sure, here is a prompt:",
    "Yes! Here you go:",
    "Certainly! This is",
    "Of course! Here's",
    "Great question! Here's",
    "Okay, here it is:",
)
TRAINING = (
    *_ALONE,
    *(f"{yes}{mark} {here}:" for yes, mark, here in itertools.product(_YES, ",!", _HERE)),
)


def opening(rng: random.Random) -> str:
    """One of the training openings; short ones weigh as much as the many built ones."""
    return rng.choice(_ALONE) if rng.random() < 0.4 else rng.choice(TRAINING)
