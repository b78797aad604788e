"""Write the data in files/ again, byte for byte: python make_files.py"""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files"), str(HERE / "hidden")]

from deposit import asked_by  # noqa: E402
from judge_register import healthy  # noqa: E402


def main() -> None:
    """Write the applications, all asked by one threshold, and a day's requests."""
    system = healthy(np.random.default_rng(83), n=2600)
    cases, requests = system["cases"], system["requests"].iloc[:700]
    cases = cases.iloc[-4000:].reset_index(drop=True)
    cases["asked"] = asked_by(cases, dict.fromkeys(cases["district"], round(float(cases["score"].quantile(0.75)), 4)))
    for table, name in [(cases, "applications.csv"), (requests, "requests.csv")]:
        table.to_csv(HERE / "files" / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
