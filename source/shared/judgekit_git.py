"""What judges read of a Git repository that a learner left, without running anything that its configuration may name."""

import subprocess
from pathlib import Path


class Repository:
    """A Git repository, and what its commits say. `name` is how messages call it."""

    def __init__(self, folder, name):
        self.folder, self.name = Path(folder).resolve(), name

    def git(self, *words):
        """Return what a plumbing command of Git prints. Raises AssertionError where it finds nothing."""
        quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]
        done = subprocess.run(["git", *quiet, "-C", str(self.folder), *words], capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise AssertionError(f"Git does not find {words[-1].split('^')[0]} in {self.name}.")
        return done.stdout

    def commit(self, revision):
        """Return the commit's id."""
        return self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()

    def tree(self, revision):
        """Return the files of a revision: {path: blob}."""
        lines = self.git("ls-tree", "-r", self.commit(revision)).splitlines()
        return {path: words.split()[2] for words, path in (line.split("\t") for line in lines)}

    def text(self, revision, path):
        """Return a file's text at a revision."""
        return self.git("cat-file", "blob", f"{self.commit(revision)}:{path}")
