"""What the judge cells of the rollback share: stores and their states."""

from pathlib import Path

from colleagues import make_store


def store_with_more(folder):
    """Make a store with r1, r2 (live), and damaged ones: r3 with a changed model, r4 without its code, r5 without a manifest, r6 with half
    of one, r8 with other days off, r10 with a list for a manifest, and .r11, which was never finished."""
    make_store(folder)
    releases = Path(folder) / "releases"
    whole = {path.name: path.read_bytes() for path in (releases / "r1").iterdir()}
    for version, damage in [
        ("r3", lambda parts: {**parts, "model.json": parts["model.json"].replace(b"1", b"2", 1)}),
        ("r4", lambda parts: {name: content for name, content in parts.items() if name != "features.py"}),
        ("r5", lambda parts: {name: content for name, content in parts.items() if name != "manifest.json"}),
        ("r6", lambda parts: {**parts, "manifest.json": parts["manifest.json"][:40]}),
        ("r8", lambda parts: {**parts, "days_off.json": parts["days_off.json"].replace(b"04-06", b"04-13")}),
        ("r10", lambda parts: {**parts, "manifest.json": b"[]"}),
        (".r11", lambda parts: parts),
    ]:
        (releases / version).mkdir()
        for name, content in damage(whole).items():
            (releases / version / name).write_bytes(content)


def state_of(folder):
    """Return all that is in a folder: {path: content}."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}
