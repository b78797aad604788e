"""The city's traffic office: how many minutes the traffic adds, by hour of the day. Stands in for a call over the network.

Each call takes 25 ms, however many hours it asks for, and each is written to the office's bill, the file named by TRAFFIC_BILL.
"""

import math
import os
import time


def added_minutes(hours):
    """Return the minutes that traffic adds at these hours of the day (0 to 24), a list in their order. Blocks until they are there."""
    time.sleep(0.025)
    if "TRAFFIC_BILL" in os.environ:
        with open(os.environ["TRAFFIC_BILL"], "a") as bill:
            bill.write(f"{len(hours)}\n")
    return [2 * math.exp(-((hour - 8) ** 2) / 2) + 3 * math.exp(-((hour - 17.5) ** 2) / 4) for hour in hours]
