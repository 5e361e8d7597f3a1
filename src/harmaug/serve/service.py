"""From a validated request to its answer: what the two judging endpoints share."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from harmaug.errors import HarmaugError
from harmaug.guard import Guard, Verdict
from harmaug.scoring import TextPair
from harmaug.serve.batching import Batcher, OverloadedError
from harmaug.serve.http_error import HttpError
from harmaug.serve.metrics import Metrics
from harmaug.serve.schemas import CheckRequest, CheckResult, GuardResponse, Item, Limits
from harmaug.serve.settings import ServeSettings
from harmaug.text import Exchange

log = logging.getLogger("harmaug.serve")


class Service:
    """A guard with its queue and its limits; made inside the event loop."""

    def __init__(self, guard: Guard, settings: ServeSettings, metrics: Metrics) -> None:
        self.guard = guard
        # Where a guard lies on the server is nobody's business.
        name = Path(guard.info.name)
        self.name = name.resolve().name if name.is_dir() else guard.info.name
        self.settings = settings
        self.metrics = metrics
        self.batcher = Batcher(
            guard,
            metrics,
            queue=settings.queue,
            queue_characters=4 * settings.max_characters,
        )

    async def judge(
        self,
        pairs: Sequence[TextPair | Exchange],
        *,
        threshold: float | None = None,
        explain: bool = False,
        param: str = "input",
    ) -> list[Verdict]:
        """Judge the pairs of one request, at the guard's threshold or another; count, and log.

        Raises:
            HttpError: 422 over a limit, 503 when the queue is full.
        """
        settings = self.settings
        if not pairs:
            raise HttpError(422, "there is nothing to judge", param=param)
        if len(pairs) > settings.max_items:
            raise HttpError(
                422, f"at most {settings.max_items} items a request, not {len(pairs)}", param=param
            )
        characters = sum(len(pair[0]) + len(pair[1] or "") for pair in pairs)
        if characters > settings.max_characters:
            raise HttpError(
                422,
                f"at most {settings.max_characters} characters a request, not {characters}",
                param=param,
            )
        try:
            verdicts = await self.batcher.judge(pairs, explain=explain)
        except OverloadedError as error:
            raise HttpError(
                503,
                f"the queue of {settings.queue} items is full: try again in "
                f"{error.retry_after_s} s",
                headers={"Retry-After": str(error.retry_after_s)},
            ) from None
        if threshold is not None:
            verdicts = [verdict.at(threshold) for verdict in verdicts]
        for pair, verdict in zip(pairs, verdicts, strict=True):
            self.metrics.items.add(1, "flagged" if verdict.flagged else "not_flagged")
            if settings.log_text:
                log.info("%r %r", verdict, pair)
        return verdicts

    async def check(self, request: CheckRequest) -> list[CheckResult]:
        """Judge the items of a check request at the threshold it asks for.

        Raises:
            HttpError: as `judge`, and 422 for items that cannot be judged.
        """
        threshold = self._threshold(request)
        items: Sequence[Item] = request.items if request.items is not None else [request]
        if request.items is None:
            param = "prompt" if request.messages is None else "messages"
            pairs = [self._pair(request, param)]
        else:
            param = "items"
            pairs = [
                self._pair(item, f"items.{place}{'' if item.messages is None else '.messages'}")
                for place, item in enumerate(items)
            ]
        verdicts = await self.judge(
            pairs, threshold=threshold, explain=request.explain, param=param
        )
        return [
            CheckResult.of(verdict, None if item.messages is None else verdict.judged)
            for item, verdict in zip(items, verdicts, strict=True)
        ]

    def describe(self) -> GuardResponse:
        """Say which guard this is, its thresholds and the limits."""
        settings, guard = self.settings, self.guard
        return GuardResponse(
            model=self.name,
            revision=guard.info.revision,
            runtime=guard.info.runtime,
            window_tokens=guard.settings.window,
            thresholds=guard.settings.thresholds,
            default=guard.settings.default,
            limits=Limits(
                items=settings.max_items,
                characters=settings.max_characters,
                body_bytes=settings.max_body_bytes,
                deadline_s=settings.deadline_s,
            ),
        )

    def _threshold(self, request: CheckRequest) -> float | None:
        if request.operating_point is None:
            return request.threshold
        try:
            return self.guard.operating_point(request.operating_point).threshold
        except HarmaugError as error:
            raise HttpError(422, str(error), param="operating_point") from None

    @staticmethod
    def _pair(item: Item, param: str) -> Exchange:
        try:
            return item.pair()
        except HarmaugError as error:
            raise HttpError(422, str(error), param=param) from None
