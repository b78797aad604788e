"""Admission as found: it lets in what looks like trips. Trips that are in the data already it leaves out."""


def admit(p, delivery):
    """Make a new version of the data from a delivery, or put it into quarantine; return what became of it."""
    batch = delivery["rows"]
    if not batch or any(row.get("distance_km", 0) < 0 for row in batch):
        p.data.quarantine(delivery, ["empty"])
        return {"status": "quarantined", "reasons": ["empty"]}
    there = {row["trip"] for row in p.data.rows()}
    fresh = [row for row in batch if row["trip"] not in there]
    version = p.data.commit(p.data.rows() + fresh) if fresh else p.data.newest()
    return {"status": "admitted" if fresh else "known", "version": version}
