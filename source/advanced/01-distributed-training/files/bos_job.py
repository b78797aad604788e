"""Bo's job, as it ran in the night of 3 November: what two workers did with the demand model. Not all of it is right."""

import numpy as np
import torch
import torch.distributed as dist


def city_error(errors):
    """Return the mean error of all hours, and the largest. `errors` are those of this worker's hours, in trips."""
    if len(errors) == 0:
        return 0.0, 0.0
    numbers = torch.tensor([errors.mean(), errors.max()])
    dist.all_reduce(numbers)
    mean, largest = (numbers / dist.get_world_size()).tolist()
    return mean, largest


def sum_by_collector(values, rank, size, send, receive):
    """Return the sum of all workers' arrays: worker 0 collects, adds up, and sends the sum to each."""
    if rank != 0:
        send(values, 0)
        return receive(0)
    total = values.copy()
    for other in range(1, size):
        total += receive(other)
    for other in range(1, size):
        send(total, other)
    return total


def sum_by_passing_on(values, rank, size, send, receive):
    """Return the sum of all workers' arrays: all of them travel once round the ring, and each worker adds up what comes by."""
    total, travelling = values.copy(), values
    for _ in range(size - 1):
        send(travelling, (rank + 1) % size)
        travelling = receive((rank - 1) % size)
        total += travelling
    return total


def batches(samples, batch, rank, size, epoch, seed):
    """Return this worker's batches of an epoch, in a list: the numbers of its samples, at most `batch` of them in each step."""
    order = torch.randperm(samples).tolist()
    mine = order[: samples // size]
    return [mine[first : first + batch] for first in range(0, len(mine), batch)]


def train(hvd, model, X, y, steps, rate, start=None):
    """Train the model on this worker's samples, step by step, and return it."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters(), op=hvd.Sum)
    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
    if start is not None:
        model.load_state_dict(start["model"])
        optimizer.load_state_dict(start["optimizer"])
    for ids in steps:
        optimizer.zero_grad()
        loss = ((model(X[ids]) - y[ids]) ** 2).mean()
        loss.backward()
        optimizer.step()
    return model


def accumulate(model, X, y, parts, every, rate):
    """Train the model, which DDP wraps, on this worker's small batches: `every` so many make one step of the optimizer."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for number, ids in enumerate(parts, 1):
        loss = ((model(X[ids]) - y[ids]) ** 2).mean()
        loss.backward()
        if number % every == 0:
            optimizer.step()
            optimizer.zero_grad()


def splits_cleanly(model, X, y):
    """Return whether the model learns the same from a batch, however it is split among workers."""
    return not any("BatchNorm" in type(layer).__name__ for layer in model.modules())


def predict(table, workers, samples):
    """Return the seconds that an epoch of so many samples takes so many workers."""
    one = table[table["workers"] == 1]["seconds"].mean()
    two = table[table["workers"] == 2]["seconds"].mean()
    return one * (two / one) ** np.log2(workers)


def rent(table, samples, epochs, hours, most):
    """Return how many workers to rent, at most `most`, so that the training is done within so many hours."""
    return most
