"""Runs a function in several worker processes, or a ring of workers in threads, and ends all of them, whatever happens."""

import ctypes
import gc
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import timedelta
from multiprocessing.connection import wait

os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())  # or PyTorch makes a folder there, for nothing

import numpy as np
import torch
import torch._dynamo  # else it comes with the first optimizer or DDP, and takes each worker three seconds
import torch.distributed as dist
import torch.nn.parallel.distributed
import torch.optim

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core for each worker that is started
for _name in ("lo", "lo0"):  # gloo speaks over loopback, whatever the machine is called
    if _name in {name for _, name in socket.if_nameindex()}:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", _name)

TYPES = [np.float32, np.float64, np.int32, np.int64]


def end_with_parent():
    """Ask the system to end this process as soon as the one that started it is gone (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run_workers(work, size, *arguments, seconds=20.0):
    """Return, in a list by rank, what work(rank, size, *arguments) returned in each of `size` processes, which gloo connects.

    Raises RuntimeError with the first worker's trouble where one stops, and where they are not done after so many seconds.
    """
    folder = tempfile.mkdtemp(prefix="workers-")
    context, lines, processes, said = multiprocessing.get_context("fork"), [], [], {}
    hvd, server = _horovod(size)
    try:
        for rank in range(size):
            near, far = context.Pipe()
            process = context.Process(target=_serve, args=(far, folder, work, rank, size, arguments, seconds, server), daemon=True)
            process.start()
            far.close()
            lines.append(near)
            processes.append(process)
        end, dismissed = time.monotonic() + seconds, None
        while len(said) < size and time.monotonic() < end:
            for line in wait([line for rank, line in enumerate(lines) if rank not in said], timeout=0.2):
                try:
                    said[lines.index(line)] = line.recv()
                except EOFError:
                    said[lines.index(line)] = ("raised", "ProcessEnded", "its process ended")
            failed = any(kind == "raised" for kind, *_ in said.values())
            if said and dismissed is None:
                dismissed = min(end - seconds / 4, time.monotonic() + (1.0 if failed else 1.5))
            if said and time.monotonic() > dismissed:  # the others have waited long enough for those that are done
                for rank in said:
                    with suppress(OSError):
                        lines[rank].send("go")
                if failed:
                    break
        for line in lines:
            with suppress(OSError):
                line.send("go")
    finally:
        for process in processes:
            process.join(0.5 if len(said) == size else 0)
            process.kill()
            process.join()
            process.close()
        for line in lines:
            line.close()
        if hvd:
            hvd.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return _results(said, size, seconds)


def _results(said, size, seconds):
    raised = {rank: rest for rank, (kind, *rest) in said.items() if kind == "raised"}
    own = {rank: rest for rank, rest in raised.items() if not _is_echo(rest)}
    done = [rank for rank in said if rank not in raised]
    if own:
        rank, (name, message) = min(own.items())
        raise RuntimeError(f"worker {rank} stopped with {name}: {message}")
    if raised or len(said) < size:
        waiting = next(rank for rank in range(size) if rank not in done)
        told = f", while worker {done[0]} is done" if done else f" after {seconds:.0f} seconds"
        raise RuntimeError(f"worker {waiting} still waits{told}: all workers must make the same collective calls, in the same order")
    return [said[rank][1] for rank in range(size)]


def _is_echo(rest):
    """Return whether a worker stopped only because another one was gone."""
    signs = "Connection closed", "Connection reset", "Read error", "Timed out waiting", "Broken pipe", "has been shut down"
    return any(sign in rest[1] for sign in signs)


def _serve(line, folder, work, rank, size, arguments, seconds, server):
    end_with_parent()
    gc.freeze()  # or this copy may clear away a ring of the first process, and wait for that ring's threads, which it does not have
    torch.set_num_threads(1)
    os.environ.update(server, **{"HOROVOD_RANK": str(rank), "HOROVOD_LOCAL_RANK": str(rank)} if server else {})
    try:
        meet = f"file://{folder}/meet"
        dist.init_process_group("gloo", init_method=meet, rank=rank, world_size=size, timeout=timedelta(seconds=seconds))
        answer = ("returned", work(rank, size, *arguments))
    except BaseException as error:
        answer = ("raised", type(error).__name__, str(error)[:500])
    with suppress(OSError, EOFError):
        line.send(answer)
        line.poll(seconds)  # who leaves first would break the connection of those that are not done
    os._exit(0)


def _horovod(size):
    """Start what the real Horovod's workers meet at, if it is asked for. Return its server, and what workers need to know."""
    import hvd

    if hvd.BACKEND != "horovod":
        return None, {}
    from horovod.runner.common.util.hosts import get_host_assignments, parse_hosts
    from horovod.runner.http.http_server import RendezvousServer

    server = RendezvousServer(0)
    port = server.start()
    server.init(get_host_assignments(parse_hosts(f"localhost:{size}"), size))
    told = {"SIZE": size, "LOCAL_SIZE": size, "CROSS_RANK": 0, "CROSS_SIZE": 1, "HOSTNAME": "localhost", "CONTROLLER": "gloo"}
    told |= {"CPU_OPERATIONS": "gloo", "GLOO_RENDEZVOUS_ADDR": "127.0.0.1", "GLOO_RENDEZVOUS_PORT": port, "CYCLE_TIME": 1}
    told |= {"GLOO_IFACE": os.environ.get("GLOO_SOCKET_IFNAME", "lo"), "GLOO_TIMEOUT_SECONDS": 20}
    return server, {f"HOROVOD_{name}": str(value) for name, value in told.items()}


class Line:
    """What one worker sends and receives, how many bytes it sent to each other one (`sent`), and the length of its `longest` array."""

    def __init__(self, group, rank, size, seconds):
        self._group, self._rank, self._size, self._limit = group, rank, size, timedelta(seconds=seconds)
        self._posted = []
        self.sent, self.longest = [0] * size, 0

    def send(self, array, to):
        """Send a one-dimensional array to the worker `to`. Does not wait until it has arrived."""
        array = np.ascontiguousarray(array)
        if array.ndim != 1 or array.dtype.type not in TYPES:
            raise ValueError(f"send takes one-dimensional arrays of numbers, not {array.dtype} with the shape {array.shape}")
        if isinstance(to, bool) or not 0 <= int(to) < self._size or int(to) == self._rank:
            raise ValueError(f"worker {self._rank} of {self._size} cannot send to worker {to}")
        header = torch.tensor([len(array), TYPES.index(array.dtype.type)])
        for tensor in [header] + ([torch.from_numpy(array.copy())] if len(array) else []):
            self._posted.append((self._group.send([tensor], int(to), 0), tensor))
        self.sent[int(to)] += array.nbytes
        self.longest = max(self.longest, len(array))

    def receive(self, sender):
        """Return the next array that the worker `sender` sent to this one. Waits for it."""
        if isinstance(sender, bool) or not 0 <= int(sender) < self._size or int(sender) == self._rank:
            raise ValueError(f"worker {self._rank} of {self._size} cannot receive from worker {sender}")
        header = torch.zeros(2, dtype=torch.int64)
        self._wait(self._group.recv([header], int(sender), 0), sender)
        array = np.zeros(int(header[0]), TYPES[int(header[1])])
        if len(array):
            self._wait(self._group.recv([torch.from_numpy(array)], int(sender), 0), sender)
        return array

    def close(self):
        """Wait until all that was sent has arrived."""
        for work, _ in self._posted:
            work.wait(self._limit)

    def _wait(self, work, sender):
        try:
            work.wait(self._limit)
        except RuntimeError:
            raise TimeoutError(f"worker {self._rank} waits for an array that worker {sender} does not send") from None


def run_ring(work, parts, seconds=6.0):
    """Return what work(part, rank, size, send, receive) returned for each part, the bytes that each worker sent to each other one, and
    the length of the longest array that each sent.

    The workers are threads of this process, since eight processes would need much memory. Each has its own sockets: what they
    send goes through the loopback network as it would between machines.
    """
    size, store = len(parts), dist.HashStore()
    answers, sent, longest, troubles = [None] * size, [None] * size, [0] * size, []

    def one(rank):
        try:
            group = dist.ProcessGroupGloo(store, rank, size, timedelta(seconds=seconds))
            line = Line(group, rank, size, seconds)
            answers[rank] = work(parts[rank], rank, size, line.send, line.receive)
            sent[rank], longest[rank] = line.sent, line.longest
            try:
                line.close()
            except RuntimeError:
                raise TimeoutError(f"worker {rank} sent an array that nobody receives") from None
        except BaseException as error:  # its text only: the error itself would keep the ring's connections
            troubles.append((isinstance(error, TimeoutError), f"{type(error).__name__}: {error}"))

    threads = [threading.Thread(target=one, args=(rank,), daemon=True) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * seconds)
    if troubles:
        raise RuntimeError(min(troubles, key=lambda trouble: trouble[0])[1])
    if any(thread.is_alive() for thread in threads):
        raise RuntimeError("the ring did not come to an end")
    return answers, sent, longest


def ring_in_processes(work, parts, seconds=10.0):
    """Do what run_ring does, with a process for each part. Return what the workers returned."""

    def one(rank, size):
        line = Line(dist.distributed_c10d._get_default_group(), rank, size, seconds)
        answer = work(parts[rank], rank, size, line.send, line.receive)
        line.close()
        return answer

    return run_workers(one, len(parts), seconds=seconds)
