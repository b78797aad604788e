"""What the service tells of itself. As Cy wrote it."""

from fastapi import Request, Response
from prometheus_client import Gauge, generate_latest

SEEN = Gauge("requests", "requests", ["url"])


def install(app):
    @app.middleware("http")
    async def tell(request: Request, call_next):
        print("got a request!", request.method, request.url, dict(request.headers), (await request.body())[:200])
        SEEN.labels(str(request.url)).inc()
        return await call_next(request)

    @app.get("/metrics")
    async def metrics():
        return Response(generate_latest())
