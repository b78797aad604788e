"""Plays to the audit log and the vault, without HTTP. All arguments and results are plain data."""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from system import load_part, quick_disk, words_of


def play_audit(script, pepper="pepper", folder="system"):
    """Play steps to audit.py; return for each what came of it, and in the end the log's lines.

    ["append", entry], ["together", [[entries of a process], …]], ["head"] remembers the head of now, ["verify"], ["verify old"] with the
    one remembered; ["torn", text] leaves a half line; ["change", line, field, value], ["drop", line], ["cut", how many], ["swap", i, j],
    ["twice", line], ["rebuild", line, field, value] writes the whole log again from that line on, with audit.py's own append.
    """
    audit = load_part("audit", folder)
    said, head, old, entries = [], None, None, []
    with tempfile.TemporaryDirectory(prefix="metro-") as place, quick_disk({}):
        log = Path(place) / "audit.jsonl"
        for what, *about in script:
            lines = log.read_text().splitlines(keepends=True) if log.exists() else []
            if what == "append":
                entries.append(about[0])
                try:
                    head = json.loads(json.dumps(audit.append(str(log), dict(about[0]), pepper)))
                    said.append(head)
                except Exception as error:
                    said.append(f"append stopped with {words_of(error)}")
            elif what == "together":
                said.append(_together(audit, log, about[0], pepper))
                head = None
            elif what == "head":
                old = head
            elif what.startswith("verify"):
                given = about[0] if about else old if what == "verify old" else head
                try:
                    wrong = audit.verify(str(log), given)
                    said.append(None if wrong is None else str(wrong))
                except Exception as error:
                    said.append(f"verify stopped with {words_of(error)}")
            elif what == "torn":
                with log.open("a") as file:
                    file.write(about[0])
            elif what == "rebuild":
                number, field, value = about
                log.unlink()
                for place_of, entry in enumerate(entries, 1):
                    audit.append(str(log), {**entry, **({field: value} if place_of == number else {})}, pepper)
            else:
                _tamper(log, lines, what, about)
        return {"said": said, "log": log.read_text().splitlines() if log.exists() else []}


def _tamper(log, lines, what, about):
    if what == "change":
        number, field, value = about
        line = json.loads(lines[number - 1])
        line[field] = value
        lines[number - 1] = json.dumps(line) + "\n"
    elif what == "drop":
        del lines[about[0] - 1]
    elif what == "cut":
        lines = lines[: len(lines) - about[0]]
    elif what == "swap":
        i, j = about[0] - 1, about[1] - 1
        lines[i], lines[j] = lines[j], lines[i]
    elif what == "twice":
        lines.insert(about[0], lines[about[0] - 1])
    else:
        raise ValueError(f"no such step: {what}")
    log.write_text("".join(lines))


def _together(audit, log, groups, pepper):
    """Append from several processes at once; return the heads that they were given, or an error's text.

    Each pauses a little at each line of audit.py, so that they surely get in each other's way if they can.
    """
    pipes = []

    def pause(frame, event, _):
        if frame.f_code.co_filename != audit.__file__:
            return None
        time.sleep(0.0002)
        return pause

    for group in groups:
        hears, says = os.pipe()
        if not os.fork():
            heads = []
            try:
                sys.settrace(pause)
                for entry in group:
                    heads.append(audit.append(str(log), dict(entry), pepper))
            except BaseException as error:
                heads.append(words_of(error))
            finally:
                sys.settrace(None)
                os.write(says, json.dumps(heads).encode())
                os._exit(0)
        os.close(says)
        pipes.append(hears)
    found = []
    for hears in pipes:
        with os.fdopen(hears) as pipe:
            found.append(json.loads(pipe.read() or "[]"))
        os.wait()
    return found


def play_vault(plan, folder="system"):
    """Play a plan to vault.py, each phase in a process of its own; return what came of it.

    plan: a list of phases. {"do": [["record", entry], ["backup"]], "kill": n} ends the process at the n-th line that vault.py executes;
    ["lose"] takes disk-a away, ["tear"] cuts what the journal has beyond what was acknowledged in half, ["bad backup"] damages the newest
    backup, ["bad line", number] a line of the journal (0 is the first, -1 the last), ["trim", n] takes the first n lines of the
    journal away, ["half line"] leaves half of a line at its end, ["empty store"] cuts the store's files to half.
    A phase {"do": [["restore"], ["entries"]]} says what is there.
    `said`: for each phase what each step returned; `after`: how many lines had run by then.
    """
    results, acknowledged = [], 0
    with tempfile.TemporaryDirectory(prefix="metro-") as place:
        world = Path(place) / "world"
        for name in ("disk-a", "disk-b"):
            (world / name).mkdir(parents=True)
        journal = world / "disk-b" / "journal.jsonl"
        for phase in plan:
            if isinstance(phase, list):
                _damage(world, journal, phase, acknowledged)
                continue
            result = _in_child(world, phase, folder)
            acknowledged = result["journal"] if result["journal"] is not None else acknowledged
            results.append(result)
    return results


def _damage(world, journal, phase, acknowledged):
    if phase[0] == "lose":
        shutil.rmtree(world / "disk-a", ignore_errors=True)
    elif phase[0] == "tear" and journal.exists():
        data = journal.read_bytes()
        if len(data) > acknowledged:
            journal.write_bytes(data[: acknowledged + (len(data) - acknowledged) // 2])
    elif phase[0] == "empty store":
        for path in [each for each in (world / "disk-a").rglob("*") if each.is_file()]:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif phase[0] == "bad backup":
        newest = max((world / "disk-b" / "backups").iterdir(), default=None)
        for path in [newest] if newest and newest.is_file() else sorted(newest.rglob("*")) if newest else []:
            if path.is_file():
                data = bytearray(path.read_bytes())
                digits = [at for at in range(len(data) // 3, len(data)) if data[at] in b"23456789"]  # it can still be read
                for at in digits or [len(data) // 2]:
                    data[at] ^= 1
                path.write_bytes(bytes(data))
    elif phase[0] == "half line" and journal.exists():
        last = journal.read_bytes().splitlines()[-1]
        journal.write_bytes(journal.read_bytes() + last[: len(last) // 2])
    elif phase[0] == "trim" and journal.exists():
        journal.write_text("".join(journal.read_text().splitlines(keepends=True)[phase[1] :]))
    elif phase[0] == "bad line" and journal.exists():
        lines = journal.read_text().splitlines(keepends=True)
        line, at = lines[phase[1]], len(lines[phase[1]]) * 3 // 5
        at = next(place for place in range(at, len(line)) if line[place].isalnum())
        lines[phase[1]] = line[:at] + ("7" if line[at] != "7" else "3") + line[at + 1 :]
        journal.write_text("".join(lines))


def _in_child(world, phase, folder):
    hears, says = os.pipe()
    child = os.fork()
    if not child:
        os.close(hears)
        _be_child(world, phase, folder, says)
    os.close(says)
    result = {"said": [], "after": [], "lines": 0, "journal": None, "fsyncs": 0, "killed": True}
    with os.fdopen(hears) as pipe:
        for line in pipe:
            one = json.loads(line)
            result["said"] += [one["said"]] if "said" in one else []
            result["after"] += [one["after"]] if "after" in one else []
            result |= {name: one[name] for name in ("lines", "journal", "fsyncs", "killed") if name in one}
    os.waitpid(child, 0)
    return result


def _be_child(world, phase, folder, says):
    """Run one phase, and tell the pipe after each step. Never returns."""
    count, kill, source = {"lines": 0, "fsyncs": 0}, phase.get("kill"), {"file": None}

    def tell(**what):
        os.write(says, json.dumps(what).encode() + b"\n")

    def trace(frame, event, _):
        if frame.f_code.co_filename != source["file"]:
            return None
        if event == "line":
            count["lines"] += 1
            if count["lines"] == kill:
                os._exit(0)
        return trace

    try:
        quick = quick_disk(count)  # kept: it ends with this process
        quick.__enter__()
        vault = load_part("vault", folder)
        source["file"] = vault.__file__
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        sys.settrace(trace)
        for what, *about in phase["do"]:
            try:
                if what == "record":
                    answer = bool(vault.record(str(world), dict(about[0])))
                elif what == "entries":
                    answer = [dict(entry) for entry in vault.entries(str(world))]
                else:
                    answer = getattr(vault, what)(str(world))
                    answer = answer if isinstance(answer, dict) else None
            except Exception as error:
                answer = {"error": words_of(error)}
            journal = world / "disk-b" / "journal.jsonl"
            tell(said=answer, lines=count["lines"], after=count["lines"], journal=journal.stat().st_size if journal.exists() else 0)
        sys.settrace(None)
        tell(killed=False, **count)
    except BaseException as error:
        tell(said={"error": words_of(error)}, killed=False, **count)
    finally:
        os._exit(0)
