"""Write the trips in files/repo/data/ again, byte for byte: python make_files.py"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "hidden")]

from judging import draw_trips  # noqa: E402


def main() -> None:
    """Simulate a sample of the trips of July to October, and cut it at 1 October."""
    trips = draw_trips(2025)
    for name, kept in [("train.csv", trips["day"] < "2025-10-01"), ("test.csv", trips["day"] >= "2025-10-01")]:
        trips[kept].to_csv(HERE / "files" / "repo" / "data" / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
