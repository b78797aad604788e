"""The Job controller: pods until enough have succeeded, or too many have failed, or the time is over."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .simulator_deletion import delete
from .simulator_errors import Refused
from .simulator_owned import Key, claimed, concerned_owner, controller_of, record, start_pod
from .simulator_registry import Registry, now
from .simulator_store import Change, copied
from .simulator_subresources import set_condition

Object = dict[str, Any]
INDEX = "batch.kubernetes.io/job-completion-index"
_LIMIT = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
_DEADLINE = ("DeadlineExceeded", "Job was active longer than specified deadline")


@dataclass
class Account:
    """What is known of one job's pods, also of those that are gone."""

    succeeded: dict[str, str] = field(default_factory=dict)  # uid: completion index
    failed: set[str] = field(default_factory=set)
    in_a_row: int = 0
    not_before: float = 0.0  # time.monotonic(): no new pod until then


class Jobs:
    """The controller, with its accounts. `backoff` is the wait after a first failure in seconds; it doubles with each one in a row."""

    def __init__(self, registry: Registry, backoff: float) -> None:
        self.registry, self.backoff = registry, backoff
        self._accounts: dict[str, Account] = {}
        self._lost: dict[str, dict[str, Object]] = {}

    def concerned(self, change: Change) -> Iterable[Key]:
        owner = controller_of(change.object)
        if change.resource == "pods" and change.kind == "DELETED" and owner and owner["kind"] == "Job":
            self._lost.setdefault(owner["uid"], {})[change.object["metadata"]["uid"]] = change.object
        if change.resource == "jobs.batch" and change.kind == "DELETED":
            self._accounts.pop(change.object["metadata"]["uid"], None)
            self._lost.pop(change.object["metadata"]["uid"], None)
        return concerned_owner(change, "jobs.batch", "Job", "pods")

    def reconcile(self, namespace: str, name: str) -> float | None:
        """Starts and ends pods, writes the status; the seconds until a deadline, a back-off's end or the clean-up."""
        job = self.registry.store.peek("jobs.batch", namespace, name)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return None
        if _has(job, "Complete") or _has(job, "Failed"):
            return self._clean_up(job)
        spec, uid = job["spec"], job["metadata"]["uid"]
        pods = claimed(self.registry, job, "pods")
        account = self._accounts.setdefault(uid, Account())
        self._count(account, pods, job)
        status = copied(job.get("status") or {})
        if spec.get("suspend"):
            return self._suspend(job, status, pods)
        if _has(job, "Suspended"):
            set_condition(status, {"type": "Suspended", "status": "False", "reason": "JobResumed", "message": "Job resumed"})
            self._say(job, "Normal", "Resumed", "Job resumed")
        status.setdefault("startTime", now())
        waits: list[float] = []
        active = [pod for pod in pods if _is_active(pod)]
        failure = self._failure(job, status, account, active, waits)
        wanted, enough = self._wanted(job, account, active)
        if failure or enough:
            active = self._end(job, active)
            going = [pod for pod in pods if pod["status"].get("phase") not in ("Succeeded", "Failed")
                     and self.registry.store.peek("pods", namespace, pod["metadata"]["name"])]
            self._conclude(job, status, failure, over=not going)
        elif len(active) > wanted:
            active = active[:wanted] + self._end(job, active[wanted:])
        elif len(active) < wanted:
            left = account.not_before - time.monotonic()
            if left > 0:
                waits.append(left)
            else:
                active += self._start(job, wanted - len(active), active, account)
                if len(active) < wanted:
                    waits.append(1.0)
        self._write(job, status, account, active)
        return min(waits) + 0.02 if waits else None

    def _count(self, account: Account, pods: list[Object], job: Object) -> None:
        lost = self._lost.pop(job["metadata"]["uid"], {})
        for uid, pod in [*lost.items(), *((pod["metadata"]["uid"], pod) for pod in pods)]:
            phase = pod["status"].get("phase")
            if uid in account.succeeded or uid in account.failed:
                continue
            if phase == "Succeeded":
                account.succeeded[uid] = (pod["metadata"].get("annotations") or {}).get(INDEX, "")
                account.in_a_row = 0
            elif (phase == "Failed" or uid in lost or "deletionTimestamp" in pod["metadata"]) and not _ending(job):
                account.failed.add(uid)
                account.in_a_row += 1
                account.not_before = time.monotonic() + min(self.backoff * 2 ** (account.in_a_row - 1), 600)

    def _failure(self, job: Object, status: Object, account: Account, active: list[Object], waits: list[float]) -> tuple[str, str] | None:
        spec = job["spec"]
        target = next((each for each in status.get("conditions") or [] if each["type"] == "FailureTarget"), None)
        if target:
            return target["reason"], target["message"]
        limit = spec["backoffLimit"]
        if len(account.failed) > limit:
            return _LIMIT
        if spec["template"]["spec"]["restartPolicy"] == "OnFailure":
            restarts = sum(each.get("restartCount", 0) for pod in active for field_ in ("initContainerStatuses", "containerStatuses")
                           for each in pod["status"].get(field_) or [])
            if restarts >= max(limit, 1):
                return _LIMIT
        if "activeDeadlineSeconds" in spec:
            passed = (datetime.now(UTC) - datetime.fromisoformat(status["startTime"])).total_seconds()
            if passed >= spec["activeDeadlineSeconds"]:
                return _DEADLINE
            waits.append(spec["activeDeadlineSeconds"] - passed)
        return None

    @staticmethod
    def _wanted(job: Object, account: Account, active: list[Object]) -> tuple[int, bool]:
        """How many pods should be active, and whether the job has succeeded."""
        completions, parallelism = job["spec"].get("completions"), job["spec"]["parallelism"]
        done = len(_indexes(account)) if job["spec"]["completionMode"] == "Indexed" else len(account.succeeded)
        if completions is None:
            return (len(active), not active) if done else (parallelism, False)
        return min(completions - done, parallelism), done >= completions

    def _start(self, job: Object, number: int, active: list[Object], account: Account) -> list[Object]:
        made = []
        indexed = job["spec"]["completionMode"] == "Indexed"
        taken = {int(pod["metadata"]["annotations"][INDEX]) for pod in active} | _indexes(account) if indexed else set()
        free = [index for index in range(job["spec"].get("completions") or 0) if index not in taken] if indexed else []
        for turn in range(number):
            more: Object = {}
            if indexed:
                index = free[turn]
                spec = copied(job["spec"]["template"]["spec"])
                for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
                    container.setdefault("env", []).append({"name": "JOB_COMPLETION_INDEX", "value": str(index)})
                spec["hostname"] = f"{job['metadata']['name']}-{index}"
                more = {"suffix": f"-{index}-", "annotations": {INDEX: str(index)}, "labels": {INDEX: str(index)}, "spec": spec}
            pod = start_pod(self.registry, job, job["spec"]["template"], **more)
            if pod is None:
                break
            made.append(pod)
        return made

    def _end(self, job: Object, pods: list[Object]) -> list[Object]:
        """Deletes pods; those that are left are none."""
        for pod in pods:
            name = pod["metadata"]["name"]
            try:
                delete(self.registry, self.registry.find("pods"), job["metadata"]["namespace"], name)
            except Refused:
                continue  # gone already
            self._say(job, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")
        return []

    def _suspend(self, job: Object, status: Object, pods: list[Object]) -> None:
        self._end(job, [pod for pod in pods if _is_active(pod)])
        if not _has(job, "Suspended"):
            set_condition(status, {"type": "Suspended", "status": "True", "reason": "JobSuspended", "message": "Job suspended"})
            self._say(job, "Normal", "Suspended", "Job suspended")
        status.pop("startTime", None)
        self._write(job, status, self._accounts[job["metadata"]["uid"]], [])

    def _conclude(self, job: Object, status: Object, failure: tuple[str, str] | None, over: bool) -> None:
        reason, message = failure or ("CompletionsReached", "Reached expected number of succeeded pods")
        text = {"status": "True", "reason": reason, "message": message, "lastProbeTime": now()}
        set_condition(status, {"type": "FailureTarget" if failure else "SuccessCriteriaMet", **text})
        if not over:
            return
        set_condition(status, {"type": "Failed" if failure else "Complete", **text})
        if failure:
            self._say(job, "Warning", reason, message)
        else:
            status["completionTime"] = now()
            self._say(job, "Normal", "Completed", "Job completed")

    def _write(self, job: Object, status: Object, account: Account, active: list[Object]) -> None:
        ready = sum(any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions") or [])
                    for pod in active)
        indexed = job["spec"]["completionMode"] == "Indexed"
        done = _indexes(account)
        counts = {"active": len(active), "ready": ready, "failed": len(account.failed), "terminating": 0,
                  "succeeded": len(done) if indexed else len(account.succeeded)}
        status.update(counts, uncountedTerminatedPods={})
        if indexed and done:
            status["completedIndexes"] = _ranges(sorted(done))
        shown = {key: value for key, value in status.items() if value or key in ("ready", "terminating", "uncountedTerminatedPods")}
        self.registry.edit("jobs.batch", job["metadata"]["namespace"], job["metadata"]["name"], lambda each: each.update(status=shown))

    def _clean_up(self, job: Object) -> float | None:
        after = job["spec"].get("ttlSecondsAfterFinished")
        if after is None:
            return None
        ended = next(each["lastTransitionTime"] for each in job["status"]["conditions"] if each["type"] in ("Complete", "Failed"))
        left = after - (datetime.now(UTC) - datetime.fromisoformat(ended)).total_seconds()
        if left > 0:
            return left + 0.02
        delete(self.registry, self.registry.find("jobs.batch"), job["metadata"]["namespace"], job["metadata"]["name"],
               {"propagationPolicy": "Foreground"})
        return None

    def _say(self, job: Object, kind: str, reason: str, message: str) -> None:
        record(self.registry, job, kind, reason, message, "job-controller")


def _is_active(pod: Object) -> bool:
    return pod["status"].get("phase") not in ("Succeeded", "Failed") and "deletionTimestamp" not in pod["metadata"]


def _has(job: Object, kind: str) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or []
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _ending(job: Object) -> bool:
    return bool(job["spec"].get("suspend")) or _has(job, "FailureTarget") or _has(job, "SuccessCriteriaMet")


def _indexes(account: Account) -> set[int]:
    return {int(index) for index in account.succeeded.values() if index}


def _ranges(numbers: list[int]) -> str:
    """0,1,2,4 as `0-2,4`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
