"""The demand model: how many trips begin at a station in an hour. The data team's file; nothing here is yours to change."""

import json
import math
from datetime import UTC
from pathlib import Path


class Model:
    """A model as read from its file. `version` is its name, `stations` the ids that it knows. It is never changed once made."""

    def __init__(self, table):
        self.version = str(table["version"])
        self.stations = frozenset(map(int, table["trips"]))
        self._weather, self._trips = dict(table["weather"]), {int(station): row for station, row in table["trips"].items()}

    def trips(self, station_id, time, temperature_c, rain_mm, wind_mps):
        """Return the trips to expect in the hour from `time` on, a datetime in UTC. Raises KeyError for a station it does not know."""
        if time.tzinfo is not None and time.utcoffset() != UTC.utcoffset(None):
            raise ValueError("the model's hours are hours in UTC: convert the time first")
        weather = {"temperature_c": temperature_c, "rain_mm": rain_mm, "wind_mps": wind_mps}
        level = self._trips[station_id][time.weekday() * 24 + time.hour]
        return level * math.exp(sum(self._weather[name] * value for name, value in weather.items()))


def read_model(file):
    """Return the model in a file, which is given by its path or by its bytes. Raises ValueError where a number in it is no number."""
    model = Model(json.loads(file if isinstance(file, bytes) else Path(file).read_bytes()))
    for row in model._trips.values():
        for number in row:
            if not (isinstance(number, float) and 0 <= number < math.inf):
                raise ValueError(f"{number!r} is no number of trips")
    return model
