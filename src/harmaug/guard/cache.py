"""Verdicts that were given before: the same pair is not judged twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

from harmaug.guard.judge import Judgement
from harmaug.scoring import TextPair


class Cache:
    """The last `size` judgements, by pair; the least recently used goes first. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[TextPair, Judgement] = OrderedDict()
        self._lock = Lock()

    def judge(
        self,
        pairs: Sequence[TextPair],
        judge: Callable[[Sequence[TextPair]], list[Judgement]],
    ) -> list[Judgement]:
        """Judge the pairs that are not held, each distinct one once."""
        if self._size == 0:
            return judge(pairs)
        with self._lock:
            known = {pair: self._held[pair] for pair in pairs if pair in self._held}
        new = list(dict.fromkeys(pair for pair in pairs if pair not in known))
        known.update(zip(new, judge(new), strict=True))
        with self._lock:
            for pair in pairs:
                self._held[pair] = known[pair]
                self._held.move_to_end(pair)
            while len(self._held) > self._size:
                self._held.popitem(last=False)
        return [known[pair] for pair in pairs]
