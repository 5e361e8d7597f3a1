"""The application: routes, their documentation, and what holds them together."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import Response

import harmaug
from harmaug.errors import DataError
from harmaug.guard import Guard
from harmaug.serve import static
from harmaug.serve.batching import LONGEST_RETRY_S
from harmaug.serve.body import Body, parse
from harmaug.serve.gate import Gate
from harmaug.serve.http_error import ErrorBody, HttpError
from harmaug.serve.metrics import CONTENT_TYPE, Metrics
from harmaug.serve.moderations import ModerationRequest, ModerationResponse, ModerationResult
from harmaug.serve.protocol import DEADLINE
from harmaug.serve.schemas import CheckRequest, CheckResponse, GuardResponse
from harmaug.serve.service import Service
from harmaug.serve.settings import ServeSettings, keys_of

SETTINGS_VARIABLE = "HARMAUG_SERVE"
"""Carries the settings to worker processes."""

_ABOUT = "Judges prompts, answers and conversations with a small guard model."
_FULL: dict[str, object] = {
    "model": ErrorBody,
    "description": "The queue is full; see Retry-After.",
    "headers": {
        "Retry-After": {
            "description": "Seconds after which what is queued should have been judged.",
            "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_RETRY_S},
        }
    },
}
_ERRORS: dict[int | str, dict[str, object]] = {
    400: {"model": ErrorBody, "description": "The body is not JSON."},
    401: {"model": ErrorBody, "description": "No API key, or an unknown one."},
    413: {"model": ErrorBody, "description": "The body is too large; the line says the limit."},
    422: {"model": ErrorBody, "description": "A value cannot be used; the line says why."},
    431: {"model": ErrorBody, "description": "The headers are too large."},
    503: _FULL,
    504: {"model": ErrorBody, "description": "Not answered within the deadline."},
}


def create_app(guard: Guard, settings: ServeSettings, keys: Sequence[str] = ()) -> FastAPI:
    """Build the application around a guard that is loaded.

    Args:
        guard: judges everything.
        settings: the limits.
        keys: API keys that open `/v1/`; none leave it open.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, float]]:
        service = Service(guard, settings, metrics)
        app.state.service = service
        yield {DEADLINE: settings.deadline_s}
        await service.batcher.close()

    app = FastAPI(
        title="HarmAug guard",
        version=harmaug.__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the address in a redirect would be what the client calls us
        lifespan=lifespan,
    )
    app.add_middleware(Gate, settings=settings, keys=keys, metrics=metrics)
    _add_judging(app)
    _add_operations(app, metrics)
    static.add(app)
    _add_errors(app)
    app.openapi = lambda: _openapi(app, wants_key=bool(keys))  # type: ignore[method-assign]
    return app


def worker_app() -> FastAPI:
    """Load the guard and build the application in a worker process, as its environment says."""
    settings = ServeSettings.from_json(os.environ[SETTINGS_VARIABLE])
    guard = Guard.load(settings.model, threads=settings.threads)
    return create_app(guard, settings, keys_of(os.environ))


def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


async def _read(request: Request, kind: type[Body]) -> Body:
    return parse(await request.body(), kind, max_items=_service(request).settings.max_items)


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), media_type="application/json")


def _reads(kind: type[BaseModel]) -> dict[str, object]:
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _add_judging(app: FastAPI) -> None:
    @app.post(
        "/v1/check",
        tags=["judging"],
        summary="Judge prompts, answers and conversations",
        responses={200: {"model": CheckResponse}, **_ERRORS},
        openapi_extra=_reads(CheckRequest),
    )
    async def check(request: Request) -> Response:
        """One item, or many under `items`; at the guard's threshold or another."""
        started = time.perf_counter()
        service = _service(request)
        results = await service.check(await _read(request, CheckRequest))
        latency = (time.perf_counter() - started) * 1000
        return _json(CheckResponse(model=service.name, results=results, latency_ms=latency))

    @app.post(
        "/v1/moderations",
        tags=["judging"],
        summary="The OpenAI moderation API",
        responses={200: {"model": ModerationResponse}, **_ERRORS},
        openapi_extra=_reads(ModerationRequest),
    )
    async def moderations(request: Request) -> Response:
        """As OpenAI's, with one category, `harmful`: read `flagged`."""
        service = _service(request)
        body = await _read(request, ModerationRequest)
        try:
            pairs = body.pairs()
        except DataError as error:
            raise HttpError(422, str(error), param="input") from None
        verdicts = await service.judge(pairs)
        results = [ModerationResult.of(verdict) for verdict in verdicts]
        return _json(ModerationResponse(model=service.name, results=results))

    @app.get(
        "/v1/guard",
        tags=["judging"],
        summary="The guard, its thresholds and the limits",
        responses={200: {"model": GuardResponse}, 401: _ERRORS[401]},
    )
    async def describe(request: Request) -> Response:
        """What a client needs to know before it asks."""
        return _json(_service(request).describe())


def _add_operations(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/healthz", tags=["operations"], response_class=PlainTextResponse)
    async def healthz() -> str:
        """The process answers."""
        return "ok\n"

    @app.get(
        "/readyz",
        tags=["operations"],
        response_class=PlainTextResponse,
        responses={503: _FULL},
    )
    async def readyz(request: Request) -> str:
        """The guard is loaded and its queue has room."""
        batcher = _service(request).batcher
        if batcher.full:
            seconds = str(batcher.retry_after_s)
            raise HttpError(503, "the queue is full", headers={"Retry-After": seconds})
        return "ready\n"

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
    async def read_metrics() -> Response:
        """Counters and histograms of this worker, in Prometheus' text format."""
        return Response(metrics.render(), headers={"Content-Type": CONTENT_TYPE})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HttpError)
    async def known(_: Request, error: HttpError) -> Response:
        return error.response()

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        return HttpError(error.status_code, str(error.detail), headers=error.headers).response()

    @app.exception_handler(Exception)
    async def unknown(_: Request, error: Exception) -> Response:
        name = type(error).__name__
        return HttpError(500, f"the server failed ({name}); its log says more").response()


def _openapi(app: FastAPI, *, wants_key: bool) -> dict[str, object]:
    """The generated document with what the routes do not declare: request bodies and keys."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, bodies = models_json_schema(
            [(CheckRequest, "validation"), (ModerationRequest, "validation")],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"] |= bodies["$defs"]
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        security: list[dict[str, list[str]]] = [{"key": []}] if wants_key else [{}, {"key": []}]
        for path, operations in document["paths"].items():
            for operation in operations.values() if path.startswith("/v1/") else ():
                operation["security"] = security
        app.openapi_schema = document
    return app.openapi_schema
