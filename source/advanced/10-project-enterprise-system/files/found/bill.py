"""Who pays what. As Cy left it."""


def showback(usage, bill, tenants):
    """Return what each tenant pays, in cents."""
    total = sum(bill.values())
    rows = {name: sum(use["rows"] for use in usage if use["tenant"] == name) for name in tenants}
    return {name: {"total": round(total * rows[name] / sum(rows.values())), "predictions": rows[name]} for name in tenants}


def page(record):
    """Return the page as HTML."""
    return f"<h1>Report</h1>{record}"
