"""Repositories, read without running anything that their configuration may name."""

import configparser
import io
import json
import re
from pathlib import Path

import judgekit_git
import pandas as pd
import yaml
from workbench import md5


class Repository(judgekit_git.Repository):
    """What the commits of a learner's repository say of data and models."""

    def commits(self, revision="main"):
        """Return the ids of all commits that lead to a revision, the newest first."""
        return self.git("rev-list", self.commit(revision)).split()

    def lock(self, revision):
        """Return the stages of dvc.lock at a revision."""
        try:
            stages = yaml.safe_load(self.text(revision, "dvc.lock"))["stages"]
            return {name: stages[name] for name in stages if isinstance(stages[name], dict)}
        except (yaml.YAMLError, KeyError, TypeError):
            raise AssertionError(f"dvc.lock at {revision} in {self.name} is not one that DVC has written.") from None

    def outs(self, revision):
        """Return the outputs that dvc.lock and the pointers name at a revision: {path: MD5}."""
        found = {out["path"]: str(out.get("md5", "")) for stage in self.lock(revision).values() for out in stage.get("outs", [])}
        for path in (path for path in self.tree(revision) if path.endswith(".dvc")):
            pointer = yaml.safe_load(self.text(revision, path)) or {}
            found |= {
                (Path(path).parent / out["path"]).as_posix(): str(out.get("md5", "")) for out in pointer.get("outs", []) if "path" in out
            }
        return found

    def remote(self, revision):
        """Return the address of the default remote in the committed .dvc/config, as it stands there; None if there is none."""
        if ".dvc/config" not in self.tree(revision):
            return None
        config = configparser.ConfigParser(interpolation=None)
        config.read_string("\n".join(line.strip() for line in self.text(revision, ".dvc/config").splitlines()))
        name = config.get("core", "remote", fallback=None)
        section = next((s for s in config.sections() if re.fullmatch(rf"'?remote \"{re.escape(str(name))}\"'?", s)), None)
        return config.get(section, "url", fallback=None) if section else None


def stored(store, name):
    """Return whether a store has the object with this MD5, and whole: "yes", "no" or "damaged". A folder's list counts with its files."""
    file = Path(store).resolve() / "files" / "md5" / name[:2] / name[2:]
    if not re.fullmatch(r"[0-9a-f]{32}(\.dir)?", name) or not file.is_file():
        return "no"
    if md5(file) != name.removesuffix(".dir"):
        return "damaged"
    if name.endswith(".dir"):
        inside = {stored(store, entry["md5"]) for entry in json.loads(file.read_text())}
        return next((word for word in ("no", "damaged") if word in inside), "yes")
    return "yes"


def true_hill(trips, limit):
    """Return what the depot's alarm says from the text of its trips, with Cy's rule: the stations, in order."""
    table = pd.read_csv(io.StringIO(trips))
    rows = table.groupby("station")["broken"].agg(["size", "mean"])
    return sorted(int(station) for station in rows.index[(rows["mean"].round(4) > limit) & (rows["size"] >= 60)])
