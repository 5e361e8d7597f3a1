"""Turning prompts, pairs and conversations into what a model reads.

Training and the guard both go through this package, so that a student sees in production what
it saw in training.
"""

from harmaug.text.aligned import Aligned
from harmaug.text.conversation import Exchange, Message, Role, conversation
from harmaug.text.encoding import Encoded, PairEncoder, encode
from harmaug.text.plain import normalise, normalise_aligned

__all__ = [
    "Aligned",
    "Encoded",
    "Exchange",
    "Message",
    "PairEncoder",
    "Role",
    "conversation",
    "encode",
    "normalise",
    "normalise_aligned",
]
