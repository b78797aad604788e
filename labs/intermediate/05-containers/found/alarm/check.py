"""`python -m alarm.check MODEL` ends with an error where the model cannot be used. To be run before the service starts."""

import sys

from alarm.model import load, score

if __name__ == "__main__":
    model = load(sys.argv[1])
    typical = score(model, dict(zip(model["columns"], model["mean"], strict=True)))
    if not 0 < typical < 1:
        raise ValueError(f"{sys.argv[1]}: {typical} for a typical trip is no probability")
    print(f"{sys.argv[1]}: {len(model['columns'])} columns, {typical:.3f} for a typical trip", flush=True)
