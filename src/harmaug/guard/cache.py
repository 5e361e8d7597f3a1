"""Judgements that were given before: the same texts are not judged twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

from harmaug.guard.judge import Judgement
from harmaug.text import Exchange


class Cache:
    """The last `size` judgements; the least recently used goes first. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[Exchange, Judgement] = OrderedDict()
        self._lock = Lock()

    def judge(
        self,
        inputs: Sequence[Exchange],
        judge: Callable[[Sequence[Exchange]], list[Judgement]],
    ) -> list[Judgement]:
        """Judge the inputs that are not held, each distinct one once."""
        if self._size == 0:
            return judge(inputs)
        with self._lock:
            known = {each: self._held[each] for each in inputs if each in self._held}
        new = list(dict.fromkeys(each for each in inputs if each not in known))
        known.update(zip(new, judge(new), strict=True))
        with self._lock:
            for each in inputs:
                self._held[each] = known[each]
                self._held.move_to_end(each)
            while len(self._held) > self._size:
                self._held.popitem(last=False)
        return [known[each] for each in inputs]
