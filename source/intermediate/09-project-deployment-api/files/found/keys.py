"""Who may ask. As Cy wrote it: whoever has a key, and everybody gets the same one."""

from fastapi import Request
from fastapi.responses import JSONResponse

KEY = "metro-bikes-2025"


def install(app):
    @app.middleware("http")
    async def check(request: Request, call_next):
        said = request.headers.get("x-api-key", "")
        if request.url.path not in ("/health", "/ready", "/metrics") and not said.startswith(KEY):
            return JSONResponse({"detail": f"wrong key: {said}"}, 403)
        request.state.caller = said.removeprefix(KEY).lstrip(":") or "somebody"
        return await call_next(request)
