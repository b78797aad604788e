"""What the judge cells share: cases of their own, drawn from LAB_SEED, with their truth, and what each mistake would have led to."""

import copy
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from reference import at_once, draw_case, draw_small_steps, make_model, make_start, on_one_worker, weights_of

from judgekit import fresh

# Exercise 1: the error of the whole city


def draw_errors(rng):
    """Return cases: for each, the errors of both workers' hours."""
    sizes = [
        (int(rng.integers(20, 60)), int(rng.integers(200, 400))),
        (int(rng.integers(30, 90)), 0),
        (0, int(rng.integers(30, 90))),
        (1, 7),
    ]
    scales = [(60.0, 8.0), (20.0, 1.0), (1.0, 20.0), (3.0, 30.0)]
    return [[rng.exponential(scale, size) for size, scale in zip(*pair, strict=True)] for pair in zip(sizes, scales, strict=True)]


# Exercise 2: the ring


def draw_parts(rng, size, length, kind="float64"):
    """Return an array for each worker."""
    return [rng.integers(-1000, 1000, length).astype(kind) for _ in range(size)]


# Exercise 4: training. What each mistake leads to, played with all workers in one process.

FAULTS = {
    "weights": "each worker began with weights of its own. Before the first step all need those of worker 0",
    "sum": "gradients were added up where they should be averaged (or averaged twice over): the steps are as many times too long as there are workers",
    "rate": "the learning rate is the one for one worker's batch. With k workers a step has k times as many samples",
    "share": "each worker took the mean of its own samples, and these means count alike, though in the last step one has fewer samples",
    "momentum": "only worker 0 had the checkpoint's momentum: the others began with none",
    "lost": "no worker has the checkpoint's momentum. DistributedOptimizer makes a new optimizer, which has none",
    "night": "the learning rate is the one of the checkpoint: loading the optimizer's state brought it back",
}


def play(case, faults):
    """Return the weights on each worker after a training with these faults."""
    X, y, size = torch.tensor(case["X"]), torch.tensor(case["y"]), len(case["steps"])
    models = [make_model(case["seed"] + (rank if "weights" in faults else 0)) for rank in range(size)]
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9) for model in models]
    start = make_start(case["seed"] + 50) if case["start"] else None
    for rank, (model, optimizer) in enumerate(zip(models, optimizers, strict=True)):
        loaded = start and (rank == 0 or "momentum" not in faults) and "lost" not in faults
        if start and (rank == 0 or "weights" not in faults):
            model.load_state_dict(start["model"])
        if loaded:
            optimizer.load_state_dict(copy.deepcopy(start["optimizer"]))  # which would share the momentum otherwise
        for group in optimizer.param_groups:
            if not (loaded and "night" in faults):
                group["lr"] = case["rate"] * (1 if "rate" in faults else size)
    for shares in zip(*case["steps"], strict=True):
        count = sum(map(len, shares))
        for model, ids in zip(models, shares, strict=True):
            model.zero_grad()
            loss = ((model(X[ids]) - y[ids]) ** 2).sum()
            (loss / len(ids) if "share" in faults else loss * size / count).backward()
        for parameters in zip(*(model.parameters() for model in models), strict=True):
            total = sum(parameter.grad for parameter in parameters)
            for parameter in parameters:
                parameter.grad = total.clone() if "sum" in faults else total / size
        for optimizer in optimizers:
            optimizer.step()
    return np.array([weights_of(model) for model in models])


def check_training(said, case, what):
    """Raise AssertionError, with the mistake where it is a known one, unless all workers have the weights of one worker's training."""
    said, truth = np.array(said, dtype=float), np.array(on_one_worker(case))
    assert np.isfinite(said).all(), (
        f"{what}: there are weights that are no numbers. What is the mean of no samples, on a worker that has none in the last step? "
        "Or does a worker learn from rows of X that it does not have? Those are NaN."
    )
    off = np.abs(said - truth).max()
    if off <= 1e-6:
        return
    for count in (1, 2, 3):
        for faults in combinations(FAULTS, count):
            if np.abs(play(case, faults) - said).max() < 1e-9:
                raise AssertionError(
                    f"{what}: weights are up to {off:.2g} away from those of one worker. "
                    + "; and ".join(FAULTS[f][0].upper() + FAULTS[f][1:] for f in faults)
                    + "."
                )
    apart = np.abs(said - said[0]).max()
    equal = (
        f"the workers' own weights differ by up to {apart:.2g}: is everything that they begin with the same, and every step?"
        if apart > 1e-9
        else "the workers agree among themselves."
    )
    raise AssertionError(
        f"{what}: weights are up to {off:.2g} away from those of one worker with all samples, expected at most 0.000001; {equal}"
    )


# Exercise 5: small batches. What each mistake leads to, played in one process with the samples of all workers.

SMALL_FAULTS = {
    "undivided": "gradients of means are added up: a step of four small batches is four times too long",
    "alike": "the means of all small batches of a step count alike, also that of a shorter one, which has fewer samples",
    "every": "the last step has fewer small batches, and is divided by as many as the others have",
    "dropped": "what was left over at the end, fewer small batches than make a step, made none",
    "carried": "the gradients of the step before are still there when the next one begins",
    "rate": "the learning rate was multiplied by the number of workers. Here it is the one for the whole step",
}


def draw_accumulations(rng):
    """Return trainings on two workers, each with what is special about it."""
    drawn = []
    for every, count, short, about in [
        (3, 6, 0, "Six small batches, three to a step"),
        (4, 10, 0, "Ten small batches, four to a step, so that two are left over"),
        (3, 6, int(rng.integers(2, 4)), "Six small batches, three to a step, the last one shorter"),
        (4, 7, int(rng.integers(2, 4)), "Seven small batches, four to a step, the last one shorter"),
        (5, 3, 0, "Three small batches, five to a step, so that there is one short step only"),
        (1, 4, 0, "Four small batches, each a step of its own"),
    ]:
        batch = int(rng.integers(6, 10))
        samples = 2 * (batch * count - (batch - short if short else 0))
        drawn.append((about, draw_small_steps(int(rng.integers(10**6)), batch, samples, every, float(rng.uniform(0.01, 0.03)))))
    return drawn


def play_small(case, faults):
    """Return the weights after a training in small batches with these faults."""
    X, y, every = torch.tensor(case["X"]), torch.tensor(case["y"]), case["every"]
    parts = [[number for share in shares for number in share] for shares in zip(*case["steps"], strict=True)]
    model = make_model(case["seed"])
    optimizer = torch.optim.SGD(model.parameters(), lr=case["rate"] * (2 if "rate" in faults else 1), momentum=0.9)
    for first in range(0, len(parts), every):
        group = parts[first : first + every]
        if len(group) < every and "dropped" in faults:
            break
        if "carried" not in faults:
            optimizer.zero_grad()
        for ids in group:
            mean = ((model(X[ids]) - y[ids]) ** 2).mean()
            share = 1 / len(group) if "alike" in faults else 1 / every if "every" in faults else len(ids) / sum(map(len, group))
            (mean if "undivided" in faults else mean * share).backward()
        optimizer.step()
    return np.array(weights_of(model))


def check_accumulation(said, case, what):
    """Raise AssertionError, with the mistake where it is a known one, unless both workers have the weights of steps with all samples at once."""
    said, truth = np.array(said, dtype=float), np.array(on_one_worker(at_once(case)))
    assert np.isfinite(said).all(), (
        f"{what}: there are weights that are no numbers (NaN). Does a worker learn from rows of X that it does not have?"
    )
    apart, off = np.abs(said - said[0]).max(), np.abs(said - truth).max()
    assert apart <= 1e-6, (
        f"{what}: the workers' weights differ by up to {apart:.2g}. There was a step, perhaps the last one, before its gradients had been sent."
    )
    if off <= 1e-6:
        return
    for count in (1, 2, 3):
        for faults in combinations(SMALL_FAULTS, count):
            if np.abs(play_small(case, faults) - said[0]).max() < 1e-9:
                told = "; and ".join(SMALL_FAULTS[f][0].upper() + SMALL_FAULTS[f][1:] for f in faults)
                raise AssertionError(f"{what}: weights are up to {off:.2g} away from those of one worker with all samples at once. {told}.")
    raise AssertionError(
        f"{what}: the workers agree, but weights are up to {off:.2g} away from those of one worker with all samples at once, expected at most 0.000001"
    )


def check_sent(workers, case, what):
    """Raise AssertionError if workers sent more than one gradient for a step, or had more than a small batch between its two passes."""
    numbers, parts = len(workers[0]["weights"]), len(case["steps"][0])
    steps = -(-parts // case["every"])
    if parts % case["every"] == 0:
        check_accumulation([worker["weights"] for worker in workers], case, what)
    for worker in workers:
        assert worker["held"] <= case["batch"], (
            f"{what}: at one time {worker['held']} samples were between their forward and their backward pass, expected at most {case['batch']}."
        )
        assert worker["bytes"] <= steps * (8 * numbers + 64), (
            f"{what}: a worker sent {worker['bytes']} bytes in {worker['calls']} all-reduces, expected {steps * 8 * numbers}: "
            f"the gradient of {numbers} numbers, once for each of {steps} steps. Which small batches need not send, also among those left over?"
        )


# Exercise 6: models that no one has seen

MODELS = """
import torch
from torch import nn

class Tidy(nn.Module):
    def forward(self, x):
        return x - x.mean(dim=0)

class Scale(nn.Module):
    def forward(self, x):
        return x / (1 + x.abs().amax(dim=0))

class BatchNormFree(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.full((width,), 0.7))
    def forward(self, x):
        return torch.tanh(x) * self.gain

class Choose(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query = nn.Linear(width, width)
    def forward(self, x):
        return x * torch.softmax(self.query(x), dim=0)

class Skip(nn.Module):
    def forward(self, x):
        return x * (torch.rand(()) + 0.5)

class Blur(nn.Module):
    def forward(self, x):
        return x + torch.randn(x.shape[1])

class Calm(nn.Module):
    def forward(self, x):
        if x.requires_grad:
            x.register_hook(lambda gradient: gradient / (0.1 + gradient.norm()))
        return x * 1

def frozen(width):
    norm = nn.BatchNorm1d(width)
    with torch.no_grad():
        norm.running_mean += torch.randn(width)
        norm.running_var *= 2
    return norm.eval()

def make_cases(seed, rows):
    torch.manual_seed(seed)
    width = 6
    middles = {
        "a plain network": (nn.Tanh(), True), "layer normalisation": (nn.LayerNorm(width), True), "group normalisation": (nn.GroupNorm(2, width), True),
        "batch normalisation": (nn.BatchNorm1d(width), False), "batch normalisation that is frozen (in eval mode)": (frozen(width), True),
        "a layer of the team's that subtracts the batch's mean": (Tidy(), False), "a layer of the team's that divides by the batch's largest": (Scale(), False),
        "a layer of the team's that is called BatchNormFree": (BatchNormFree(width), True), "a softmax over the batch instead of over the features": (Choose(width), False),
        "dropout": (nn.Dropout(0.4), False), "dropout with probability 0": (nn.Dropout(0.0), True),
        "a layer of the team's that multiplies the batch by a random number": (Skip(), False),
        "a layer of the team's that adds the same random numbers to every row": (Blur(), False),
        "a layer of the team's that keeps the batch's gradient short in the backward pass": (Calm(), False),
        "batch normalisation without running numbers, deep inside": (nn.Sequential(nn.Sequential(nn.BatchNorm1d(width, affine=False, track_running_stats=False))), False),
    }
    for name, (middle, truth) in middles.items():
        model = nn.Sequential(nn.Linear(4, width), middle, nn.Linear(width, 1)).double()
        yield name, truth, model, torch.randn(rows, 4, dtype=torch.float64), torch.randn(rows, 1, dtype=torch.float64)
"""


# Exercise 7: scaling


def draw_scaling(rng, counts, growing=False, epochs=8):
    """Return a table of measured epochs, and a function from (workers, samples) to the seconds that such an epoch takes in truth."""
    each, serial = float(rng.uniform(0.002, 0.02)), float(rng.uniform(0.06, 0.3))

    def truth(workers, samples):
        return samples * each * (serial + (1 - serial) / workers)

    rows, base = [], int(rng.integers(8, 30)) * 1000
    for workers in counts:
        samples = base * workers if growing else base
        disturbed = int(rng.integers(2, epochs - 1))
        for epoch in range(epochs):
            seconds = truth(workers, samples) * (1 + 0.004 * float(np.clip(rng.normal(), -2, 2)))
            if epoch == 0:
                seconds = seconds * 1.5 + 30
            if epoch == disturbed:
                seconds *= float(rng.uniform(1.4, 2.2))
            rows.append((workers, epoch, samples, round(seconds, 2)))
    return pd.DataFrame(rows, columns=["workers", "epoch", "samples", "seconds"]), truth


# Exercise 8: the night


def check_log(told, settings, what):
    """Raise AssertionError unless every epoch has learnt from each sample once, of what was kept."""
    for epoch in range(settings["epochs"]):
        ids = [number for at, _, numbers in told["kept"] if at == epoch for number in numbers]
        twice, lost = len(ids) - len(set(ids)), settings["samples"] - len(set(ids))
        assert not twice and not lost, (
            f"{what}: by the log, epoch {epoch} learnt from {twice} samples twice and never from {lost}, expected each of {settings['samples']} once. "
            "Where exactly does the second try begin, and was the last checkpoint made before or after that step?"
        )


__all__ = ["MODELS", "check_accumulation", "check_log", "check_sent", "check_training", "draw_accumulations", "draw_case", "draw_errors"]
__all__ += ["draw_parts", "draw_scaling", "fresh"]
