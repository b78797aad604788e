"""Which model answers. As Cy wrote it: the file is read for each request, so that it is never out of date."""

import os

from demand import read_model
from fastapi import Request


class Models:
    def __init__(self):
        self.version = os.environ.get("MODEL_VERSION", "1")

    @property
    def current(self):
        return read_model(f"{os.environ['MODELS']}/{self.version}.json")


def install(app):
    app.state.models = Models()

    @app.get("/ready")
    async def ready():
        return {"model_version": app.state.models.version}

    @app.put("/v1/model")
    async def switch(request: Request):
        app.state.models.version = (await request.json())["model_version"]
        return {"model_version": app.state.models.version}
