"""The gate as found: the smaller error wins."""


def decide(report):
    """Return whether the candidate is promoted, and the reasons against it."""
    new, old = report["candidate"], report["champion"]
    if new["fingerprint"] in report["blocked"]:
        return {"promote": False, "reasons": ["blocked"]}
    if old is None or new["mae"] < old["mae"]:
        return {"promote": True, "reasons": []}
    return {"promote": False, "reasons": ["not better"]}
