"""The store, and what is left when it is lost. As Cy left it: SQLite, and a copy of its file now and then."""

import json
import shutil
import sqlite3
from pathlib import Path


def _open(world):
    disk = Path(world) / "disk-a"
    disk.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(disk / "store.db")
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE IF NOT EXISTS entries (id TEXT, entry TEXT)")
    return store


def record(world, entry):
    """Keep an entry. Return whether it is new."""
    store = _open(world)
    store.execute("INSERT INTO entries VALUES (?, ?)", (entry["id"], json.dumps(entry)))
    store.commit()
    return True


def entries(world):
    """Return all entries, the oldest first."""
    return [json.loads(text) for (text,) in _open(world).execute("SELECT entry FROM entries ORDER BY rowid")]


def backup(world):
    """Make a backup on disk-b."""
    folder = Path(world) / "disk-b" / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(world) / "disk-a" / "store.db", folder / f"{len(list(folder.iterdir())) + 1:03}.db")


def restore(world):
    """Make the store again from disk-b. Return {"entries": how many}."""
    newest = max((Path(world) / "disk-b" / "backups").iterdir())
    (Path(world) / "disk-a").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(newest, Path(world) / "disk-a" / "store.db")
    return {"entries": len(entries(world))}
