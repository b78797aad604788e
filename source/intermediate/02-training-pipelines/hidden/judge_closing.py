"""Judges the exit handler: nights in which a step of each kind fails, and what the compiled pipeline says of what waits for what."""

from city import draw_city, night_of, two_of
from cluster import load_spec
from judging import attempt, dags_of, function_of

from judgekit import drawn

ENDED = "ALL_UPSTREAM_TASKS_COMPLETED"


def expect_signed_off(rehearse, text):
    """Raise AssertionError where a step can fail unseen, or after a night the machine is rented or the report is wrong."""
    spec = load_spec(text)
    leaving, watched = exit_tasks(spec)
    takes = [source for task in leaving for source in task.get("inputs", {}).get("parameters", {}).values() if "taskFinalStatus" in source]
    assert takes, (
        f"The exit task {', '.join(sorted(functions_of(spec, leaving)))} takes no final status, so it cannot know how the night ended: "
        "it needs a parameter of the type dsl.PipelineTaskFinalStatus."
    )
    inside = functions_of(spec, watched)
    outside = sorted(functions_of(spec, spec["root"]["dag"]["tasks"].values()) - inside - functions_of(spec, leaving))
    assert not outside, f"Outside the exit handler stands: {', '.join(outside)}. If it fails, the exit task is not sure to run."
    trips, listed, _ = two_of(*draw_city("closing"))
    chance = drawn("which closes")
    gone = chance.choice(listed)
    assert "train" in inside, f"In the exit handler nobody trains, there are: {', '.join(sorted(inside))}. Does your every_night run in it?"
    breaks = chance.choice([name for name in ("train", "evaluate", "bundle", "worst") if name in inside])
    without = {"trips.csv": "".join(line for line in trips.splitlines(keepends=True) if f",{gone}," not in line)}
    whole = {"trips.csv": trips}
    nights = [
        (f"there were no trips of {gone}", "FAILED", 999.0, {"files": without}),
        (f"{breaks} failed for good", "FAILED", 999.0, {"files": whole, "lost": {breaks: 20}}),
        ("the pod of rent was lost when the machine was rented", "FAILED", 999.0, {"lost": {"rent": 20}}),
        ("publish failed for good", "FAILED", 999.0, {"lost": {"publish": 20}}),
        ("all went well", "SUCCEEDED", 999.0, {}),
        ("no model kept the limit, which is no failure", "SUCCEEDED", 0.01, {}),
    ]
    days = [f"2026-12-{number}" for number in range(11, 17)]
    runs = [_watched(listed, limit, day, **more) for day, (*_, limit, more) in zip(days, nights, strict=True)]
    for run, day, (what, state, limit, _) in zip(attempt(rehearse, text, runs), days, nights, strict=True):
        _expect_left(run, day, state, f"In a night {what}")
        if state == "SUCCEEDED":
            missing = [district for district in listed if (f"{day}/{district}.csv" in run["store"]) != (limit > 1)]
            assert not missing, f"In a night {what}. What was published then: {sorted(run['store'])}. Does your every_night run in it?"


def expect_sturdy(rehearse, text):
    """Raise AssertionError where the exit task does not bear a lost pod, or a night without a machine, or comes from the cache."""
    spec = load_spec(text)
    last = sorted(functions_of(spec, exit_tasks(spec)[0]))
    trips, listed, _ = two_of(*draw_city("sturdy"))
    once, thrice, again, never, often = attempt(
        rehearse,
        text,
        [
            _watched(listed, 999.0, "2026-12-17", files={"trips.csv": trips}, lost=dict.fromkeys(last, 1)),
            _watched(listed, 999.0, "2026-12-18", lost=dict.fromkeys(last, 3)),
            _watched(listed, 999.0, "2026-12-18"),
            _watched(listed, 999.0, "2026-02-30"),
            _watched(listed, 999.0, "2026-12-19", lost=dict.fromkeys(last, 4)),
        ],
    )
    who = ", ".join(last)
    _expect_exit(once, last, f"The first pod of {who} was lost when its work was done, and then")
    _expect_left(once, "2026-12-17", "SUCCEEDED", f"In a night the first pod of {who} was lost when its work was done")
    _expect_exit(thrice, last, f"The pod of {who} was lost three times, and then")
    _expect_left(thrice, "2026-12-18", "SUCCEEDED", f"In a night the pod of {who} was lost three times")
    for name in ("rent", *last):
        states = [step["state"] for step in again["steps"] if step["name"] == name]
        assert "CACHED" not in states, (
            f"In a night that repeats the one before, {name} came from the cache: it did nothing. Which tasks change the world outside?"
        )
    _expect_left(again, "2026-12-18", "SUCCEEDED", "In a night that repeats the one before")
    _expect_exit(never, last, "The day 2026-02-30 does not exist, so rent failed and nothing was rented, and then")
    _expect_left(never, "2026-02-30", "FAILED", "In a night nothing could be rented, since the day 2026-02-30 does not exist")
    assert often["state"] == "FAILED", f"The pod of {who} was lost four times, and it was tried a fifth time. Three retries, no more."


def exit_tasks(spec):
    """Return the tasks that run whatever happens, and those that they wait for. Raises AssertionError if there is none."""
    leaving, watched = [], []
    for dag in dags_of(spec):
        for task in dag["tasks"].values():
            if task.get("triggerPolicy", {}).get("strategy") == ENDED:
                leaving.append(task)
                watched += [dag["tasks"][name] for name in task.get("dependentTasks", [])]
    assert leaving, (
        f"In watched_night.yaml no task has the strategy {ENDED}: each waits for a success, and after a failure none of them runs. Where is the exit task?"
    )
    return leaving, watched


def functions_of(spec, tasks):
    """Return the names of the functions of these tasks, and of all tasks in those that are DAGs."""
    found = set()
    for task in tasks:
        component = spec["components"][task["componentRef"]["name"]]
        found |= functions_of(spec, component["dag"]["tasks"].values()) if "dag" in component else {function_of(spec, task)}
    return found


def _watched(listed, limit, day, **more):
    run = night_of(listed, limit, day, **more)
    return {**run, "arguments": {**run["arguments"], "desk": "{desk}"}}


def _expect_exit(run, last, what):
    failed = [step for step in run["steps"] if step["name"] in last and step["state"] == "FAILED"]
    assert not failed, (
        f"{what} {failed[0]['name']} failed for good, after {failed[0]['attempts']} attempts: {failed[0]['error'][:200]}. Up to three retries; and what does it find the second time?"
    )


def _expect_left(run, day, state, what):
    assert run["state"] == state, f"{what}. The run is {run['state']}, expected {state}. {run['error'][:300]}"
    assert "rented.txt" not in run["desk"], f"{what}. The machine is still rented: rented.txt lies on the desk."
    assert f"{day}.txt" in run["desk"], f"{what}. There is no report {day}.txt on the desk, only: {', '.join(run['desk']) or 'nothing'}."
    said = run["desk"][f"{day}.txt"].strip().split("\n")[0].strip()
    assert said == state, f"{what}. The report says {said[:60]!r}, expected {state}: the state of the final status, as it comes."
