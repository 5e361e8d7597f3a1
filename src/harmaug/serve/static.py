"""The page at `/` and the API's documentation at `/docs`: files of this package, nothing else.

The Content-Security-Policy lets a page load nothing but these files and speak to nobody but this
server; text that a user pastes stays between the browser and the server.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "page"

_ROUTES = {
    "/": ("index.html", "text/html"),
    "/docs": ("docs.html", "text/html"),
    "/page/style.css": ("style.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
    "/page/verdict.js": ("verdict.js", "text/javascript"),
    "/page/rows.js": ("rows.js", "text/javascript"),
    "/page/table.js": ("table.js", "text/javascript"),
    "/page/docs.js": ("docs.js", "text/javascript"),
    "/page/icon.svg": ("icon.svg", "image/svg+xml"),
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add(app: FastAPI) -> None:
    """Add the files' routes."""
    for route, (name, kind) in _ROUTES.items():
        _add_file(app, route, FOLDER / name, kind)


def _add_file(app: FastAPI, route: str, path: Path, kind: str) -> None:
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"Content-Security-Policy": _POLICY, "ETag": tag, "Cache-Control": "no-cache"}

    @app.get(route, include_in_schema=False)
    async def serve_file(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)
