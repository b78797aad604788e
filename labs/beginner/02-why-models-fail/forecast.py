"""The forecast team's module: the city's hours, what the notebook made of them, the model, and its error."""

import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

FEATURES = ["hour", "weekend", "temperature_c", "wet", "wind"]


def read_hours(path):
    """Return a row an hour (its start, in UTC): temperature in °C, rain in mm, wind in m/s, and what else the file holds."""
    return pd.read_csv(path, parse_dates=["hour"])


def prepare(table):
    """Return the FEATURES of a table with a row an hour, none left out. This is the notebook's code, with which the model was trained."""
    features = pd.DataFrame(index=table.index)
    features["hour"] = table["hour"].dt.hour
    features["weekend"] = (table["hour"].dt.weekday >= 5).astype(int)  # pandas: Monday is 0
    features["temperature_c"] = table["temperature_c"].fillna(table["temperature_c"].median())
    features["wet"] = table["rain_mm"].rolling(3, min_periods=1).sum().fillna(0)  # mm in this hour and the two before it
    features["wind"] = (table["wind_mps"] - table["wind_mps"].mean()) / table["wind_mps"].std()
    return features


def train(features, trips):
    """Return the model, fitted to forecast trips per hour."""
    model = HistGradientBoostingRegressor(loss="poisson", max_iter=60, max_leaf_nodes=15, random_state=0)
    return model.fit(features[FEATURES], trips)


def mean_error(answers, trips):
    """Return the mean absolute error, in trips per hour; hours without an answer or a count are left out."""
    return float((pd.Series(answers) - pd.Series(trips)).abs().mean())


def as_requests(table):
    """Return for each row what the planner sends the service; of the rain also the two hours before, oldest first."""
    rain = [[plain(value) for value in table["rain_mm"].iloc[max(0, i - 2) : i + 1]] for i in range(len(table))]
    return [
        {"hour": f"{hour:%Y-%m-%dT%H:%M:%SZ}", "temperature_c": plain(warmth), "rain_mm": last_three, "wind_mps": plain(wind)}
        for hour, warmth, last_three, wind in zip(table["hour"], table["temperature_c"], rain, table["wind_mps"], strict=True)
    ]


def plain(value):
    """Return the number as JSON can write it; None, JSON's null, where it is missing."""
    return None if pd.isna(value) else float(value)
