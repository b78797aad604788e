"""Mondays to practise on: the evidence of eight weeks, as Bo finds it, after events that you choose."""

import numpy as np
import pandas as pd

WEEKS, SOURCES, LAST_RIPE = range(1, 9), ["A", "B", "C"], 6


def a_monday(seed, unit=None, gaps=None, release=None, relation=None, world=None, old_gaps=None, passing=None):
    """Return the evidence, a row for each week and source. Each event is a tuple, or None.

    unit: (source, week, factor), a source sends its distances in another unit from a week on; gaps: (source, week, share), its
    pressures are missing; old_gaps: (source, share), they always were; release: (week, factor), a new version foretells so many times
    what is right; relation: (week, factor), bikes need repair so many times as often, and no input shows it; world: (week, speed,
    factor), all ride faster, and both versions foretell rightly that repairs are so many times as frequent; passing: (week, last week,
    factor), as relation, and in the weeks after the last one all is as before.
    """
    rng, rows = np.random.default_rng(seed), []
    for week in WEEKS:
        for source in SOURCES:
            trips = int(rng.integers(2300, 2900))
            ripe = trips if week <= LAST_RIPE else 0
            rate, speed, missing = 0.08, 13 * rng.lognormal(0, 0.01), rng.uniform(0.01, 0.03)
            new, old = rng.uniform(0.98, 1.02, 2)
            if world and week >= world[0]:
                speed, rate = speed * world[1], rate * world[2]
            new, old = new * rate, old * rate
            if relation and week >= relation[0]:
                rate *= relation[1]
            if passing and passing[0] <= week <= passing[1]:
                rate *= passing[2]
            version = "14"
            if release and week >= release[0]:
                version, new = "15", new * release[1]
            if unit and source == unit[0] and week >= unit[1]:
                speed *= unit[2]
                new, old = (min(share * (0.6 if unit[2] < 1 else 4), 0.99) for share in (new, old))
            if gaps and source == gaps[0] and week >= gaps[1]:
                missing += gaps[2]
                new, old = new * (1 - gaps[2]), old * (1 - gaps[2])
            if old_gaps and source == old_gaps[0]:
                missing += old_gaps[1]
            found = int(rng.binomial(ripe, rate))
            before = "13" if version == "14" else "14"
            rows.append(
                (
                    week,
                    source,
                    version,
                    before,
                    trips,
                    ripe,
                    round(ripe * new, 1),
                    round(ripe * old, 1),
                    found,
                    round(speed, 2),
                    round(missing, 3),
                )
            )
    names = "week source version previous_version trips ripe foretold foretold_by_previous found speed_kmh missing"
    return pd.DataFrame(rows, columns=names.split())
