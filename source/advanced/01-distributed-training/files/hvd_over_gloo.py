"""A part of Horovod's interface, with Horovod's names and meanings, over torch.distributed with gloo. It is not Horovod.

What the real one does besides: it sends gradients while backward() still computes the others, puts small ones together, lets workers
call collectives in different orders (by name), and grows and shrinks while it trains. Here each call waits until it is done.
"""

import io
from contextlib import contextmanager

import torch
import torch.distributed as dist

Average, Sum, Min, Max = "Average", "Sum", "Min", "Max"
_OPS = {Average: dist.ReduceOp.SUM, Sum: dist.ReduceOp.SUM, Min: dist.ReduceOp.MIN, Max: dist.ReduceOp.MAX}


def init():
    """Join the workers. run_workers and torchrun have told each process its rank."""
    if not dist.is_initialized():
        dist.init_process_group("gloo")


def is_initialized():
    """Return whether this process has joined."""
    return dist.is_initialized()


def shutdown():
    """Leave the workers."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank():
    """Return this worker's number, from 0."""
    return dist.get_rank()


def size():
    """Return how many workers there are."""
    return dist.get_world_size()


local_rank, local_size = rank, size  # all workers are on one machine


def barrier():
    """Wait until all workers are here."""
    dist.barrier()


def allreduce_(tensor, average=None, name=None, op=None):
    """Put the average of all workers' tensors (op=Sum: their sum, Min, Max) into the tensor, and return it."""
    op = op or (Sum if average is False else Average)
    dist.all_reduce(tensor, _OPS[op])
    if op == Average:
        tensor.copy_(tensor / size() if tensor.is_floating_point() else tensor // size())
    return tensor


def allreduce(tensor, average=None, name=None, op=None):
    """Return the average of all workers' tensors (op=Sum: their sum, Min, Max); the tensor stays as it is."""
    return allreduce_(tensor.detach().clone(), average, name, op)


def broadcast_(tensor, root_rank, name=None):
    """Put the root's tensor into every worker's, and return it."""
    dist.broadcast(tensor, root_rank)
    return tensor


def broadcast(tensor, root_rank, name=None):
    """Return the root's tensor; the tensor stays as it is."""
    return broadcast_(tensor.detach().clone(), root_rank)


def broadcast_object(obj, root_rank=0, name=None):
    """Return the root's object. Without a name it goes by the name of its type, as in Horovod: so that must be the same everywhere."""
    names = set(allgather_object(name or type(obj).__name__))
    if len(names) > 1:
        raise ValueError(f"the workers broadcast under different names ({', '.join(sorted(names))}), and would wait for ever: say name=")
    box = [obj]
    dist.broadcast_object_list(box, root_rank)
    return box[0]


def allgather_object(obj, name=None):
    """Return all workers' objects, in a list by rank."""
    box = [None] * size()
    dist.all_gather_object(box, obj)
    return box


def allgather(tensor, name=None):
    """Return all workers' tensors, one below the other; they may differ in length."""
    return torch.cat(allgather_object(tensor.detach()))


def broadcast_parameters(params, root_rank):
    """Put the root's values into every worker's model.state_dict() or model.named_parameters()."""
    for _, tensor in sorted(params.items()) if isinstance(params, dict) else list(params):
        if torch.is_tensor(tensor):
            dist.broadcast(tensor.data, root_rank)


def broadcast_optimizer_state(optimizer, root_rank):
    """Put the root's state (momentum, steps, learning rates) into every worker's optimizer."""
    buffer = io.BytesIO()
    torch.save(optimizer.state_dict(), buffer)
    told = broadcast_object(buffer.getvalue(), root_rank)
    optimizer.load_state_dict(torch.load(io.BytesIO(told), weights_only=True))


class _Distributed:
    """What DistributedOptimizer adds to an optimizer: before a step, gradients are reduced over the workers."""

    def synchronize(self):
        """Reduce the gradients now. Within skip_synchronize() the next step does not do it again."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.requires_grad:
                    if parameter.grad is None:
                        parameter.grad = torch.zeros_like(parameter)
                    allreduce_(parameter.grad, op=self._op)

    @contextmanager
    def skip_synchronize(self):
        self._reduces = False
        try:
            yield
        finally:
            self._reduces = True

    def step(self, closure=None):
        if self._reduces:
            self.synchronize()
        return super(self.__class__, self).step(closure)


def DistributedOptimizer(optimizer, named_parameters=None, op=Average, backward_passes_per_step=1):
    """Return a new optimizer, whose step() first averages the gradients over all workers (op=Sum: adds them up).

    As in Horovod it has the parameters and settings of the one that is given, and not its state: the momentum begins anew.
    """
    if backward_passes_per_step != 1:
        raise NotImplementedError("this layer reduces at every step: use the real Horovod for backward_passes_per_step")
    methods = {name: value for name, value in vars(_Distributed).items() if not name.startswith("__")}
    made = type(type(optimizer).__name__, (type(optimizer),), methods)(optimizer.param_groups)
    made._op, made._reduces = op, True
    return made
