"""Write the data in files/ again, byte for byte: python make_files.py"""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files"), str(HERE / "hidden")]

from deposit import asked_by  # noqa: E402
from judge_register import healthy  # noqa: E402

# Bo's card, written by hand: of version 2, and on training data.
CARD = {
    "model": "deposit",
    "version": 2,
    "threshold": 0.42,
    "data_sha256": "a83e77" * 8,
    "auc": 0.83,
    "false_positive_rate": 0.16,
}
DISTRICTS = {
    "Harbour": (290, 0.1),
    "Old Town": (402, 0.11),
    "University": (395, 0.1),
    "Hillside": (410, 0.1),
    "Eastfield": (311, 0.35),
    "Island": (7, 0.0),
}
PEOPLE = [
    (4711, "Maya Lindqvist", "maya.lindqvist@mail.example", "+46 70 174 06 35"),
    (471, "Tom O'Neill", "tom@oneill.example", "+353 20 915 4471"),
    (8020, "José Ruiz", "jruiz+bikes@correo.example", "+34 600 123 456"),
]  # id, name, e-mail, telephone
ADVISORIES = [  # package, ranges, extra, withdrawn
    ("fast-bikes", [{"introduced": "0", "fixed": "0.9.4"}], None, None),
    ("scikit-learn", [{"introduced": "1.2", "fixed": "1.5.0"}, {"introduced": "1.9.0", "fixed": "1.9.2"}], None, None),
    ("locksmith", [{"introduced": "3.0", "last_affected": "3.2.0"}], "bluetooth", None),
    ("locksmith", [{"introduced": "0"}], "gps", None),
    ("tariffs", [{"introduced": "1.0", "fixed": "2.0"}], None, None),
    ("geo-rings", [{"introduced": "0", "fixed": "1.5"}], None, "2026-02-11"),
    ("pedalpay", [{"introduced": "0", "fixed": "4.1"}], None, None),
]


def listed(rows) -> str:
    """Return JSON with a line for each row."""
    return "[\n  " + ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def main() -> None:
    """Write the applications, all asked by one threshold, a day's requests, and what colleagues left."""
    system = healthy(np.random.default_rng(83), n=2600)
    cases, requests = system["cases"], system["requests"].iloc[:700]
    cases = cases.iloc[-4000:].reset_index(drop=True)
    cases["asked"] = asked_by(cases, dict.fromkeys(cases["district"], round(float(cases["score"].quantile(0.75)), 4)))
    for table, name in [(cases, "applications.csv"), (requests, "requests.csv")]:
        table.to_csv(HERE / "files" / name, index=False, lineterminator="\n")
    districts = {name: {"payers": payers, "false_positive_rate": rate} for name, (payers, rate) in DISTRICTS.items()}
    (HERE / "files" / "card_found.json").write_text(json.dumps({**CARD, "by_district": districts}, indent=2) + "\n")
    people = [dict(zip(("rider_id", "name", "email", "phone"), row, strict=True)) for row in PEOPLE]
    (HERE / "files" / "people.json").write_text(listed(people), encoding="utf-8")
    notices = [
        {"id": f"MB-2026-{number:02}", "package": package, "ranges": ranges, "extra": extra, "withdrawn": withdrawn}
        for number, (package, ranges, extra, withdrawn) in enumerate(ADVISORIES, 1)
    ]
    (HERE / "files" / "advisories.json").write_text(listed(notices))


if __name__ == "__main__":
    main()
