"""python train.py TABLE MODEL: fit the forecast to all rows of a table, and write the model's file."""

import csv
import json
import sys

from features import features

RIDGE = 1.0  # how strongly weights are held near zero


def fit(X, y, ridge):
    """Return the weights of a ridge regression, by Gaussian elimination."""
    n = len(X[0])
    sums = [[ridge * (i == j) for j in range(n)] + [0.0] for i in range(n)]
    for row, target in zip(X, y, strict=True):
        used = [i for i, value in enumerate(row) if value]  # most features are zero
        for i in used:
            for j in used:
                sums[i][j] += row[i] * row[j]
            sums[i][n] += row[i] * target
    for i in range(n):
        for k in range(i + 1, n):
            if sums[k][i]:
                share = sums[k][i] / sums[i][i]
                for j in range(i, n + 1):
                    sums[k][j] -= share * sums[i][j]
    weights = [0.0] * n
    for i in reversed(range(n)):
        weights[i] = (sums[i][n] - sum(sums[i][j] * weights[j] for j in range(i + 1, n))) / sums[i][i]
    return weights


def train(rows):
    """Return the model, fitted to the rows: a dictionary."""
    weights = fit(features(rows), [float(row["trips"]) for row in rows], RIDGE)
    return {"rows": len(rows), "last_day": max(row["day"] for row in rows), "weights": [round(weight, 6) for weight in weights]}


if __name__ == "__main__":
    with open(sys.argv[1], newline="") as table:
        model = train(list(csv.DictReader(table)))
    with open(sys.argv[2], "w") as file:
        file.write(json.dumps(model) + "\n")
    print(f"fitted to {model['rows']} rows until {model['last_day']}")
