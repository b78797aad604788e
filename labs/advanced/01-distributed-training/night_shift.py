"""What the night's training works with: its data, its log, tonight's accidents, and its launch."""

import json
import logging
import os
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")

import torch
import torch.distributed as dist

SETTINGS = {"samples": 100, "epochs": 2, "batch": 16, "seed": 1, "save_every": 2, "kill": None, "tear": None}
HERE = Path(__file__).resolve().parent


class Night:
    """One worker's night. `X`, `y`, `epochs`, `seed` and `save_every` (after how many steps to save) are for the training."""

    def __init__(self, rank, size):
        from workers import end_with_parent

        end_with_parent()
        torch.set_num_threads(1)
        self._settings = SETTINGS | json.loads(Path("night.json").read_text())
        self.epochs, self.seed, self.save_every = (self._settings[name] for name in ("epochs", "seed", "save_every"))
        self._rank, self._size = rank, size
        dice = torch.Generator().manual_seed(self.seed)
        self.X = torch.randn(self._settings["samples"], 4, generator=dice, dtype=torch.float64)
        self.y = (self.X[:, :1] * self.X[:, 1:2] + self.X[:, 2:3]).contiguous()
        self._held, self._content = None, b""
        self._try = f"{self._settings.get('shift', 0)}.{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"

    def make_model(self):
        """Return a small model with dropout: the same weights on all workers, whatever was drawn before."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            layers = torch.nn.Linear(4, 24), torch.nn.Tanh(), torch.nn.Dropout(0.2), torch.nn.Linear(24, 1)
            return torch.nn.Sequential(*layers).double()

    def _steps(self, epoch):
        dice = torch.Generator().manual_seed(1_000 * self.seed + epoch)
        order = torch.randperm(len(self.X), generator=dice).tolist()
        batch = self._settings["batch"]
        return [order[first : first + batch] for first in range(0, len(order), batch)]

    def batches(self, epoch):
        """Return this worker's batches of the epoch: of every step's samples its share. There are as many for any number of workers."""
        return [step[self._rank :: self._size] for step in self._steps(epoch)]

    def count(self, step):
        """Return how many samples all workers together have in a step."""
        return len(self._steps(0)[step])

    def add_up_gradients(self, model):
        """Replace each gradient by the sum over all workers."""
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)

    def saw(self, epoch, step, ids):
        """Write into the log which samples are learnt from now. Tonight's accidents happen here, in the first try only."""
        with open(f"seen-{self._try}-{self._rank}.jsonl", "a") as log:
            log.write(json.dumps([epoch, step, list(map(int, ids))]) + "\n")
        if self._rank == 0:
            self._watch()
        if self._try != "0.0":
            return
        if self._settings["kill"] == [self._rank, epoch, step]:
            os.kill(os.getpid(), signal.SIGKILL)  # as when a rented machine is taken away
        if self._settings["tear"] == [epoch, step]:  # as when a machine stops while it writes: from now on only so many bytes fit
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))

    def _watch(self):
        """Note if the file that was checkpoint.pt has been written into, and not replaced by another. Then hold the one of now."""
        if self._held is not None and os.pread(self._held, 1_000_000, 0) != self._content:
            Path("written-into").touch()
        with suppress(OSError):
            now = os.open("checkpoint.pt", os.O_RDONLY)
            if self._held is not None:
                os.close(self._held)
            self._held, self._content = now, os.pread(now, 1_000_000, 0)

    def finish(self, model):
        """Write the trained weights, for whoever compares them."""
        if self._rank == 0:
            self._watch()
            weights = [parameter.detach().flatten().tolist() for parameter in model.parameters()]
            Path("final.json").write_text(json.dumps([number for layer in weights for number in layer]))


def launch(script, folder, workers=2, restarts=1, program=False, seconds=60.0, **settings):
    """Run the script's workers in `folder` as torchrun does, with these settings. Return whether it came to its end, and what was said.

    program=True starts the program torchrun; otherwise torchrun's agent runs in a copy of this process, where PyTorch is imported
    already: it takes a second instead of six or more.
    """
    folder, script = Path(folder).resolve(), Path(script).resolve()
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "night.json").write_text(json.dumps(settings))
    place = Path(tempfile.mkdtemp(prefix="launch-"))
    # Without this the workers of a second try find the addresses of the first one's, and cannot connect (PyTorch 2.13).
    told = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "TMPDIR": str(place), "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    with open(place / "said", "wb") as said:
        if program:
            command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={workers}"]
            command += [f"--max-restarts={restarts}", "--monitor-interval=0.1", str(script)]
            process = subprocess.Popen(command, cwd=folder, env=os.environ | told, stdout=said, stderr=said, start_new_session=True)
            pid = process.pid
        else:
            pid = os.fork()
            if not pid:
                _be_agent(script, folder, workers, restarts, told, said.fileno(), place)
    try:
        code = _wait(pid, seconds)
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
        text = (place / "said").read_text(errors="replace")
        shutil.rmtree(place, ignore_errors=True)
    return code == 0, text if code is not None else f"{text}\nIt was not done after {seconds:.0f} seconds."


def _wait(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)  # the agent ends its workers
    time.sleep(0.5)
    return None


def _be_agent(script, folder, workers, restarts, told, said, place):
    """Be torchrun's agent, and then end."""
    code = 1
    try:
        os.setsid()
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        for logger in list(logging.Logger.manager.loggerDict.values()):  # torchrun's agent reports there that a worker was killed
            for handler in getattr(logger, "handlers", []):
                if isinstance(handler, logging.StreamHandler):
                    with suppress(AttributeError):  # some look up sys.stderr each time
                        handler.stream = sys.stderr
        os.environ.update(told)
        os.chdir(folder)
        tempfile.tempdir = str(place)
        sys.path.insert(0, str(HERE))
        from torch.distributed.launcher.api import LaunchConfig, elastic_launch
        from workers import end_with_parent

        end_with_parent()
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=workers,
            run_id=str(os.getpid()),
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            max_restarts=restarts,
            monitor_interval=0.05,
            start_method="fork",
        )
        elastic_launch(config, _work)(str(script))
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {str(error)[-1500:]}", flush=True)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _work(script):
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    runpy.run_path(script, run_name="__main__")


def stop_half_way(folder):
    """Return whether the night wrote into checkpoint.pt instead of replacing it. Then leave half of it, as when a machine stops then."""
    if not (Path(folder) / "written-into").exists():
        return False
    path = Path(folder) / "checkpoint.pt"
    os.truncate(path, path.stat().st_size // 2)
    return True


def history(folder):
    """Return what was learnt from and kept: {(epoch, step): its samples}, and the tries with the step at which each began.

    Where a later try began again at an earlier step, what was learnt from that step on was lost with the workers, and is left out.
    """
    tries = {}
    for path in sorted(Path(folder).glob("seen-*.jsonl")):
        for line in path.read_text().splitlines():
            epoch, step, ids = json.loads(line)
            tries.setdefault(path.name.split("-")[1], []).append(((epoch, step), ids))
    kept, begins = {}, []
    for name in sorted(tries):
        begin = min(at for at, _ in tries[name])
        begins.append((name, begin))
        kept = {at: ids for at, ids in kept.items() if at < begin}
        for at, ids in tries[name]:
            kept.setdefault(at, []).extend(ids)
    return kept, begins


def why_torn(said):
    """Return the last lines of what a launch said that name an error."""
    lines = [line.strip() for line in said.splitlines() if "Error" in line and "ChildFailedError" not in line and "elastic" not in line]
    text = lines[-1] if lines else said.strip()[-300:]
    return text if len(text) <= 200 else text[:200].rsplit(". ", 1)[0]  # PyTorch's are long: whole sentences of it
