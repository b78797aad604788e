"""A step of the night job: reads what the docks' sensors sent, and says what it made of it. Needs the packages in requirements.txt."""

import json

import dockfeed

pressures = dockfeed.read("sensors.json")
low = sum(pressure < 2.8 for pressure in pressures.values())
print(json.dumps({"bikes": len(pressures), "lowest_bar": min(pressures.values()), "below_2.8_bar": low}))
