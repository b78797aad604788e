"""What the judges share: chance drawn from LAB_SEED, a compiled pipeline's text, its run on the cluster, and what it says of its tasks."""

from pathlib import Path


def compiled_text(name):
    """Return the text of a pipeline that the learner compiled."""
    if not Path(name).is_file():
        raise AssertionError(f"There is no {name}: compile the pipeline in your cell.")
    return Path(name).read_text()


def attempt(rehearse, text, runs):
    """Return what the runs tell. Raises AssertionError where the cluster cannot run the pipeline at all."""
    try:
        return rehearse(text, runs)
    except Exception as error:
        raise AssertionError(f"The cluster cannot run your compiled pipeline: {type(error).__name__}: {str(error)[:300]}") from None


def step_of(told, name):
    """Return a run's step of this name. Raises AssertionError if there is none."""
    found = [step for step in told["steps"] if step["name"] == name]
    if not found:
        raise AssertionError(f"In the compiled pipeline there ran no step {name}. The run says: {told['error'] or told['state']}")
    return found[0]


def dags_of(spec):
    """Return all DAGs of a specification, the root first."""
    return [spec["root"]["dag"], *(one["dag"] for one in spec["components"].values() if "dag" in one)]


def function_of(spec, task):
    """Return the name of a task's function; of a task that is a DAG, its own name."""
    label = spec["components"][task["componentRef"]["name"]].get("executorLabel")
    if label is None:
        return task["taskInfo"]["name"]
    words = spec["deploymentSpec"]["executors"][label]["container"]["args"]
    return words[words.index("--function_to_execute") + 1]
