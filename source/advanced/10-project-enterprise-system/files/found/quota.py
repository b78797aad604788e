"""Quotas. As Cy left it: so many requests a minute, and first come, first served."""


def take(buckets, tenant, work, now, plan):
    """Return None if a request may pass, else (status, Retry-After)."""
    minute, count = buckets.get("all", (0, 0))
    count = count + 1 if minute == now // 60 else 1
    buckets["all"] = now // 60, count
    return (503, 60) if count > 600 else None


def pick(waiting, weights, memory):
    """Return the tenant whose request is served next."""
    return max(waiting, key=lambda tenant: waiting[tenant]["waited"])
