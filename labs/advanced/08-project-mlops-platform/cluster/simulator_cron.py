"""The CronJob controller: a Job whenever the schedule is due (in UTC), and not more old ones than are wanted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .simulator_deletion import delete
from .simulator_errors import Refused
from .simulator_owned import controller_of, record, reference_to
from .simulator_registry import Registry
from .simulator_schedule import following
from .simulator_store import copied

Object = dict[str, Any]
JOBS = "jobs.batch"


def reconcile(registry: Registry, namespace: str, name: str) -> float | None:
    """Starts the job that is due; the seconds until the next."""
    cron = registry.store.peek("cronjobs.batch", namespace, name)
    if cron is None or "deletionTimestamp" in cron["metadata"]:
        return None
    jobs = [job for job in registry.store.all(JOBS, namespace) if (controller_of(job) or {}).get("uid") == cron["metadata"]["uid"]]
    active = [job for job in jobs if not _ended(job)]
    _forget(registry, cron, jobs)
    status = copied(cron.get("status") or {})
    last = datetime.fromisoformat(status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"])
    present = datetime.now(UTC)
    due = None if cron["spec"].get("suspend") else _due(cron["spec"]["schedule"], last, present)
    if due and due <= present:
        policy = cron["spec"]["concurrencyPolicy"]
        if active and policy == "Forbid":
            record(registry, cron, "Normal", "JobAlreadyActive",
                   "Not starting job because prior execution is running and concurrency policy is Forbid", "cronjob-controller")
        else:
            for job in active if policy == "Replace" else []:
                _delete(registry, job)
            active = [each for each in active if policy != "Replace"] + _start(registry, cron, due)
        status["lastScheduleTime"] = due.strftime("%Y-%m-%dT%H:%M:%SZ")
        due = following(cron["spec"]["schedule"], present)
    ended = [job["status"]["completionTime"] for job in jobs if (job.get("status") or {}).get("completionTime")]
    if ended:
        status["lastSuccessfulTime"] = max(ended)
    status["active"] = [{"kind": "Job", "apiVersion": "batch/v1", **{key: job["metadata"][key] for key in ("name", "namespace", "uid")}}
                        for job in active]
    shown = {key: value for key, value in status.items() if value}
    registry.edit("cronjobs.batch", namespace, name, lambda each: each.update(status=shown))
    if not due:
        return None
    return max((due - present).total_seconds(), 0) + 0.05


def _due(schedule: str, last: datetime, present: datetime) -> datetime | None:
    """The latest time at which a job was missed, else the next at which one is due."""
    for days in (1 / 24, 1, 32, 366):
        since = max(last, present - timedelta(days=days))
        due = following(schedule, since)
        if due and due <= present:
            while (later := following(schedule, due)) and later <= present:
                due = later
            return due
        if since == last:
            return due
    return following(schedule, present)


def _start(registry: Registry, cron: Object, due: datetime) -> list[Object]:
    template, metadata = copied(cron["spec"]["jobTemplate"]), cron["metadata"]
    given = template.get("metadata") or {}
    job = {"metadata": {"name": f"{metadata['name']}-{int(due.timestamp() // 60)}", "ownerReferences": [reference_to(cron)],
                        "labels": given.get("labels") or {}, "annotations": {
                            **(given.get("annotations") or {}), "batch.kubernetes.io/cronjob-scheduled-timestamp":
                            due.strftime("%Y-%m-%dT%H:%M:%SZ")}}, "spec": template["spec"]}
    try:
        made = registry.create(registry.find(JOBS), metadata["namespace"], job)
    except Refused as refused:
        if refused.reason != "AlreadyExists":
            record(registry, cron, "Warning", "FailedCreate", f"Error creating job: {refused.message}", "cronjob-controller")
        return []
    record(registry, cron, "Normal", "SuccessfulCreate", f"Created job {made['metadata']['name']}", "cronjob-controller")
    return [made]


def _ended(job: Object) -> str:
    conditions = (job.get("status") or {}).get("conditions") or []
    return next((each["type"] for each in conditions if each["type"] in ("Complete", "Failed") and each["status"] == "True"), "")


def _forget(registry: Registry, cron: Object, jobs: list[Object]) -> None:
    for end, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
        over = sorted((job for job in jobs if _ended(job) == end), key=lambda job: job["metadata"]["creationTimestamp"])
        for job in over[:max(len(over) - cron["spec"][field], 0)]:
            _delete(registry, job)


def _delete(registry: Registry, job: Object) -> None:
    try:
        delete(registry, registry.find(JOBS), job["metadata"]["namespace"], job["metadata"]["name"], {"propagationPolicy": "Background"})
    except Refused:
        return  # gone already
