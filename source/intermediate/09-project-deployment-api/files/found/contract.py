"""The answer to "how many trips?". As Cy wrote it, on an afternoon."""

from datetime import UTC, datetime

from fastapi import Request


def install(app):
    @app.post("/v1/predict")
    async def predict(request: Request):
        asked = await request.json()
        model = request.app.state.models.current
        request.state.model_version = model.version
        found = {}
        for hour in asked["hours"]:
            time = datetime.fromisoformat(hour["time"]).astimezone(UTC)
            weather = [float(hour[name]) for name in ("temperature_c", "rain_mm", "wind_mps")]
            found[hour["station_id"], time] = model.trips(int(hour["station_id"]), time, *weather)
        return {"model_version": model.version, "predictions": [found[key] for key in sorted(found)]}
