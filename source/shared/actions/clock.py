"""The toy clock of a job: what sleeps puts it forward instead of waiting, and whoever is past its deadline is stopped."""

PYTHON_CLOCK = """import os, time
clock = os.environ.get("PLAYED_CLOCK")
if clock:
    def sleep(seconds):
        with open(clock) as file:
            now = float(file.read()) + float(seconds)
        with open(clock, "w") as file:
            file.write(repr(now))
        if now > float(os.environ["PLAYED_DEADLINE"]):
            os.killpg(0, 9)  # this step, or what stands behind `timeout`
    time.sleep = sleep
"""
SHELL_CLOCK = """#!/bin/bash
seconds=${1%s}
case $seconds in *m) seconds=$(( ${seconds%m} * 60 ));; *h) seconds=$(( ${seconds%h} * 3600 ));; esac
read -r now < "$PLAYED_CLOCK" || true
now=$(( ${now%.*} + ${seconds%.*} ))
echo "$now" > "$PLAYED_CLOCK"
(( now <= ${PLAYED_DEADLINE%.*} )) || kill -KILL 0
"""
SHELL_TIMEOUT = """#!/bin/bash
while [[ $1 == -* ]]; do case $1 in -k|-s) shift 2;; *) shift;; esac; done
seconds=${1%s}; shift
case $seconds in *m) seconds=$(( ${seconds%m} * 60 ));; *h) seconds=$(( ${seconds%h} * 3600 ));; esac
read -r now < "$PLAYED_CLOCK" || true
ends=$(( ${now%.*} + ${seconds%.*} ))
(( ends < ${PLAYED_DEADLINE%.*} )) || exec "$@"
exec 3>&2 2>/dev/null  # so that the shell keeps quiet of what was killed
PLAYED_DEADLINE=$ends command -p timeout -s KILL 20 "$@" 2>&3 3>&-  # in a group of its own: if it is out of time, it ends alone
code=$?
read -r now < "$PLAYED_CLOCK" || true
if (( ${now%.*} > ends )); then echo "$ends" > "$PLAYED_CLOCK"; code=124; fi
exit $code
"""


def make_clock(folder):
    """Lay a clock into a job's folder, and the toys (Python's sleep, the shell's sleep and timeout) that go by it; return its path."""
    toys = {"toys/sitecustomize.py": PYTHON_CLOCK, "toys/sleep": SHELL_CLOCK, "toys/timeout": SHELL_TIMEOUT}
    for name, text in {"clock": "0", **toys}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder / "clock"
