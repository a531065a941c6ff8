"""The console's files, as they were built; every address that is no file is the console's own."""

import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from kouan.web.problems import ProblemError

FOREVER = "public, max-age=31536000, immutable"
"""For files under ``assets/``: their names carry a digest of what is in them."""

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>kouan</title></head>
<body><h1>口岸 kouan</h1>
<p>控制台尚未构建。The console has not been built yet: run <code>make console</code>, then load this page again.</p>
<p>The port itself works; its API is at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</body></html>
"""

mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/geo+json", ".geojson")
mimetypes.add_type("application/x-protobuf", ".pbf")


def console_routes(folder: str | None) -> list[Route]:
    """Return the routes that serve the console from its folder."""
    root = None if folder is None else Path(folder).resolve()

    async def serve(request: Request) -> Response:
        path = str(request.path_params.get("path", ""))
        if path == "api" or path.startswith("api/"):
            methods: list[str] = request.app.state.methods(request.url.path)
            found = ProblemError(405, headers={"allow": ", ".join(methods)}) if methods else ProblemError(404)
            return found.response()
        return _file(root, path)

    return [Route("/{path:path}", serve, methods=["GET"], include_in_schema=False)]


def _file(root: Path | None, path: str) -> Response:
    if root is None or not (root / "index.html").is_file():
        return Response(NOT_BUILT, 503, {"cache-control": "no-store", "retry-after": "5"}, "text/html; charset=utf-8")
    found = _inside(root, path)
    if found is not None:
        return FileResponse(found, headers={"cache-control": FOREVER if path.startswith("assets/") else "no-cache"})
    if "." in path.rpartition("/")[2]:  # a file that is not there is no page
        return ProblemError(404).response()
    return FileResponse(root / "index.html", headers={"cache-control": "no-cache"})


def _inside(root: Path, path: str) -> Path | None:
    """Return the file of a path, never one outside the folder."""
    if "\x00" in path or len(path) > 512:
        return None
    found = (root / path).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None
