"""What several parts' judges use: compiled pipelines, how they are run, and what stands in them."""

from pathlib import Path

from cluster import function_of

STEP = {"base_image": "metro-bikes/steps:2.16", "install_kfp_package": False}


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


def states(told, name):
    """Return the states of a step's executions in a run."""
    return [step["state"] for step in told["steps"] if step["name"] == name]


def dags(spec):
    """Return every DAG of a compiled pipeline."""
    return [spec["root"]["dag"], *(one["dag"] for one in spec["components"].values() if "dag" in one)]


def tasks_of(spec, function):
    """Return the tasks of a compiled pipeline that run a function, at whatever depth, each with its executor's label."""
    found = []
    for dag in dags(spec):
        for task in dag["tasks"].values():
            if function_of(spec, task) == function:
                found.append((task, spec["components"][task["componentRef"]["name"]].get("executorLabel")))
    return found
