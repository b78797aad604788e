"""Write the lab's data again, byte for byte: trips/, bikes.csv, wheels/ and mirror/. python make_files.py"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "hidden")]

from weeks import weeks_and_bikes  # noqa: E402
from wheelwright import pack  # noqa: E402

UNITS = '''"""Units of pressure."""


def to_bar(pressure):
    """Return a pressure, given in {unit}s, in bar."""
    return round(pressure / {divisor}, 2)
'''
FEED = '''"""Reads what the sensors in the docks send."""

from tyreunits import to_bar


def pressures(readings):
    """Return the pressure of each bike's front tyre in bar, by the bike's number."""
    return {reading["bike"]: to_bar(reading["pressure_pa"]) for reading in readings}
'''
SERVER = """# pip freeze on the server, Friday 5 September 2025
Contour.Lines==2.2.0
dockfeed==1.4.2
hillmap==0.3.1
nightwatch==3.0.1
tyreunits==1.1.0
"""


def main() -> None:
    """Simulate nine weeks of trips and the bikes of the days after them, and pack wheels."""
    files = HERE / "files"
    for name in ("trips", "wheels", "mirror"):
        shutil.rmtree(files / name, ignore_errors=True)
        (files / name).mkdir()
    weeks, bikes = weeks_and_bikes(221)
    for name, table in weeks.items():
        table.to_csv(files / "trips" / name, index=False, lineterminator="\n")
    bikes.to_csv(files / "bikes.csv", index=False, lineterminator="\n")
    wheels, pascals = files / "wheels", UNITS.format(unit="pascal", divisor="100_000")
    pack(wheels, "dockfeed", "1.4.2", FEED, ["tyreunits>=1.0"])
    pack(wheels, "dockfeed", "1.5.0", FEED + "\n\nRETRIES = 3\n", ["tyreunits>=2.0"])
    pack(wheels, "tyreunits", "1.1.0", pascals)
    pack(wheels, "tyreunits", "2.0.0", UNITS.format(unit="kilopascal", divisor="100"))
    pack(wheels, "hillmap", "0.3.1", "SLOPES = {}\n", ["Contour.Lines>=2,<3", "wincolour; sys_platform == 'win32'"])
    pack(wheels, "contour_lines", "2.2.0", "STEP_M = 5\n")
    pack(wheels, "contour_lines", "2.3.0", "STEP_M = 2\n")
    pack(wheels, "wincolour", "1.0.2", "BLUE = 1\n")
    for wheel in sorted(wheels.glob("*.whl")):
        shutil.copyfile(wheel, files / "mirror" / wheel.name)
    pack(files / "mirror", "tyreunits", "1.1.0", pascals.replace("100_000, 2", "100_000 + 0.3, 2"))
    (files / "requirements.in").write_text("dockfeed>=1.4\nhillmap\n")
    (files / "server.txt").write_text(SERVER)


if __name__ == "__main__":
    main()
