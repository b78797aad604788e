"""Which judge marks our answers."""


def choose(p):
    """Return the name of the judge that agrees best with people; among equals the cheapest; None if even that is poor."""

    def agreed(name):
        said = [p.verdict(name, one["question"], one["reference"], one["answer"]) == one["human"] for one in p.labels]
        return sum(said) / len(said)

    best = max(p.judges, key=lambda name: (round(agreed(name), 2), -p.judges[name]))
    return best if agreed(best) >= 0.8 else None
