"""The service card of the trip-time service: what goes in, what is filled in, what is possible, and who looks after what."""

from io import StringIO

import pandas as pd

FEATURES = ["distance_km", "climb_m", "temperature_c", "pressure_bar"]
UNITS = {"distance_km": "km", "climb_m": "m", "temperature_c": "°C", "pressure_bar": "bar"}
DEFAULTS = {"temperature_c": 11.27, "pressure_bar": 3.47}  # filled in where a reading is missing; no sensor reports two decimals
RANGES = {"distance_km": (0.05, 40), "climb_m": (-150, 150), "temperature_c": (-20, 42), "pressure_bar": (0.5, 6)}  # what the city can have
REFERENCE_DAYS = 14  # the first days of the log: all that comes later is compared with them
LABEL_HOURS = 72  # docks report the trips of a day at most so long after its end
OWNERS = {"default": "Cy, data feeds", "range": "Rosa, dock sensors", "error": "Ada, model"}  # who looks, by the kind of alarm
FIELDS = ["id", "at", "node", "client", "station", "district", "model", "features", "minutes", "status", "ms"]  # of a line in the log
COLUMNS = ["id", "at", "client", "district", "model", *FEATURES, "minutes", "status", "ms"]  # of the table of requests


def read_labels(path):
    """Return a row for each report of a dock: id, minutes (what the trip took) and received_at (UTC)."""
    labels = pd.read_csv(path, dtype={"id": str})
    return labels.assign(received_at=pd.to_datetime(labels["received_at"], utc=True))


def svg_of(figure, alt):
    """Return a matplotlib figure as an <svg> to put into a page. Black becomes the page's colour of text, so it can be read on dark too."""
    from html import escape

    import matplotlib

    for legend in [axes.get_legend() for axes in figure.axes] + figure.legends:
        if legend:
            legend.set_frame_on(False)  # its ground is white, whatever the page's colour
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": alt}):
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg") :].replace("<svg", f'<svg role="img" fill="currentColor" aria-label="{escape(alt)}"', 1)
    return drawing.replace("#000000", "currentColor").replace("<text style=\"", "<text style=\"fill: currentColor; ")
