"""What the judge cells of the audit share: heaps with what is lacking and what is too much."""

from pathlib import Path

import yaml

from judgekit import drawn


def make_heap(folder, salt, kind):
    """Write a repository with stages that touch known files, and a dvc.yaml with known faults. Return what an audit must find."""
    chance = drawn(f"{salt} {kind}")
    words = chance.sample(["gates", "docks", "wheels", "brakes", "lamps", "chains", "locks", "bells", "saddles", "spokes"], 8)
    raw, old, parts, table, module, fitted, page, diary = words
    steps = {
        f"take_{raw}": (
            [f"{raw}/a.csv", f"{raw}/b.csv", "params.yaml"],
            [f"{parts}/left.csv", f"{parts}/right.csv"],
            {"deps": [f"take_{raw}.py", raw], "params": ["season.from"], "outs": [parts]},
        ),
        f"join_{parts}": (
            [f"{parts}/left.csv", f"{parts}/right.csv", f"{module}.py", f"{old}.csv"],
            [f"{table}.csv", f"{diary}.log"],
            {
                "deps": [f"join_{parts}.py", f"{parts}/left.csv", f"{parts}/right.csv", f"{module}.py", f"{old}.csv"],
                "outs": [f"{table}.csv", {f"{diary}.log": {"cache": False}}],
            },
        ),
        f"fit_{table}": (
            [f"{table}.csv", f"{module}.py", "settings.yaml"],
            [f"{fitted}.json"],
            {
                "deps": [f"fit_{table}.py", f"{table}.csv", f"{module}.py"],
                "params": [{"settings.yaml": ["depth"]}],
                "outs": [f"{fitted}.json"],
            },
        ),
        f"show_{page}": (
            [f"{fitted}.json", f"{table}.csv"],
            [f"{page}.md", f"{page}.svg"],
            {
                "deps": [f"show_{page}.py", f"{fitted}.json", f"{table}.csv"],
                "metrics": [{f"{page}.md": {"cache": False}}],
                "plots": [f"{page}.svg"],
            },
        ),
    }
    stages, truth = {}, {}
    for name, (_, _, declared) in steps.items():
        stages[name] = {"cmd": f"python {name}.py" + (" --all" if kind == "forms" else ""), **declared}
        truth[name] = {"missing_deps": set(), "needless_deps": set(), "missing_outs": set()}
    first, second, third, last = steps

    def drop(stage, kind_, path, counts):
        stages[stage][kind_] = [entry for entry in stages[stage][kind_] if (entry if isinstance(entry, str) else next(iter(entry))) != path]
        if not stages[stage][kind_]:
            del stages[stage][kind_]
        key = "missing_outs" if kind_ in ("outs", "metrics", "plots") else "missing_deps"
        truth[stage][key] |= set(counts)

    def add(stage, path):
        stages[stage]["deps"].append(path)
        truth[stage]["needless_deps"].add(path)

    if kind == "plain":
        drop(second, "deps", chance.choice([f"{module}.py", f"{old}.csv"]), [])
        gone = {f"{module}.py", f"{old}.csv"} - set(stages[second]["deps"])
        truth[second]["missing_deps"] = gone
        drop(second, "outs", f"{diary}.log", [f"{diary}.log"])
        drop(first, "params", "season.from", ["params.yaml"])
        drop(third, "deps", f"fit_{table}.py", [f"fit_{table}.py"])
        add(last, f"{module}.py")
        drop(last, "plots", f"{page}.svg", [f"{page}.svg"])
    if kind == "forms":
        stages[first]["deps"] = [f"{raw}2"]  # another folder, whose name begins alike
        truth[first]["missing_deps"] = {f"take_{raw}.py", f"{raw}/a.csv", f"{raw}/b.csv"}
        truth[first]["needless_deps"] = {f"{raw}2"}
        stages[second]["deps"] = [path for path in stages[second]["deps"] if not path.startswith(f"{parts}/")] + [parts]
        stages[second]["params"] = ["season.from"]
        truth[second]["needless_deps"] = {"params.yaml"}
        del stages[third]["deps"], stages[third]["params"]
        truth[third]["missing_deps"] = {f"fit_{table}.py", f"{table}.csv", f"{module}.py", "settings.yaml"}
        stages[last]["plots"] = [{f"{page}.svg": {"title": "a picture"}}]
        stages[last]["params"] = [{"settings.yaml": ["depth"]}]
        truth[last]["needless_deps"] = {"settings.yaml"}
        beside = f"{parts}2/rest.csv"  # beside a declared folder whose name is shorter: neither hidden by it, nor a use of it
        steps[first][1].append(beside)
        truth[first]["missing_outs"].add(beside)
        steps[last][0].append(beside)
        truth[last]["missing_deps"].add(beside)
        add(last, parts)
    folder.mkdir(parents=True)
    for name, (reads, writes, _) in steps.items():
        for path in [*reads, *writes, f"{raw}2/a.csv"]:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("1\n" if not path.endswith(".py") else "VALUE = 1\n")
        own = f"own_{name}.tmp"
        text = ["import importlib, os, sys", "from pathlib import Path", f"Path({own!r}).write_text('x')", f"Path({own!r}).read_text()"]
        for path in chance.sample(reads, len(reads)):
            half = len(path) // 2
            text.append(f"import {path[:-3]}" if path.endswith(".py") else f"open({path[:half]!r} + {path[half:]!r}).read()")
        text += [f"Path({str(Path(path).parent)!r}).mkdir(exist_ok=True); Path({path!r}).write_text('2')" for path in writes]
        (folder / f"{name}.py").write_text("\n".join([*text, f"os.remove({own!r})"]) + "\n")
    (folder / "params.yaml").write_text("season: {from: 3}\n")
    (folder / "settings.yaml").write_text("depth: 2\n")
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    return truth


def expect_audit(found, truth, where):
    """Raise AssertionError unless an audit found what it must, in any order."""
    names = {
        "missing_deps": "read and not declared",
        "needless_deps": "declared as input and not read",
        "missing_outs": "written and not declared",
    }
    excuses = {
        "missing_deps": "the stage declares it, or does not read it",
        "needless_deps": "the stage reads it, or does not declare it",
        "missing_outs": "the stage declares it, under `outs`, `metrics` or `plots`, or does not write it",
    }
    if not isinstance(found, dict) or set(found) != set(truth):
        raise AssertionError(f"In {where} the result does not have an entry for each stage of dvc.yaml, and no other.")
    for stage, parts in truth.items():
        for key, right in parts.items():
            try:
                said = {str(path) for path in found[stage][key]}
            except (KeyError, TypeError):
                raise AssertionError(f"In {where} the stage {stage} has no list {key!r}.") from None
            if said != right:
                lacking, surplus = sorted(right - said), sorted(said - right)
                what = (
                    f"{lacking[0]} is {names[key]}, and is not named"
                    if lacking
                    else f"{surplus[0]} is named, and should not be: {excuses[key]}"
                )
                raise AssertionError(f"In {where}, stage {stage}, {key}: {what}. {_hint(lacking, surplus)}".strip())


def _hint(lacking, surplus):
    path = (lacking + surplus)[0]
    if path.endswith((".yaml",)):
        return "`params` declares params.yaml, or the file that an entry names."
    return "A declared folder covers what lies in it, and nothing beside it." if "/" in path or "." not in path else ""
