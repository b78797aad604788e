"""Objects and events as text, as `kubectl describe` writes them."""

from collections.abc import Iterable
from typing import Any

import yaml

from .api import Object
from .units import age


def event_time(event: Object) -> str:
    """Return when an event was last seen: text that can be sorted."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"), event["metadata"].get("creationTimestamp"))
    return next((text for text in times if text), "")


def event_lines(events: Iterable[Object]) -> str:
    """Return a line for each event: age, type, reason, object, message."""
    return "\n".join(
        f"  {_when(event):<14} {event.get('type', ''):<8} {event.get('reason', ''):<18} "
        f"{event['involvedObject'].get('kind', '').lower()}/{event['involvedObject'].get('name', '')}: {event.get('message', '')}"
        for event in events
    )


def describe(item: Object, events: list[Object]) -> str:
    """Return an object and its events as text."""
    metadata = item["metadata"]
    lines = [f"Name:         {metadata['name']}"]
    lines += [f"Namespace:    {metadata['namespace']}"] if "namespace" in metadata else []
    for field in ("labels", "annotations"):
        pairs = {key: text for key, text in (metadata.get(field) or {}).items() if "last-applied" not in key}
        shown = [f"{key}={text}" for key, text in sorted(pairs.items())] or ["<none>"]
        lines += [f"{(field.capitalize() + ':' if not number else ''):<14}{text}" for number, text in enumerate(shown)]
    lines += _pod(item) if item["kind"] == "Pod" else _workload(item)
    lines.append(f"Events:{'' if events else '       <none>'}")
    if events:
        lines.append(f"  {'Age':<14} {'Type':<8} {'Reason':<18} Message")
        lines += [
            f"  {_when(event):<14} {event.get('type', ''):<8} {event.get('reason', ''):<18} {event.get('message', '')}" for event in events
        ]
    return "\n".join(lines)


def _when(event: Object) -> str:
    count = event.get("count") or (event.get("series") or {}).get("count") or 1
    last = age(event_time(event))
    first = event.get("firstTimestamp") or event["metadata"].get("creationTimestamp")
    return last if count < 2 else f"{last} (x{count} over {age(first)})"


def _pod(item: Object) -> list[str]:
    spec, status = item["spec"], item.get("status") or {}
    ending = "Terminating" if item["metadata"].get("deletionTimestamp") else status.get("phase", "")
    lines = [f"Node:         {spec.get('nodeName', '<none>')}", f"Status:       {ending}"]
    lines += [f"{field.capitalize() + ':':<14}{status[field]}" for field in ("reason", "message") if status.get(field)]
    lines += [f"IP:           {status.get('podIP', '')}"]
    for title, specs, states in (
        ("Init Containers", spec.get("initContainers"), status.get("initContainerStatuses")),
        ("Containers", spec["containers"], status.get("containerStatuses")),
    ):
        found = {each["name"]: each for each in states or []}
        lines += [f"{title}:"] if specs else []
        for each in specs or []:
            lines += _container(each, found.get(each["name"], {}))
    lines += ["Conditions:", *(f"  {each['type']:<16} {each['status']}" for each in status.get("conditions") or [])]
    lines += [f"Node-Selectors:  {_pairs(spec.get('nodeSelector')) or '<none>'}"]
    tolerations = ", ".join(
        f"{each.get('key', '*')}:{each.get('effect', '')} {each.get('operator', 'Equal')}" for each in spec.get("tolerations") or []
    )
    return [*lines, f"Tolerations:     {tolerations or '<none>'}"]


def _container(spec: Object, status: Object) -> list[str]:
    lines = [f"  {spec['name']}:", f"    Image:          {spec['image']}"]
    for field in ("command", "args"):
        lines += [f"    {field.capitalize() + ':':<15} {' '.join(map(str, spec[field]))}"] if spec.get(field) else []
    lines += _state("State", status.get("state") or {}) + _state("Last State", status.get("lastState") or {})
    lines += [f"    Ready:          {status.get('ready', False)}", f"    Restart Count:  {status.get('restartCount', 0)}"]
    for field in ("limits", "requests"):
        if given := (spec.get("resources") or {}).get(field):
            lines.append(f"    {field.capitalize() + ':':<15} {_pairs(given)}")
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe := spec.get(kind):
            lines.append(f"    {kind.removesuffix('Probe').capitalize() + ':':<15} {_probe(probe)}")
    variables = spec.get("env") or []
    lines += [f"    Environment:    {'<none>' if not variables else ''}".rstrip()]
    return lines + [
        f"      {each['name']}: {each.get('value', '<from ' + ', '.join(each.get('valueFrom') or {}) + '>')}" for each in variables
    ]


def _state(title: str, state: Object) -> list[str]:
    lines = []
    for kind, told in state.items():
        lines.append(f"    {title + ':':<15} {kind.capitalize()}")
        names = {"reason": "Reason", "message": "Message", "exitCode": "Exit Code", "startedAt": "Started", "finishedAt": "Finished"}
        lines += [f"      {name + ':':<13} {told[field]}" for field, name in names.items() if told.get(field) is not None]
    return lines


def _probe(probe: Object) -> str:
    how = next((kind for kind in ("httpGet", "tcpSocket", "exec") if kind in probe), "?")
    what = probe.get(how) or {}
    target = " ".join(what.get("command") or []) or f":{what.get('port')}{what.get('path', '')}"
    told = (
        f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 1)}s period={probe.get('periodSeconds', 10)}s"
    )
    return f"{how} {target} {told} #success={probe.get('successThreshold', 1)} #failure={probe.get('failureThreshold', 3)}"


def _workload(item: Object) -> list[str]:
    """Return the rest of an object that is no pod: what kubectl sorts into a table stands here as YAML."""
    lines = []
    for field in ("spec", "status", "data"):
        if given := item.get(field):
            shown: Any = {key: f"{len(text)} characters" for key, text in given.items()} if item["kind"] == "Secret" else given
            lines += [f"{field.capitalize()}:", *("  " + line for line in yaml.safe_dump(shown, sort_keys=False).splitlines())]
    return lines


def _pairs(given: Object | None) -> str:
    return ", ".join(f"{key}={text}" for key, text in (given or {}).items())
