"""python fetch.py FILE: ask the city's server for the days off of the year, and write them.

Exit code 75: no answer this time, which happens. The server is a folder here, named by the environment variable CITY_SERVER.
"""

import json
import os
import sys
import time
from pathlib import Path

server = Path(os.environ["CITY_SERVER"])
state = json.loads((server / "state.json").read_text())
state["asked"] += 1
(server / "state.json").write_text(json.dumps(state))
if state["asked"] <= state["silent"]:
    time.sleep(60)  # it waits for an answer
    print("fetch.py: the city's server does not answer", file=sys.stderr)
    sys.exit(75)
Path(sys.argv[1]).write_text((server / "days_off.json").read_text())
print("fetch.py: got the days off")
