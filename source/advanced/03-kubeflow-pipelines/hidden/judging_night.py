"""What the judge cells of the night share: a compiled pipeline's sizes and exits, and nights that are played."""

import json
import re
from datetime import date, timedelta

from cluster import function_of, load_spec
from judging import attempt, dags, states, tasks_of

from judgekit import drawn


def amount(text):
    """Return a quantity as a number: "8G", "500m", "4Gi", 2."""
    match = re.fullmatch(r"([\d.]+)\s*([A-Za-z]*)", str(text or "0"))
    units = {"": 1, "m": 0.001, "K": 1e3, "k": 1e3, "Ki": 2**10, "M": 1e6, "Mi": 2**20, "G": 1e9, "Gi": 2**30, "T": 1e12, "Ti": 2**40}
    return float(match[1]) * units.get(match[2], 1) if match else 0.0


def resources_of(spec, label):
    """Return (CPUs, memory in bytes, accelerators) that an executor is limited to; 0 where there is no limit."""
    given = spec["deploymentSpec"]["executors"][label]["container"].get("resources", {})
    cpu = amount(given.get("resourceCpuLimit", given.get("cpuLimit")))
    memory = amount(given["resourceMemoryLimit"]) if "resourceMemoryLimit" in given else 1e9 * float(given.get("memoryLimit", 0))
    return cpu, memory, given.get("accelerator", {})


def expect_sized(text):
    """Raise AssertionError where steps of the night ask for too much, for nothing, or land on the wrong machines."""
    spec, platform = load_spec(text)
    pools = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {}).get("executors", {})
    for label in spec["deploymentSpec"]["executors"]:
        cpu, memory, accelerator = resources_of(spec, label)
        name = label.removeprefix("exec-")
        assert cpu > 0 and memory > 0, f"{name} has no limit of {'CPUs' if cpu == 0 else 'memory'}: one step can then take a whole machine."
        assert memory >= 5e7, f"{name} may take {memory:.0f} bytes of memory. Which unit is that?"
        if re.fullmatch(r"train(-\d+)?", name):
            continue
        assert not accelerator, f"{name} asks for an accelerator, which it does not use: only train does."
        assert not pools.get(label), f"{name} is bound to a pool, {pools[label]}; only train is."
        assert cpu <= 1 and memory <= 1.1e9, f"{name} may take {cpu:g} CPUs and {memory / 1e9:g} GB, expected at most 1 and 1 GB."
    labels = [label for _, label in tasks_of(spec, "train")]
    assert labels, "In the compiled pipeline there is no task train."
    for label in labels:
        cpu, memory, accelerator = resources_of(spec, label)
        kind = accelerator.get("resourceType", accelerator.get("type"))
        count = amount(accelerator.get("resourceCount", accelerator.get("count")))
        assert (cpu, count, kind) == (4, 1, "nvidia.com/gpu") and 7.9e9 < memory < 8.7e9, (
            f"train may take {cpu:g} CPUs, {memory / 1e9:g} GB and {count:g} of {kind or 'no accelerator'}, expected 4, 8 and 1 of nvidia.com/gpu."
        )
        pool = pools.get(label, {})
        assert pool.get("nodeSelector", {}).get("labels", {}).get("pool") == "gpu" and pool.get("tolerations"), (
            f"In the second document train has {pool or 'no entry'}, expected a selector of the pool gpu and a toleration of its taint."
        )
    loops = [task for dag in dags(spec) for task in dag["tasks"].values() if "parameterIterator" in task]
    assert len(loops) == 1, f"In the compiled pipeline there are {len(loops)} loops, expected one over the cities."
    assert "inputParameter" in loops[0]["parameterIterator"]["items"], (
        "The loop's list is written into the compiled pipeline; the cities are known at run time only."
    )
    limit = loops[0].get("iteratorPolicy", {}).get("parallelismLimit")
    assert limit in (1, 2), f"The loop runs {limit or 'all its'} turns at once, expected at most 2: the pool has two machines."


def expect_nights(rehearse, text):
    """Raise AssertionError where nights deliver old trips, train needlessly, forget a city or are silent about a failure."""
    chance = drawn("nights")
    cities = chance.sample(["Quayside", "Millbrook", "Abbey", "Castleford"], 2)
    first = date(2026, chance.randint(3, 9), 8)
    files, days = {}, [str(first + timedelta(n)) for n in range(10)]
    for day in days:
        lines = [f"{day}T{hour:02}:00,{city},{chance.randint(3, 80)}" for city in cities for hour in range(7, 20)]
        files[f"{day}.csv"] = "\n".join(["hour,city,trips", *lines]) + "\n"

    def night(number, until, listed=cities, **more):
        at = f"{first + timedelta(number + 1)}T0{chance.randint(1, 5)}:30:00Z"
        return {
            "arguments": {"source": "{data}", "store": "{store}", "cities": listed},
            "files": {name: text for name, text in files.items() if name[:10] <= days[until]},
            "at": at,
            **more,
        }

    told = attempt(
        rehearse,
        text,
        [
            night(7, 7, lost={"deliver": 2}),
            night(7, 8, empty_store=True, created=f"{first + timedelta(9)}T09:00:00Z"),
            night(8, 8, [*cities[:1], "Nowhere"]),
            night(8, 9, cities[:1], lost={"deliver": 3}, empty_store=True),
        ],
    )
    names = [
        "a night in which a pod of deliver was lost twice",
        "a night that was made up for a day later (the store was empty)",
    ]
    for number, (run, what) in enumerate(zip(told, names, strict=False)):
        assert run["state"] == "SUCCEEDED", f"In {what} the run failed: {run['error'][:300]}"
        last = days[7]
        assert "CACHED" not in states(run, "deliver"), (
            f"In {what}, deliver came from the cache, and so nothing was put into the store. It runs each time."
        )
        for city in cities:
            assert f"{city}.json" in run["store"], f"After {what} there is no forecast of {city} in the store."
            got = json.loads(run["store"][f"{city}.json"]).get("last")
            assert got == last, f"In {what} the forecast of {city} is made from trips up to {got}, expected {last}."
        trained = states(run, "train")
        right = ["CACHED" if number == 1 else "SUCCEEDED"] * 2
        assert trained == right, f"In {what} train was {', '.join(trained) or 'missing'}, expected {', '.join(right)}."
        errors = [step["outputs"].get("Output") for step in run["steps"] if step["name"] == "test"]
        worst = [step["outputs"].get("Output") for step in run["steps"] if step["name"] == "summary"]
        assert len(worst) == 1 and len(errors) == 2 and worst[0] == max(errors), (
            f"In {what} summary ran {len(worst)} times and said {worst}, expected once, with the worst of {errors}."
        )
        assert states(run, "announce") == ["SUCCEEDED"], f"In {what} announce was {states(run, 'announce') or 'missing'}."
    failed, given_up = told[2:]
    last = json.loads(failed["store"].get(f"{cities[0]}.json", "{}")).get("last")
    assert last == days[8], f"In the next night the forecast of {cities[0]} is made from trips up to {last}, expected {days[8]}."
    assert failed["state"] == "FAILED", "In a night with a city of which there are no trips the run was green."
    log = "".join(step["log"] for step in failed["steps"] if step["name"] == "announce")
    assert "failed" in log, (
        f"In a night with a city of which there are no trips announce said {log!r}: it must run then, too, and know the run's state."
    )
    assert given_up["state"] == "FAILED", "The pod of deliver was lost three times, and it was tried a fourth time. Two retries, no more."
    spec, _ = load_spec(text)
    again = sorted(
        {
            function_of(spec, task)
            for dag in dags(spec)
            for task in dag["tasks"].values()
            if task.get("retryPolicy", {}).get("maxRetryCount")
        }
    )
    assert again == ["deliver"], f"In the compiled pipeline there are retried: {', '.join(again)}. Expected deliver alone."
