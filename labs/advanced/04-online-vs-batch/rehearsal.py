"""Runs backfill.py in processes of its own, and kills them where it is told to. `rehearse` is for notebooks.

A *touch* is each time that the backfill changes something in the store: it opens a file for writing, renames, removes, makes a folder.
A run that is killed at its third touch dies there: where that is the opening of a file, the file is there by then, and empty.
"""

import gc
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path


def rehearse(plays):
    """Run the plays one after the other; return what came of each: ended, rows, touches, days, others.

    A play names the folders `arrivals` and `store` and the file `model`; `kill_at` the touch at which it is killed, `program` the module
    if it is another than backfill. `ended` is "done", "killed" or an exception's text; `rows` how many rows the model was asked about;
    `days` the text of each file day=*.csv in the store; `others` what else lies there.
    A play with `sweep` is run for each touch on a copy of the store: killed there, and then run again. It returns a list of these pairs.
    """
    if threading.active_count() == 1 and "pandas" in sys.modules:  # this process can start the children itself
        return _all(plays)
    command = [sys.executable, str(Path(__file__).resolve())]
    done = subprocess.run(command, input=json.dumps(plays), capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"the rehearsal stopped: {(done.stderr.strip().splitlines() or [done.returncode])[-1]}")
    return json.loads(done.stdout)


def _all(plays):
    import pandas as pd
    import risk  # noqa: F401  # what is loaded and has run once here is quick in each child

    pd.read_csv(io.StringIO(pd.DataFrame({"a": ["b", "c"], "d": [0.5, None]}).to_csv(index=False))).to_dict("records")
    gc.collect()
    gc.freeze()
    try:
        return [_sweep(play) if play.get("sweep") else _play(play) for play in plays]
    finally:
        gc.unfreeze()


def _play(play):
    """Run the backfill in a child process, and return what came of it."""
    store = Path(play["store"])
    store.mkdir(parents=True, exist_ok=True)
    hears, says = os.pipe()
    child = os.fork()
    if not child:
        _be_child(play, str(store.resolve()), says)
    os.close(says)
    with os.fdopen(hears) as pipe:
        words = pipe.read()
    os.waitpid(child, 0)
    said = json.loads(words) if words else {"ended": "the process ended without a word", "rows": 0, "touches": 0}
    days = {path.name: path.read_text() for path in sorted(store.glob("day=*.csv")) if path.is_file()}
    return {**said, "days": days, "others": sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.name not in days)}


def _sweep(play):
    """Kill a run at each of its touches, and let another follow. Return the pairs; 80 at most."""
    pairs, copy = [], Path(play["store"] + "-swept")
    for kill_at in range(1, 81):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(play["store"], copy) if Path(play["store"]).is_dir() else copy.mkdir()
        here = {**play, "store": str(copy)}
        killed = _play({**here, "kill_at": kill_at})
        if killed["ended"] != "killed":
            break
        pairs.append([killed, _play(here)])
    shutil.rmtree(copy, ignore_errors=True)
    return pairs


def _be_child(play, store, says):
    """Run the backfill and tell the pipe how it ended. Never returns."""
    import risk

    count = {"rows": 0, "touches": 0}
    busy, own, risks = [], os.getpid(), risk.Model.risks

    def tell(ended):
        if os.getpid() == own:
            os.write(says, json.dumps({"ended": ended, **count}).encode())
        os._exit(0)

    def counted(self, rows):
        answers = risks(self, rows)
        count["rows"] += len(answers)
        return answers

    def hook(event, given):
        if busy or event not in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"):
            return
        busy.append(event)
        try:
            flags = given[2] if event == "open" and isinstance(given[2], int) else 0
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
            places = [os.path.abspath(os.fsdecode(place)) for place in given[:2] if isinstance(place, (str, bytes, os.PathLike))]
            places = places[:1] if event == "open" else places
            if (event == "open" and not writes) or not any(place.startswith(store + os.sep) for place in places):
                return
            count["touches"] += 1
            if count["touches"] == play.get("kill_at"):
                if event == "open":
                    os.close(os.open(places[0], flags & ~os.O_EXCL, 0o666))
                tell("killed")
        finally:
            busy.clear()

    try:
        sys.dont_write_bytecode = True
        risk.Model.risks = counted
        sys.addaudithook(hook)
        sys.path.insert(0, os.getcwd())
        sys.stdout = sys.stderr
        backfill = importlib.import_module(play.get("program", "backfill")).backfill
        backfill(play["arrivals"], play["store"], play["model"])
        tell("done")
    except BaseException as error:
        tell(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    print(json.dumps(_all(json.load(sys.stdin))))
