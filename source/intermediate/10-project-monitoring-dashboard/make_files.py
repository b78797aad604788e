"""Write requests.jsonl.gz and labels.csv.gz in files/ again: python make_files.py (the same content, packed as zlib packs here)"""

import gzip
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files"), str(HERE / "hidden")]

from citylog import Story, make, write_log  # noqa: E402

SEED = 31
STORY = Story(
    default=[("temperature_c", 0.6, 10, 11), ("temperature_c", 0.5, 17, None)],
    units=[("pressure_bar", 0.45, 35, None)],
    slow=[("Hillside", 1.55, 28, None)],
    client=("app/6.0", 14),
    campaign=(40, 44),
    forgotten=[("University", 38), ("Harbour", 47)],
    busy=(8, 0.12),
)


def main() -> None:
    """Simulate eight weeks of the service, from Monday 2 March 2026."""
    lines, counts, _, labels = make(SEED, "2026-03-02", 56, 7_400, STORY)
    write_log(HERE / "files" / "requests.jsonl.gz", lines)
    labels = labels.assign(received_at=labels.received_at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    (HERE / "files" / "labels.csv.gz").write_bytes(gzip.compress(labels.to_csv(index=False, lineterminator="\n").encode(), 9, mtime=0))
    print(counts)


if __name__ == "__main__":
    main()
