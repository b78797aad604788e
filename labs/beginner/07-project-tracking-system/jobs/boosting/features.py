"""What Ada's forecast looks at."""

from sklearn.compose import make_column_transformer

USED = ["hour", "weekday", "temperature_c"]


def columns():
    return make_column_transformer(("passthrough", USED))
