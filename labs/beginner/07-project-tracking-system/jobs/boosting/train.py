"""Ada's forecast: boosted trees."""

from features import columns
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline


def train(hours, settings):
    boosting = HistGradientBoostingRegressor(loss="poisson", random_state=0, **settings)
    return make_pipeline(columns(), boosting).fit(hours, hours["trips"])
