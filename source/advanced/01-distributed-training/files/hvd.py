"""Horovod's interface for PyTorch: import hvd, where other programs say `import horovod.torch as hvd`.

With LAB_HOROVOD=horovod in the environment it is the real Horovod (`make horovod` builds it). Otherwise it is a thin layer, ours, with
Horovod's names and meanings over PyTorch's gloo: see hvd_over_gloo.py.
"""

import importlib
import os

DEFAULT = "gloo"
BACKEND = os.environ.get("LAB_HOROVOD", DEFAULT)
NAMES = ["init", "shutdown", "is_initialized", "rank", "size", "local_rank", "local_size", "barrier"]
NAMES += ["Average", "Sum", "Min", "Max", "allreduce", "allreduce_", "broadcast", "broadcast_", "allgather", "broadcast_object"]
NAMES += ["allgather_object", "broadcast_parameters", "broadcast_optimizer_state", "DistributedOptimizer"]

if BACKEND not in ("gloo", "horovod"):
    raise ValueError(f"LAB_HOROVOD={BACKEND}: say horovod for the real one, or gloo for the layer")
_there = importlib.import_module("horovod.torch" if BACKEND == "horovod" else "hvd_over_gloo")
globals().update({name: getattr(_there, name) for name in NAMES})
