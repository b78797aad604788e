"""What the judge cells of the attic share: runs that may go, and such that must stay."""

from colleagues import DAY, put_run
from judging import make_experiment, runs_of
from mlflow import MlflowClient
from mlflow.entities import ViewType

from judgekit import drawn


def make_attic(folder, name, now):
    """Write old runs into a new experiment. Return its name and {run id: (kind, set of right reasons; empty if it stays)}."""
    chance, experiment = drawn(name), make_experiment(folder, name)
    end, client, truth = int(now.timestamp() * 1000), MlflowClient(), {}

    def old():
        return chance.randrange(31, 200)

    def put(kind, days, reasons=(), status="FINISHED", **tags):
        label = chance.choice(["test", "try", "final", "night"]) + f" {chance.randrange(1000)}"
        run_id = put_run(experiment, label, end - round(days * DAY), status, tags={"author": "bo", **tags})
        truth[run_id] = (kind, set(reasons))
        return run_id

    def mark():
        return f"{chance.randrange(16**8):08x}" * 8

    def plain():
        put("crashed", old(), {"crashed"}, "FAILED")
        put("killed", old(), {"crashed"}, "KILLED")
        put("crashed an hour more than 30 days ago", 30 + 1 / 24, {"crashed"}, "FAILED")
        put("crashed an hour less than 30 days ago", 30 - 1 / 24, (), "FAILED")
        put("abandoned", old(), {"abandoned"}, "RUNNING")
        put("still running, young", chance.randrange(1, 20), (), "RUNNING")
        put("finished and old, without a fingerprint", old())
        put("finished and old, without a fingerprint", old())
        put("finished and old", old(), fingerprint=mark())

    def duplicates():
        same, ages = mark(), sorted((old() for _ in range(3)), reverse=True)
        while len(set(ages)) < 3:
            ages = sorted((old() for _ in range(3)), reverse=True)
        put("duplicate", ages[1], {"duplicate"}, fingerprint=same)
        put("the first with its fingerprint", ages[0], fingerprint=same)
        put("duplicate", ages[2], {"duplicate"}, fingerprint=same)
        put("a young duplicate", 3, fingerprint=same)
        other = mark()
        put("crashed, and repeated later", 90, {"crashed"}, "FAILED", fingerprint=other)
        put("the first that finished, after a crash", 80, fingerprint=other)

    def kept():
        put("crashed, with the tag keep", old(), (), "FAILED", keep=chance.choice(["committee", "paper", "no"]))
        put("crashed, with the tag keep, whose value is empty", old(), (), "FAILED", keep="")
        live = put("crashed, behind a registered version", old(), (), "FAILED")
        earlier = put("abandoned, behind a registered version", old(), (), "RUNNING")
        model = f"model-{name}"
        client.create_registered_model(model)
        for run_id in (earlier, live):
            client.create_model_version(model, (folder / "artifacts").as_uri(), run_id)

    def studies():
        three = put("parent of a child that stays since it has the tag keep", 60, (), "FAILED")
        put("child with the tag keep", 59, (), "FAILED", keep="yes", **{"mlflow.parentRunId": three})
        one = put("parent of a run that stays", 58, (), "FAILED")
        put("child that stays, older than its parent", 59, fingerprint=mark(), **{"mlflow.parentRunId": one})
        put("child that crashed", 59, {"crashed"}, "FAILED", **{"mlflow.parentRunId": one})
        two = put("parent of crashed runs only", 60, {"crashed"}, "FAILED")
        put("child that crashed", 59, {"crashed"}, "FAILED", **{"mlflow.parentRunId": two})
        for parent in (one, three):  # whichever way one goes through the runs, one of the two chains runs against it
            client.set_tag(parent, "mlflow.parentRunId", put("parent of the parent of a run that stays", 61, (), "FAILED"))

    parts = [plain, duplicates, kept, studies]
    chance.shuffle(parts)
    for part in parts:
        part()
    return experiment, truth


def stages(experiment):
    """Return {run id: 'active' or 'deleted'} of all runs."""
    return {run.info.run_id: run.info.lifecycle_stage for run in runs_of(experiment, ViewType.ALL)}
