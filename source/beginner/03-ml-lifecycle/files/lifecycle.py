"""What the team agreed on for its hand-overs, and small tools that read a Git repository."""

import io
import os
import shlex
import subprocess
import tarfile

import yaml

# A model's stages in order, and for each the fields by which one knows its hand-over
STAGES = {
    "contract": ["columns", "min_rows"],
    "features": ["features"],
    "train": ["trained_until", "model"],
    "evaluate": ["mae", "slices"],
    "approve": ["approved", "reasons"],
    "release": ["version", "since"],
    "monitor": ["promised", "limit"],
    "retire": ["retired", "successor"],
}
PIPELINE = "pipeline@metro-bikes.example"  # the e-mail address under which the machine commits


class GitRefused(subprocess.CalledProcessError):
    """Git said no; its own words are the message."""

    def __str__(self):
        return f"git {' '.join(self.cmd[3:])}: {self.stderr.decode(errors='replace').strip()}"


def git(folder, *words):
    """Run Git in the folder and return what it prints, a text. Raises GitRefused, with Git's words, if Git says no."""
    return _git(folder, *words).decode()


def committed(repo, path):
    """Return the bytes of a file as it is in the newest commit, and None if it is not there."""
    try:
        return _git(repo, "show", f"HEAD:{path}")
    except GitRefused:
        return None


def files(repo):
    """Return all files of the newest commit, {path: text}. What lies in the folder and was not committed is not among them."""
    with tarfile.open(fileobj=io.BytesIO(_git(repo, "archive", "HEAD"))) as archive:
        return {member.name: archive.extractfile(member).read().decode(errors="replace") for member in archive if member.isfile()}


def workflow(text):
    """Return what a GitHub Actions workflow says: {"on": events, "jobs": {name: {"needs": names, "commands": lists of words}}}.

    `on` is the set of events that start it. A text that is no workflow, an empty one for instance, has no events and no jobs. Commands are
    read line by line: what a shell does with `&&`, `cd` or a text over several lines is not worked out.
    """
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError:
        said = None
    said = said if isinstance(said, dict) else {}
    jobs = said.get("jobs") if isinstance(said.get("jobs"), dict) else {}
    return {
        "on": _names(said.get("on", said.get(True))),
        "jobs": {str(name): _job(job) for name, job in jobs.items()},
    }  # YAML 1.1 reads `on` as true


def picture(stocks, file):
    """Draw what `take_stock` said of one or more releases, {name: verdicts}, as a table of marks, and write it into the file."""
    import matplotlib.pyplot as plt

    marks = {
        "sound": ("o", "white", "black"),
        "doubtful": ("D", "khaki", "black"),
        "stale": ("s", "sandybrown", "black"),
        "missing": ("X", "firebrick", "firebrick"),
    }
    fig, ax = plt.subplots(figsize=(9, 1.2 + 0.9 * len(stocks)))
    for row, verdicts in enumerate(stocks.values()):
        for column, stage in enumerate(STAGES):
            word = verdicts.get(stage, "missing")
            shape, face, edge = marks.get(word, ("*", "black", "black"))
            ax.plot(column, row, shape, ms=15, markerfacecolor=face, markeredgecolor=edge)
            ax.annotate(word, (column, row + 0.33), ha="center", va="center", fontsize=9)
    ax.set_xticks(range(len(STAGES)), STAGES)
    ax.set_yticks(range(len(stocks)), stocks)
    ax.set(xlabel="stage, from the first to the last", ylabel="release", ylim=(len(stocks) - 0.4, -0.5), xlim=(-0.6, len(STAGES) - 0.4))
    fig.savefig(file, dpi=100, bbox_inches="tight")
    plt.close(fig)


def _job(job):
    job = job if isinstance(job, dict) else {}
    lines = [line for step in job.get("steps") or [] if isinstance(step, dict) for line in str(step.get("run") or "").splitlines()]
    commands = [_words(line) for line in lines]
    return {"needs": _names(job.get("needs")), "commands": [words for words in commands if words]}


def _words(line):
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # an apostrophe, as in: echo don't
        return line.split()


def _names(value):
    return {value} if isinstance(value, str) else {str(name) for name in value or []}


def _git(folder, *words):
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(["git", "-C", str(folder), *map(str, words)], capture_output=True, env=quiet)
    if done.returncode:
        raise GitRefused(done.returncode, done.args, done.stdout, done.stderr)
    return done.stdout
