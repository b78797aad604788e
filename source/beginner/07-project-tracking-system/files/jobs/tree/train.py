"""Bo's forecast: one tree, grown as deep as its leaves allow."""

from sklearn.tree import DecisionTreeRegressor

FEATURES = ["hour", "weekday", "holiday", "temperature_c", "rain_mm", "wind_mps"]


def train(hours, settings):
    seed = settings.pop("seed", 0)
    return DecisionTreeRegressor(random_state=seed, **settings).fit(hours[FEATURES], hours["trips"])
