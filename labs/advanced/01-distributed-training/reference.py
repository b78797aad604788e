"""What training on several workers is compared with: the same training on one."""

import os
import tempfile

os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())  # or PyTorch makes a folder there, for nothing

import torch


def make_model(seed):
    """Return a small demand model, with weights of its own for each seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()


def make_start(seed):
    """Return what a checkpoint of an earlier night holds: {"model": …, "optimizer": …}. That night's learning rate was another."""
    model = make_model(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.003, momentum=0.9)
    dice = torch.Generator().manual_seed(seed)
    for _ in range(3):
        optimizer.zero_grad()
        X = torch.randn(16, 4, generator=dice, dtype=torch.float64)
        ((model(X) - X[:, :1]) ** 2).mean().backward()
        optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}


def draw_case(seed, size, batch, samples, epochs=1, start=False, rate=0.01):
    """Return a training for `size` workers: `X` and `y`, each worker's `steps`, and the `rate` that is right for one worker's batch."""
    dice = torch.Generator().manual_seed(seed)
    X = torch.randn(samples, 4, generator=dice, dtype=torch.float64)
    y = torch.sin(X[:, :1]) + X[:, 1:2] * X[:, 2:3] + 0.1 * torch.randn(samples, 1, generator=dice, dtype=torch.float64)
    together = []
    for _ in range(epochs):
        order = torch.randperm(samples, generator=dice).tolist()
        together += [order[first : first + size * batch] for first in range(0, samples, size * batch)]
    steps = [[ids[rank::size] for ids in together] for rank in range(size)]
    return {"X": X.numpy(), "y": y.numpy(), "steps": steps, "rate": rate, "seed": seed, "start": start}


def weights_of(model):
    """Return all weights of a model, in one list."""
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).tolist()


def on_one_worker(case):
    """Return the weights after the same training on one worker, which has all samples of each step, and the learning rate for as many."""
    X, y, size = torch.tensor(case["X"]), torch.tensor(case["y"]), len(case["steps"])
    model = make_model(case["seed"])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    if case["start"]:
        start = make_start(case["seed"] + 50)
        model.load_state_dict(start["model"])
        optimizer.load_state_dict(start["optimizer"])
    for group in optimizer.param_groups:
        group["lr"] = case["rate"] * size
    for shares in zip(*case["steps"], strict=True):
        ids = [number for share in shares for number in share]
        optimizer.zero_grad()
        ((model(X[ids]) - y[ids]) ** 2).mean().backward()
        optimizer.step()
    return weights_of(model)


def own_rows(case, rank):
    """Return X and y as this worker has them: rows that are in none of its steps belong to others, and are NaN, not a number."""
    mine = sorted({number for ids in case["steps"][rank] for number in ids})
    X, y = torch.full(case["X"].shape, torch.nan, dtype=torch.float64), torch.full(case["y"].shape, torch.nan, dtype=torch.float64)
    X[mine], y[mine] = torch.tensor(case["X"])[mine], torch.tensor(case["y"])[mine]
    return X, y


def on_workers(train, case, seconds=20.0):
    """Return the weights that `train` leaves on each of the case's workers, in a list by rank."""
    from workers import run_workers

    def work(rank, size):
        import hvd

        hvd.init()
        X, y = own_rows(case, rank)
        model = make_model(case["seed"] + rank)
        start = make_start(case["seed"] + 50) if case["start"] and rank == 0 else None
        trained = train(hvd, model, X, y, case["steps"][rank], case["rate"], start)
        weights = weights_of(trained)
        hvd.barrier()
        return weights

    return run_workers(work, len(case["steps"]), seconds=seconds)


def draw_small_steps(seed, batch, samples, every, rate=0.02):
    """Return a training for two workers whose `steps` are small batches, of which `every` so many make one step of the optimizer."""
    return draw_case(seed, 2, batch, samples, rate=rate) | {"every": every, "batch": batch}


def at_once(case):
    """Return the same training for one worker, which has in each step what all workers have in all small batches of it."""
    parts = [[number for share in shares for number in share] for shares in zip(*case["steps"], strict=True)]
    groups = [parts[first : first + case["every"]] for first in range(0, len(parts), case["every"])]
    return case | {"steps": [[[number for ids in group for number in ids] for group in groups]]}


def on_ddp(accumulate, cases, seconds=20.0):
    """Return what `accumulate` did on each worker, for each case.

    That is the `weights`, how often (`calls`) and how many `bytes` the workers gave to all-reduces, and how many samples at most were
    `held`, from a forward pass that kept what a backward pass needs until that came.
    """
    from workers import run_workers

    def work(rank, size):
        import torch.distributed as dist
        from torch.nn.parallel import DistributedDataParallel

        all_reduce, told, waiting = dist.all_reduce, {}, []

        def counted(tensor, *arguments, **settings):
            told["calls"] += 1
            told["bytes"] += tensor.numel() * tensor.element_size()
            return all_reduce(tensor, *arguments, **settings)

        def by_all_reduce(_, bucket):  # what DDP does anyway, by way of the function that counts
            return dist.all_reduce(bucket.buffer().div_(size), async_op=True).get_future().then(lambda done: done.value()[0])

        def forward(_, given, answer):
            if answer.requires_grad:
                waiting.append(len(answer))
                told["held"] = max(told["held"], sum(waiting))
                answer.register_hook(lambda _: waiting.clear())

        dist.all_reduce = counted
        results = []
        for case in cases:
            told.update(calls=0, bytes=0, held=0)
            waiting.clear()
            model = make_model(case["seed"] + rank)
            model.register_forward_hook(forward)
            wrapped = DistributedDataParallel(model)
            wrapped.register_comm_hook(None, by_all_reduce)
            accumulate(wrapped, *own_rows(case, rank), case["steps"][rank], case["every"], case["rate"])
            results.append({"weights": weights_of(model)} | told)
        return results

    return list(zip(*run_workers(work, 2, seconds=seconds), strict=True))
