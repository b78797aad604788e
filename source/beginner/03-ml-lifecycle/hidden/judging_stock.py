"""What the judge cells of hand-overs share: releases in a folder, sound and with faults."""

import json
import os
from pathlib import Path

from colleagues import empty, write_json
from lifecycle import STAGES
from ridetime import sha256


def stock(folder):
    """Return what take_stock must say of the folder."""
    newest, superseded, hashes = {}, set(), {}
    for path in Path(folder).iterdir():
        if not path.is_file():
            continue
        hashes[path] = sha256(path)
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else None
        except ValueError:
            note = None
        for stage, fields in STAGES.items():
            if isinstance(note, dict) and set(fields) <= set(note):
                older, newer = sorted([newest.get(stage, (path, note)), (path, note)], key=lambda found: found[1]["at"])
                superseded |= {older[0]} - {newer[0]}
                newest[stage] = newer
    current = {hashed for path, hashed in hashes.items() if path not in superseded}
    stage_of = {hashes[path]: stage for stage, (path, _) in newest.items()}
    verdict = {}
    for stage in STAGES:
        made = list(newest[stage][1].get("made_from", {}).values()) if stage in newest else None
        if made is None:
            verdict[stage] = "missing"
        elif not made or not set(made) <= current:
            verdict[stage] = "stale"
        else:
            verdict[stage] = "sound" if all(verdict[stage_of[one]] == "sound" for one in made if one in stage_of) else "doubtful"
    return verdict


def make_release(folder, rng, *faults):
    """Fill the folder with a release's hand-overs under names that say nothing, and spoil it by each of the faults.

    A fault is a pair of a kind and a stage: "gone", "edited" (an input changed afterwards), "again" (made once more from what is there), "naming nothing",
    "apart" (made from the rides alone). What is gone or edited has a copy in the inner folder. The times of the files say nothing.
    """
    folder = empty(folder)
    names = dict(zip(STAGES, rng.permutation(["a", "b2", "final", "old", "x (1)", "ok", "7", "copy of b", "neu"]), strict=False))
    for name in ("rides.csv", "june.csv", "model.skops"):
        (folder / name).write_bytes(f"{name} {rng.integers(10**9)}\n".encode())
    needs = {
        "contract": ["rides.csv"],
        "features": ["contract"],
        "train": ["rides.csv", "features"],
        "evaluate": ["model.skops", "june.csv", "train"],
        "approve": ["evaluate", "model.skops"],
        "release": ["model.skops", "approve"],
        "monitor": ["evaluate", "release"],
        "retire": ["release", "monitor"],
    }

    def write(stage, at, made=None, name=None):
        path = folder / f"{name or names[stage]}.json"
        sources = needs[stage] if made is None else made
        hashes = {f"{there}, as it was called": sha256(folder / (f"{names[there]}.json" if there in names else there)) for there in sources}
        write_json(path, {**{field: f"{stage} {field}" for field in STAGES[stage]}, "by": "Ada", "at": at, "made_from": hashes, "more": 1})

    for number, stage in enumerate(STAGES):
        write(stage, f"2026-05-{number + 1:02}T09:00", made=["rides.csv"] if ("apart", stage) in faults else None)
    (folder / "wish.json").write_text(json.dumps({"approved": True, "by": "Cy", "at": "2027-01-01T09:00", "made_from": {}}))
    (folder / "list.json").write_text("[1, 2, 3]")
    (folder / "cut off.json").write_text('{"version": 3, "since": "2026-0')
    (folder / "backup").mkdir()
    (folder / "backup" / "features.json").write_text(json.dumps({"features": [], "by": "Cy", "at": "2027-01-01T09:00", "made_from": {}}))
    for kind, stage in faults:
        path = folder / (f"{names[stage]}.json" if stage in names else stage)
        if kind in ("gone", "edited"):
            (folder / "backup" / path.name).write_bytes(path.read_bytes())
        if kind == "gone":
            path.unlink()
        elif kind == "edited":
            path.write_bytes(path.read_bytes().rstrip() + b" \n")
        elif kind == "again":
            write(stage, "2026-06-11T09:00", name=f"{names[stage]} again")
        elif kind == "naming nothing":
            write(stage, "2026-06-12T09:00", made=[], name=f"{names[stage]} again")
    for path in folder.iterdir():
        copied = 1_700_000_000 + (0 if path.stem.endswith("again") else int(rng.integers(1, 10**6)))
        os.utime(path, (copied, copied))
    return folder
