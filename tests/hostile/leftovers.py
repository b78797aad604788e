"""Leftovers: processes, files, ports and memory that would outlive the submission. All gone, and the answers count."""

from pathlib import Path

from autograder.result import Result
from tests.hostile.case import BY_HEART, VISIBLE_POINTS, Case, executed, own_cell

FIVE = """
import subprocess
for number in range(5):
    subprocess.Popen(["sh", "-c", "sleep 98765; : @MARK@"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""
DAEMON = """
import os, signal, time
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (1, 2, 15):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(0, 1024)
    while True:
        time.sleep(1)
"""
RACE = """
import subprocess, sys
text = "import os, time\\nwhile True:\\n    open('/lab/report.json.new', 'w').write('{\\"stations\\": 3, \\"mean\\": 10.5}')\\n    os.replace('/lab/report.json.new', '/lab/report.json')\\n    time.sleep(0.001)"
subprocess.Popen([sys.executable, "-c", text], start_new_session=True)
"""
PORT = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import socket, time; s = socket.create_server(('0.0.0.0', @FREE_PORT@)); time.sleep(98765)"], start_new_session=True)
"""
NOHUP = "!nohup setsid sh -c 'sleep 98765; : @MARK@' >/dev/null 2>&1 &\n!(trap '' TERM HUP INT; sleep 98765; : @MARK@) >/dev/null 2>&1 &"
SHELLS = "%%bash --bg\nsleep 98765; : @MARK@"
CALLED = """
import os, subprocess

def mean_wait(minutes):
    subprocess.Popen(["sh", "-c", "sleep 98765; : @MARK@"], start_new_session=True)
    if not os.fork():
        os.setsid()
        while True:
            try:
                open("/lab/report.json", "w").write("broken")
            except OSError:
                pass
    return sum(minutes) / len(minutes) if minutes else 0.0
"""
POOL = "from concurrent.futures import ProcessPoolExecutor\nimport time\npool = ProcessPoolExecutor(3)\nfutures = [pool.submit(time.sleep, 98765) for _ in range(3)]"
MEMORY = "from multiprocessing import shared_memory\nblock = shared_memory.SharedMemory('@MARK@', create=True, size=10**6)"
CRON = "!echo '* * * * * touch /tmp/@MARK@' | crontab - 2>/dev/null\n!echo 'touch /tmp/@MARK@' | at now 2>/dev/null\n!systemd-run touch /tmp/@MARK@ 2>/dev/null"


def were_noted(cohort: Path, result: Result) -> None:
    """What was left running is written down."""
    assert len(executed(cohort, result).metadata["autograder"]["left_running"]) >= 5


CASES = (
    Case("leaves-five-processes", "In sessions of their own.", change=own_cell(FIVE), check=were_noted),
    Case("leaves-a-daemon", "Forked twice, deaf to signals, without files.", change=own_cell(DAEMON)),
    Case("leaves-a-process-that-listens", "A port of the machine.", change=own_cell(PORT)),
    Case("leaves-processes-by-nohup", "From a shell that has ended.", change=own_cell(NOHUP)),
    Case("leaves-a-script", "By a magic that runs it in the background.", change=own_cell(SHELLS)),
    Case("leaves-a-pool", "Workers that sleep.", change=own_cell(POOL)),
    Case("leaves-shared-memory", "By a name that others can open.", change=own_cell(MEMORY)),
    Case("leaves-timers", "The machine's own timers.", change=own_cell(CRON)),
    Case(
        "leaves-a-process-that-writes-the-report",
        "It would write the right report when the judge is there: nothing runs then.",
        {**BY_HEART, "report": BY_HEART["report"]},
        own_cell(RACE, "test-late-share"),
        points={**VISIBLE_POINTS, "report": (5.0, 25.0)},
    ),
    Case("leaves-processes-when-called", "The judged function starts them, and goes on writing the report.", {"mean-wait": CALLED}, points={"report": (0.0, 25.0)}),
    Case("leaves-processes-and-dies", "The kernel ends, its children would not.", {"report": FIVE + "import os\nos._exit(0)"}, points={"report": 0.0}),
)  # fmt: skip
