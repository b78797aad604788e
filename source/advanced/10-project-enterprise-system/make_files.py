"""Write final.csv.gz in files/ again: python make_files.py (the same content, packed as zlib packs here)"""

import gzip
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "files"))

from traces import draw_trace  # noqa: E402


def main() -> None:
    """Draw the load of the final: 16 minutes around the whistle, on Monday 8 June 2026."""
    lines = [f"{t:.2f},{tenant},{rows},{1000 * work:.0f}" for t, tenant, rows, work in draw_trace("whistle", "2026-06-08", minutes=16)]
    text = "\n".join(["seconds,tenant,rows,work_ms", *lines, ""])
    (HERE / "files" / "final.csv.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
