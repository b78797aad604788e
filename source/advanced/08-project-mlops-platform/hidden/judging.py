"""What the judges share: chance from LAB_SEED, and words for what was found."""

import os

import world

from judgekit import drawn


def new_world(salt):
    """Return the seed of this submission's city, and the city after the winter; what comes then is another for each `salt`."""
    seed = f"judge {os.environ.get('LAB_SEED', 'lab')}"
    there = world.World(seed)
    there.trips("2026-02-16", noise=world.WINTER)
    there.random = drawn(salt)
    return seed, there


def begun(state, what):
    """Fail where a step of the learner's stopped."""
    assert not state["error"], f"{what}: {state['error']}"


def whats(state, key=None):
    """Return what the trail says: (what, subject) of each entry, or of those whose key begins so."""
    return [(entry["what"], entry["subject"]) for entry in state["trail"] if key is None or entry["key"].startswith(key)]


def one_version(state, what):
    """Fail where alias, service and answers are not of one version."""
    assert state["champion"] == state["wanted"], f"{what}: the alias champion names version {state['champion']}, and the service was asked for {state['wanted']}."
    assert state["answering"] == [state["champion"]], f"{what}: the alias champion names version {state['champion']}, and {state['answering']} answers."
    assert state["right"], f"{what}: the service's answers are not those of version {state['champion']} in the registry."


def same(state, before, what, names=("data", "models", "champion", "wanted", "answering", "quarantined")):
    """Fail where something differs from how it was."""
    words = {"data": "data versions", "models": "registered models", "champion": "the alias", "wanted": "what the service was asked for"}
    for name in names:
        assert state[name] == before[name], f"{what}: {words.get(name, name)} changed from {_short(before[name])} to {_short(state[name])}, expected no change."


def _short(value):
    return f"{len(value)} of them" if isinstance(value, list) and value and isinstance(value[0], dict) else f"{value!r}"[:120]
