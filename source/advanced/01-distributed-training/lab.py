# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: advanced
#     minutes: 150
#     outcomes:
#     - Write a ring all-reduce, and account for every byte that each worker sends
#     - Prove that training on several workers equals training on one, and find what makes it differ
#     - Mend a Horovod job and a DDP job that learn something else than they should, and count what they send
#     - Predict from measured epochs what more workers bring, and decide how many to rent
#     - Resume a training whose worker was killed, with no sample twice and none lost
#     prerequisites:
#     - reproducibility
#     - training-pipelines
#     roadmap: Distributed training
#     roles:
#     - Production ML Engineer
#     - AI Platform Engineer
#     - MLOps Engineer
#     slug: distributed-training
#     terms:
#       worker: "One of several processes that train a model together."
#       rank: "A worker's number among its fellows, from 0."
#       world size: "The number of workers that train together."
#       gloo: "The library through which PyTorch's workers on ordinary processors exchange numbers."
#       collective: "A call that all workers must make together, and in which they exchange data."
#       all-reduce: "A collective after which every worker has the sum, mean or largest of what all of them brought."
#       broadcast: "A collective after which every worker has what one of them brought."
#       torchrun: "PyTorch's launcher: it starts workers, tells each its rank, and starts them again when one fails."
#       ring all-reduce: "An all-reduce in which each worker sends pieces to its neighbour only, and none carries more than the others."
#       data-parallel: "Said of a training in which each worker has the whole model and a share of every batch."
#       shard: "The share of the data that one worker learns from."
#       linear scaling rule: "With a batch k times as large, take a learning rate k times as large."
#       DistributedDataParallel: "PyTorch's wrapper around a model, DDP for short, that averages gradients over workers during the backward pass."
#       gradient accumulation: "Adding up the gradients of several small batches before one step, as if they had been one large batch."
#       speed-up: "How many times faster several workers are than one."
#       Amdahl's law: "What part of a job cannot be shared limits how fast any number of workers can make it."
#       checkpoint: "A file from which a training can go on as if nothing had happened."
#       atomic: "Said of a change that has happened wholly or not at all, whoever looks, and whenever it is interrupted."
#       elastic training: "Training that goes on when workers are lost or come back."
#     title: Distributed training
#     tools:
#     - torch.distributed (gloo)
#     - DistributedDataParallel
#     - torchrun
#     - Horovod's API
# ---

# %% [markdown]
# # Distributed training
#
# ## Why this matters
#
# Monday 3 November 2025. The demand model of Metro Bikes, now for every station and every hour, trains for nine hours each night, and at six in the morning the vans want to know where to go. So Bo rented a second machine, and let both train. "Twice as fast", he wrote on Friday.
#
# It was. And on Saturday the vans went to the wrong places. The forecast was worse than that of one machine on Thursday. On Sunday night the second machine, a cheap one that may be taken away at any time, *was* taken away, in the middle of the training, and on Monday there was no model at all. Now Noor is asked to rent eight machines.
#
# "Before we rent anything", she says, "I want to know three things. Do two machines learn the same as one? How fast would eight be? And what happens when one dies?" None of the three is answered by running it and looking: wrong distributed training runs, its loss falls, and it says nothing.
#
# Today you answer them, with real processes that exchange real bytes.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `bos_job.py`, what ran in these nights: the functions that you mend in Exercises 1 to 7. `night.py` is the script of Exercise 8. Read them first.
# - `workers.py`, which starts workers, connects them and ends them, whatever happens.
# - `hvd.py`, Horovod's interface (Part 3), with `hvd_over_gloo.py` behind it.
# - `reference.py`, the same training on one worker, and `night_shift.py`, for the last part.
# - `scaling.csv`, epochs that Cy measured on machines like those that Noor may rent.
#
# Each exercise stands alone. Most of your functions will run on several workers at once, in processes of their own: so they must not need anything that only one of them has.
#
# The cell below imports what you need. The functions in it are what the tests use; you need not read them.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import io
import json
import shutil
import time
from contextlib import nullcontext
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.distributed as dist
from IPython.display import Image
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import bos_job
from night_shift import history, launch, why_torn
from reference import at_once, draw_case, draw_small_steps, on_ddp, on_one_worker, on_workers
from workers import ring_in_processes, run_ring, run_workers

torch.set_num_threads(1)
started = time.time()
measured = pd.read_csv("scaling.csv")


def errors_on_workers(cases):
    """Return, for each case, what city_error returns on each of its workers, which have the case's errors."""
    from workers import run_workers

    def work(rank, size):
        return [[float(number) for number in city_error(torch.tensor(case[rank], dtype=torch.float32))] for case in cases]

    return list(zip(*run_workers(work, len(cases[0])), strict=True))


def ring_on(parts):
    """Return what ring_all_reduce returns on each worker of a ring, the bytes that each sent to each, and each one's longest array."""
    from workers import run_ring

    return run_ring(ring_all_reduce, parts)


def train_on(case):
    """Return the weights that train leaves on each of the case's workers."""
    from reference import on_workers

    return on_workers(train, case)


def accumulate_on(cases):
    """Return what accumulate did on each worker, for each case."""
    from reference import on_ddp

    return on_ddp(accumulate, cases)


def try_models(models):
    """Return, for each (model, X, y), what splits_cleanly says, and what it left changed."""
    import copy

    said = []
    for model, X, y in models:
        before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
        modes = [layer.training for layer in model.modules()]
        answer = splits_cleanly(model, X, y)
        after = model.state_dict()
        changed = [f"its {name}" for name in before if not torch.equal(before[name], after[name])]
        changed += ["its gradients"] if any(parameter.grad is not None for parameter in model.parameters()) else []
        changed += ["the mode of a layer"] if modes != [layer.training for layer in model.modules()] else []
        changed += ["the state of PyTorch's random numbers"] if not torch.equal(state, torch.get_rng_state()) else []
        said.append((bool(answer), changed))
    return said


def try_models_of(source, seed, rows):
    """Do what try_models does, for models that a program makes. Return also their names and the truth."""
    scope = {}
    exec(source, scope)
    cases = list(scope["make_cases"](seed, rows))
    said = try_models([(model, X, y) for _, _, model, X, y in cases])
    return [(name, truth, *what) for (name, truth, *_), what in zip(cases, said, strict=True)]


def nights(launches):
    """Run resumable.py in a folder of its own for each list of launches. Return what became of each night."""
    import json
    import shutil
    import tempfile
    from pathlib import Path

    from night_shift import history, launch, stop_half_way, why_torn

    told = []
    for each in launches:
        folder = Path(tempfile.mkdtemp(prefix="night-"))
        try:
            for number, settings in enumerate(each):
                halved = bool(number) and stop_half_way(folder)
                ended, said = launch("resumable.py", folder, **settings)
            kept, begins = history(folder)
            final = folder / "final.json"
            told.append(
                {
                    "ended": ended,
                    "halved": halved,
                    "why": "" if ended else why_torn(said),
                    "kept": [(epoch, step, ids) for (epoch, step), ids in sorted(kept.items())],
                    "begins": [list(begin) for _, begin in begins],
                    "final": json.loads(final.read_text()) if final.exists() else None,
                }
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return told


print(f"PyTorch {torch.__version__}; {len(measured)} measured epochs")

# %% [markdown]
# ## Part 1 · Workers, and what they do together
#
# A **worker** is a process that trains together with others. Each has a number, its **rank**, from 0, and knows how many there are, the **world size**. They share no memory. Where they need each other's numbers they make a **collective** call: all workers make it, and it returns when they have exchanged what it takes. On ordinary processors PyTorch does that by a library called **gloo**.
#
# The launcher that you would use at work is **torchrun**. It starts the workers and tells each its rank. Here it is, once, for real. (`--standalone` means: all workers are on this machine. Three processes import PyTorch, so it takes some seconds.)

# %%
Path("hello.py").write_text(
    """
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
trips = torch.tensor([100.0 * (rank + 1)])
dist.all_reduce(trips)  # the sum of all workers' tensors, in place, on every worker
first = torch.tensor([7.0 + rank])
dist.broadcast(first, src=0)  # worker 0's tensor, on every worker
line = f"worker {rank} of {dist.get_world_size()}: all-reduce {trips.item():.0f}, broadcast {first.item():.0f}"
print(line + "\\n", end="")  # text and new line in one piece: both workers write into the same file
dist.destroy_process_group()
""".lstrip()
)
ended, said = launch("hello.py", "hello", program=True, seconds=80)
print("torchrun --standalone --nproc-per-node=2 hello.py")
print(*sorted(line for line in said.splitlines() if line.startswith("worker")), sep="\n")
shutil.rmtree("hello")
Path("hello.py").unlink()

# %% [markdown]
# An **all-reduce** leaves on every worker the sum (or the largest, `op=dist.ReduceOp.MAX`) of what all of them brought. A *reduce* leaves it on one worker only. A **broadcast** gives everybody what one of them has.
#
# In this notebook `run_workers` does the same in a fraction of a second: it copies this process, where PyTorch is there already, and connects the copies.


# %%
def example(rank, size):
    mine = torch.arange(3.0) * (rank + 1)
    dist.all_reduce(mine)
    return mine.tolist()


print(run_workers(example, 2))

# %% [markdown]
# What if not all of them call? Then the others wait. Nothing crashes, no processor is busy, and at work the job stands there until somebody looks, or until a time limit of ten or thirty minutes. `run_workers` is less patient:


# %%
def impatient(rank, size):
    if rank == 0:
        dist.all_reduce(torch.ones(1))


try:
    run_workers(impatient, 2)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ### Exercise 1 — The error of the whole city
# *Difficulty ●○○ · about 10 minutes*
#
# After each epoch Bo's job says how far the forecast is off in the whole city. Each worker has the absolute errors of its own hours, in trips. On Saturday the job said 5.9 trips; measured on one machine it was 8.1. On Sunday it said nothing more at all: there was a worker without hours.
#
# Look at `city_error` in `bos_job.py`, and write it anew: it gets this worker's `errors` (a tensor, one number for each hour, possibly none), and returns the mean of the errors of *all* hours of all workers, and the largest of them, on every worker.
#
# Done means: both numbers are right on every worker, with unequal numbers of hours, and with a worker that has none (not all have none).
#
# <details><summary>Hint 1</summary>Two workers have 10 and 1000 hours. What does the mean of their two means say? Which two numbers would a worker have to tell so that the others could compute the true mean?</details>
# <details><summary>Hint 2</summary>Means cannot be added up, sums and counts can. The largest needs a call of its own, with another <code>op</code>; what can a worker without hours bring to it that changes nothing?</details>


# %% nbgrader={"grade": false, "grade_id": "city-error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def city_error(errors):
    """Return the mean of all workers' errors, and the largest, in trips. `errors` are this worker's."""
    ### BEGIN SOLUTION
    sums = torch.tensor([errors.double().sum(), len(errors)], dtype=torch.float64)
    dist.all_reduce(sums)
    largest = errors.double().max() if len(errors) else torch.tensor(0.0, dtype=torch.float64)
    dist.all_reduce(largest, op=dist.ReduceOp.MAX)
    return (sums[0] / sums[1]).item(), largest.item()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-city-error", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
rng = np.random.default_rng(3)
hours = [[rng.exponential(5, 40), rng.exponential(9, 300)], [rng.exponential(30, 60), rng.exponential(2, 60)]]
for parts, said in zip(hours, errors_on_workers(hours), strict=True):
    everything = np.concatenate(parts)
    for rank, (mean, largest) in enumerate(said):
        assert np.isclose(mean, everything.mean(), rtol=1e-4), (
            f"Workers with {len(parts[0])} and {len(parts[1])} hours: worker {rank} says that the mean error is {mean:.3f} trips, expected {everything.mean():.3f}. "
            "Does an hour count as much on one worker as on the other?"
        )
        assert np.isclose(largest, everything.max(), rtol=1e-4), (
            f"Worker {rank} says that the largest error is {largest:.2f} trips, expected {everything.max():.2f}: the largest of all hours, on every worker."
        )

# %% nbgrader={"grade": true, "grade_id": "judge-city-error", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: city_error on two workers with very unequal numbers of hours, or none on one of them.
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import draw_errors

drawn = draw_errors(fresh(1))
try:
    heard = errors_on_workers(drawn)
except Exception as error:
    raise AssertionError(f"Two workers with other numbers of hours, at times none: {error}") from None
for sides, answers in zip(drawn, heard, strict=True):
    together = np.concatenate(sides)
    for number, (average, most) in enumerate(answers):
        counts = f"Workers with {len(sides[0])} and {len(sides[1])} hours"
        assert abs(average - together.mean()) < 1e-4 * together.mean(), (
            f"{counts}: worker {number} says a mean error of {average:.4f} trips, expected {together.mean():.4f}."
        )
        assert abs(most - together.max()) < 1e-4 * together.max(), (
            f"{counts}: worker {number} says a largest error of {most:.4f} trips, expected {together.max():.4f}."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · Where the bytes go
#
# In training, workers all-reduce their gradients after every batch: as many numbers as the model has weights. How they do it decides whether the second machine helps or hinders. Bo tried two ways, both in `bos_job.py`. `send(array, to)` and `receive(sender)` are all that they use; `run_ring` counts the bytes.


# %%
def most_sent(way, size, length=840):
    """Return the bytes that the busiest worker sends, in multiples of the array's own."""
    _, sent, _ = run_ring(way, [np.ones(length) for _ in range(size)])
    return max(map(sum, sent)) / (8 * length)


for size in (2, 4, 8):
    print(
        f"{size} workers: collector {most_sent(bos_job.sum_by_collector, size):.2f}, passing on {most_sent(bos_job.sum_by_passing_on, size):.2f}"
    )

# %% [markdown]
# Either way the busiest worker sends the whole array n − 1 times. With eight machines and a model of 400 MB that is 2.8 GB for each batch.
#
# A **ring all-reduce** does better. The workers stand in a ring, and each sends to its right-hand neighbour only. The array is cut into n pieces. First, in n − 1 rounds, sums are collected: in each round every worker sends *one piece* on, and adds the piece that it gets to its own. After that each worker has one piece that is complete, a different one each. In n − 1 more rounds the complete pieces travel round once. So each worker sends 2(n − 1) pieces of 1/n: less than two arrays, *however many workers there are*. That is the idea on which Horovod was built.

# %% [markdown]
# ### Exercise 2 — The ring
# *Difficulty ●●● · about 24 minutes*
#
# Write `ring_all_reduce(values, rank, size, send, receive)`. It returns the sum of all workers' arrays, on every worker. All arrays have the same length, which need not be a multiple of the number of workers, and may be smaller.
#
# - It sends to the right-hand neighbour only: to worker rank + 1, and from the last one to worker 0.
# - No worker sends more than 2(n − 1) pieces, and no piece is longer than the length divided by n, rounded up. (Each round takes as long as its longest piece.)
# - The result is of the type of `values` (`float32` stays `float32`) and is *exactly* the same on all workers; `values` itself stays as it is.
#
# `send` does not wait, `receive` does. `send` takes one-dimensional arrays, also empty ones.
#
# Done means: sums, bytes, pieces and neighbours are right for 2 to 8 workers.
#
# <details><summary>Hint 1</summary>Draw three workers and three pieces on paper. In round 0 worker r sends piece r. Which piece arrives at worker r then, and so which one should it send in round 1? Which piece is complete on worker r after n − 1 rounds?</details>
# <details><summary>Hint 2</summary>Cut a <em>copy</em> into n pieces whose lengths differ by at most one number (NumPy can, also where the length is no multiple of n). One rule holds in every round of both phases: a worker sends on what it has just received. What differs is what it does with a piece that arrives: in one phase the piece is still growing, in the other it is complete. Numbers of pieces are modulo n.</details>


# %% nbgrader={"grade": false, "grade_id": "ring", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ring_all_reduce(values, rank, size, send, receive):
    """Return the sum of all workers' arrays: in pieces, by the right-hand neighbour only."""
    ### BEGIN SOLUTION
    total = np.array(values)
    pieces = np.array_split(total, size)
    right, left = (rank + 1) % size, (rank - 1) % size
    for turn in range(size - 1):
        send(pieces[(rank - turn) % size], right)
        pieces[(rank - turn - 1) % size] += receive(left)
    for turn in range(size - 1):
        send(pieces[(rank + 1 - turn) % size], right)
        pieces[(rank - turn) % size][:] = receive(left)
    return total
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-ring", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
rng = np.random.default_rng(5)
for size, length in [(3, 12), (2, 10), (4, 20)]:
    parts = [rng.integers(-99, 99, length).astype(float) for _ in range(size)]
    kept = [part.copy() for part in parts]
    sums, sent, longest = ring_on(parts)
    assert all(map(np.array_equal, parts, kept)), "ring_all_reduce changes the array that it is given: work on a copy."
    for rank in range(size):
        assert np.array_equal(sums[rank], sum(kept)), (
            f"{size} workers, {length} numbers: worker {rank} returns {np.round(sums[rank], 3)}, expected {sum(kept)}. Which pieces are wrong, and who added to them last?"
        )
        right = (rank + 1) % size
        assert sum(sent[rank]) == sent[rank][right], (
            f"{size} workers: worker {rank} sent to others than worker {right}, its right-hand neighbour (bytes to each: {sent[rank]})."
        )
        assert longest[rank] <= -(-length // size), (
            f"{size} workers, {length} numbers: worker {rank} sent a piece of {longest[rank]} numbers, expected at most {-(-length // size)} in a piece."
        )
        limit = 2 * (size - 1) * -(-length // size) * 8
        assert sum(sent[rank]) <= limit, (
            f"{size} workers, {length} numbers: worker {rank} sent {sum(sent[rank])} bytes, expected at most {limit}: 2(n − 1) pieces of a n-th."
        )
in_processes = ring_in_processes(ring_all_reduce, [np.arange(6.0), np.ones(6)])
assert all(np.array_equal(each, np.arange(6.0) + 1) for each in in_processes), (
    f"In two processes ring_all_reduce returns {in_processes}, expected {np.arange(6.0) + 1}."
)

# %% nbgrader={"grade": true, "grade_id": "judge-ring", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the sums on 2 to 8 workers, of lengths that n does not divide or that are smaller than n, and of other types.
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import draw_parts

rng = fresh(2)
for workers, amount, kind in [
    (5, int(rng.integers(6, 9)), "float64"),
    (8, int(rng.integers(2, 7)), "float64"),
    (3, 100, "float32"),
    (6, 61, "int64"),
    (2, 1, "float64"),
]:
    given = draw_parts(rng, workers, amount, kind)
    if kind == "float32":
        given = [part * np.float32(0.1) for part in given]
    about, expected = f"{workers} workers, {amount} numbers of the type {kind}", np.sum(given, axis=0)
    try:
        returned, _, _ = ring_on(given)
    except Exception as error:
        raise AssertionError(f"{about}: {error}") from None
    for number, result in enumerate(returned):
        result = np.asarray(result)
        assert result.dtype == kind, f"{about}: worker {number} returns numbers of the type {result.dtype}."
        assert result.shape == (amount,) and np.allclose(result, expected, rtol=1e-4, atol=1e-2), (
            f"{about}: worker {number} returns another array than the sum."
        )
        assert np.array_equal(result, returned[0]), (
            f"{about}: workers 0 and {number} return sums that differ in their last digits. Numbers added in another order give another sum: each piece is completed by one worker, and all others take it from there."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-ring-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the bytes that each worker sends to each, and its longest piece, on 2 to 8 workers.
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import draw_parts

rng = fresh(3)
for workers in (2, 4, 7, 8):
    amount = int(rng.integers(12, 20)) * workers + workers - 1
    drawn = draw_parts(rng, workers, amount)
    expected = np.sum(drawn, axis=0)
    try:
        returned, traffic, pieces = ring_on(drawn)
    except Exception as error:
        raise AssertionError(f"{workers} workers, {amount} numbers: {error}") from None
    assert all(np.array_equal(result, expected) for result in returned), (
        f"{workers} workers, {amount} numbers: not all workers return the sum, so the bytes are not counted."
    )
    for number, row in enumerate(traffic):
        most = 2 * (workers - 1) * -(-amount // workers) * 8
        assert row[(number + 1) % workers] == sum(row), (
            f"{workers} workers: worker {number} also sent to others than its right-hand neighbour (bytes to each: {row})."
        )
        assert pieces[number] <= -(-amount // workers), (
            f"{workers} workers, {amount} numbers: worker {number} sent a piece of {pieces[number]} numbers, expected at most {-(-amount // workers)}. "
            "All wait for the longest piece in every round: where does the rest go when n does not divide the length?"
        )
        assert sum(row) <= most, f"{workers} workers, {amount} numbers: worker {number} sent {sum(row)} bytes, expected at most {most}."
        assert sum(row) > 0, f"{workers} workers: worker {number} sent nothing."
### END HIDDEN TESTS

# %% [markdown]
# The three ways in a picture, with the bytes that were counted:

# %% tags=["uses-answers"]
fig, axes = plt.subplots(figsize=(7, 3.6))
ns = range(2, 9)
ways = [
    ("by a collector", bos_job.sum_by_collector, "s:", 11),
    ("passed on whole", bos_job.sum_by_passing_on, "o--", 5),
    ("your ring", ring_all_reduce, "d-", 5),
]
for name, way, style, ms in ways:
    axes.plot(ns, [most_sent(way, n) for n in ns], style, ms=ms, mfc="none" if ms > 5 else None, label=name)
axes.set(xlabel="workers", ylabel="sent by the busiest worker\n(multiples of the array)", ylim=(0, None), title="What an all-reduce costs")
axes.legend()
fig.tight_layout()
picture = io.BytesIO()
fig.savefig(picture, dpi=100)
plt.close(fig)
Image(
    picture.getvalue(),
    alt="Lines over 2 to 8 workers: by a collector (open squares) and passed on whole (dots within them), the busiest worker sends 1 to 7 times the array, one more with each worker. In your ring it sends between 1 and 1.75 times the array, and the line flattens below 2.",
)

# %% [markdown]
# ## Part 3 · The same as one
#
# In **data-parallel** training each worker has the whole model. It takes its share of every batch, computes gradients from that, the workers average their gradients, and each makes the same step. So all models stay equal. And there is a statement that can be *tested*: k workers with batches of b do exactly what one worker does with batches of k·b. Not nearly: up to rounding, and a millionth is the limit that we set. What differs by more is a mistake, however well the loss falls.
#
# It starts with who learns from what. The data that a worker learns from is its **shard**. PyTorch's `DistributedSampler` deals them out:

# %%
from torch.utils.data import DistributedSampler

for rank in range(4):
    print(rank, list(DistributedSampler(range(10), num_replicas=4, rank=rank, shuffle=True, seed=1)))

# %% [markdown]
# Ten samples, four workers, three each: two samples come twice, so that all have the same number. (`drop_last=True` loses two instead.) And it deals the same cards in each epoch, unless somebody calls `set_epoch(epoch)`, which is forgotten all the time.
#
# ### Exercise 3 — Who learns from what
# *Difficulty ●●○ · about 12 minutes*
#
# Bo's `batches` in `bos_job.py` does worse. His workers each shuffled with random numbers of their own: some hours were learnt from twice, and some, among them the whole Friday rush hour, by nobody.
#
# Write `batches(samples, batch, rank, size, epoch, seed)`. It returns this worker's batches of the epoch: a list with an item for every step, a list of the numbers (0 to samples − 1) of its samples.
#
# - In each epoch all workers together learn from every sample exactly once.
# - Every worker has the same number of steps: a step is a collective. In each step but the last every worker has `batch` samples. In the last step the rest is shared out, and workers differ by at most one sample. Some may have none, an empty list.
# - *Any number of workers makes the same steps.* What 2 workers with batches of 32 have together in a step, one worker with batches of 64 has in the same step.
# - The samples are shuffled anew in each epoch, and otherwise for another seed. The same arguments always give the same batches, in whichever process.
#
# Done means: these four, for any numbers.
#
# <details><summary>Hint 1</summary>All workers must shuffle alike without talking to each other. What do they all know? And first think of the steps of <em>one</em> worker with the whole batch; then deal each step out.</details>
# <details><summary>Hint 2</summary>Use a generator of random numbers that is yours alone, and seed it from all that the order may depend on, and from nothing else: which of the six arguments are that? (Take care that two different nights do not meet in one seed: what is 0 times anything?) For shares that differ by at most one, think of cards that are dealt round a table.</details>


# %% nbgrader={"grade": false, "grade_id": "batches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batches(samples, batch, rank, size, epoch, seed):
    """Return this worker's batches of an epoch: for each step a list of its samples' numbers."""
    ### BEGIN SOLUTION
    order = np.random.default_rng([seed, epoch]).permutation(samples).tolist()
    together = size * batch
    return [order[first : first + together][rank::size] for first in range(0, samples, together)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-batches", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
dealt = [batches(100, 8, rank, 2, 0, 1) for rank in range(2)]
assert all(list(map(len, worker)) == [8] * 6 + [2] for worker in dealt), (
    f"100 samples, two workers with batches of 8: the batches have the sizes {[list(map(len, worker)) for worker in dealt]}, expected six of 8 and one of 2 on each worker."
)
everyone = sorted(int(number) for worker in dealt for step in worker for number in step)
assert everyone == list(range(100)), (
    f"100 samples, two workers: {100 - len(set(everyone))} samples are learnt from by nobody, and {len(everyone) - len(set(everyone))} more than once. Do the workers deal from the same shuffled deck?"
)
assert dealt == [batches(100, 8, rank, 2, 0, 1) for rank in range(2)], (
    "The same arguments give other batches when they are asked for again: each process would have a deck of its own."
)

# %% nbgrader={"grade": true, "grade_id": "judge-batches", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: batches for other numbers of samples and workers: every sample once, the steps of one worker, other epochs and seeds, last steps that are short.
### BEGIN HIDDEN TESTS
from judgekit import fresh

rng = fresh(4)
for workers, each in [(3, 7), (4, 5), (8, 3), (5, 1)]:
    amount, seed = int(rng.integers(3, 9)) * workers * each + int(rng.integers(1, workers)), int(rng.integers(1000))
    about = f"{amount} samples, {workers} workers with batches of {each}"
    try:
        shares = [
            [[int(number) for number in step] for step in batches(amount, each, number, workers, 2, seed)] for number in range(workers)
        ]
        alone = [sorted(map(int, step)) for step in batches(amount, each * workers, 0, 1, 2, seed)]
        later = [list(map(int, step)) for step in batches(amount, each, 0, workers, 3, seed)]
        other = [list(map(int, step)) for step in batches(amount, each, 0, workers, 2, seed + 1)]
        begun = [
            [[int(number) for step in batches(amount, each * workers, 0, 1, epoch, start) for number in step] for epoch in (0, 1)]
            for start in (0, seed + 1, seed + 2)
        ]
    except Exception as error:
        raise AssertionError(f"{about}: batches stopped with {type(error).__name__}: {error}") from None
    lengths = {len(worker) for worker in shares}
    assert len(lengths) == 1, (
        f"{about}: the workers have {sorted(lengths)} steps. All must have the same number, or those with more wait for ever."
    )
    flat = sorted(number for worker in shares for step in worker for number in step)
    assert flat == list(range(amount)), (
        f"{about}: {amount - len(set(flat))} samples come never, and {len(flat) - len(set(flat))} too often, expected each exactly once."
    )
    full, last = {len(step) for worker in shares for step in worker[:-1]}, [len(worker[-1]) for worker in shares]
    assert full <= {each}, f"{about}: before the last step there are batches with {sorted(full)} samples, expected {each}."
    assert max(last) - min(last) <= 1, (
        f"{about}: in the last step the workers have {last} samples, expected shares that differ by at most one."
    )
    steps = [sorted(number for share in step for number in share) for step in zip(*shares, strict=True)]
    assert steps == alone, (
        f"{about}: the workers together do not learn in each step from what one worker with batches of {each * workers} learns from."
    )
    assert later != shares[0], (
        f"{about}: epoch 3 has the same batches as epoch 2. A model that always sees the same neighbours learns from fewer batches than you think."
    )
    assert other != shares[0], f"{about}: another seed gives the same batches."
    assert len({tuple(night[0]) for night in begun}) == 3, f"{about}: in epoch 0 another seed gives the same batches."
    assert all(first != second for first, second in begun), f"{about}: with the seed 0, or another, epochs 0 and 1 have the same batches."
### END HIDDEN TESTS

# %% [markdown]
# **Horovod** is the library that made this popular. One adds a few lines to a training for one machine. They are still what you meet in many companies, and PyTorch's own tools have the same ideas under other names:
#
# | line | what it does |
# |:--|:--|
# | `hvd.init()`, `hvd.rank()`, `hvd.size()` | join the workers; which one am I, how many are there |
# | `hvd.broadcast_parameters(model.state_dict(), root_rank=0)` | all begin with worker 0's weights |
# | `hvd.broadcast_optimizer_state(optimizer, root_rank=0)` | and with its momentum, and learning rate |
# | `hvd.DistributedOptimizer(optimizer, named_parameters=…)` | before each step gradients are averaged (`op=hvd.Average`; `hvd.Sum` adds them up). It makes a *new* optimizer, without the momentum of the one that you give it |
# | `hvd.broadcast_object(thing, root_rank=0, name="thing")` | worker 0's object, on every worker; the name must be the same on all |
# | `hvd.allreduce(tensor, op=…)` | the average (`hvd.Average`, if you say nothing else), `hvd.Sum`, `hvd.Min` or `hvd.Max` of all workers' tensors. An average of *whole* numbers is rounded down |
#
# `hvd.py` here is **not Horovod**, but a layer of 150 lines with its names and meanings over gloo; read `hvd_over_gloo.py` to see how little there is to it, and what it lacks. If the real one is installed (in this course by `make horovod`), start JupyterLab with `LAB_HOROVOD=horovod` in its environment: then everything here runs on that.


# %%
def horovod_example(rank, size):
    import hvd

    hvd.init()
    mine = torch.tensor([1.0, 10.0]) * (hvd.rank() + 1)
    return hvd.allreduce(mine, name="mine").tolist(), hvd.allreduce(mine, op=hvd.Sum, name="again").tolist()


print(run_workers(horovod_example, 2)[0])

# %% [markdown]
# One more thing changes with k workers: a step now has k times as many samples, so there are only 1/k as many steps in an epoch. If the learning rate stays, the model learns 1/k as much. The **linear scaling rule** says: *with a batch k times as large, take a learning rate k times as large.* It holds as long as steps are small; that is why large jobs begin with a few epochs of a lower rate, the *warm-up*.
#
# ### Exercise 4 — Bo's Horovod job
# *Difficulty ●●● · about 22 minutes*
#
# `train` in `bos_job.py` runs, and its loss falls. It is full of mistakes. Mend it: `train(hvd, model, X, y, steps, rate, start=None)` trains the model with stochastic gradient descent and momentum 0.9, and returns it.
#
# - `model` was made on each worker on its own. What counts is worker 0's.
# - `steps` are this worker's batches, as in Exercise 3: in the last step of an epoch workers may have unequal numbers of samples, or none. A worker has only its own samples: the rows of `X` and `y` that are in none of its steps are filled with NaN (not a number).
# - `rate` is the learning rate that is right for *one* worker's batch, for this night. Keep to the linear scaling rule.
# - `start` is what worker 0 found in its checkpoint of last night, `{"model": …, "optimizer": …}`, or `None`; the others always get `None`. If there is one, training goes on from there, momentum included, but with tonight's rate.
# - The loss is the mean squared error over *all* samples of a step.
#
# Use of `hvd` what you like. Done means: the weights on all workers are, to a millionth, those of one worker with all samples (`on_one_worker` in `reference.py`).
#
# <details><summary>Hint 1</summary>Take one thing at a time, and compare after each: <code>on_workers(train, draw_case(1, 2, 8, 64))</code> gives both workers' weights. Are they equal to each other? If not, what did the workers begin with? If they are equal but wrong, is a step too long or too short, and by which factor?</details>
# <details><summary>Hint 2</summary>The order matters: first wrap the optimizer, then load what worker 0 alone has, then tell the others, and set what holds for tonight. Loading an optimizer's state brings its old learning rate along: <code>optimizer.param_groups</code> has it. As to the last step: the mean of means is not the mean. If every worker divided its <em>sum</em> by the same number, which number would make the average over workers right? <code>hvd.allreduce</code> can tell how many samples all have together.</details>


# %% nbgrader={"grade": false, "grade_id": "train", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train(hvd, model, X, y, steps, rate, start=None):
    """Train the model on this worker's samples, step by step, as one worker with all of them would, and return it."""
    ### BEGIN SOLUTION
    sgd = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    sgd = hvd.DistributedOptimizer(sgd, named_parameters=model.named_parameters())
    if start:
        for part, name in [(model, "model"), (sgd, "optimizer")]:
            part.load_state_dict(start[name])
    sgd.param_groups[0]["lr"] = rate * hvd.size()
    hvd.broadcast_parameters(model.state_dict(), 0)
    hvd.broadcast_optimizer_state(sgd, 0)
    for mine in steps:
        mean_count = hvd.allreduce(torch.tensor([float(len(mine))]), name="count").item()
        sgd.zero_grad()
        (((model(X[mine]) - y[mine]) ** 2).sum() / mean_count).backward()
        sgd.step()
    return model
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-train", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
plain = draw_case(seed=11, size=2, batch=8, samples=64)
weights, truth = np.array(train_on(plain)), np.array(on_one_worker(plain))
apart, off = np.abs(weights[0] - weights[1]).max(), np.abs(weights - truth).max()
assert np.isfinite(weights).all(), (
    "Four steps on two workers: there are weights that are no numbers (NaN). Does a worker learn from rows of X that it does not have?"
)
assert apart <= 1e-6, f"Four steps on two workers: afterwards their weights differ by up to {apart:.2g}. With what did each begin?"
assert off <= 1e-6, (
    f"Four steps on two workers: their weights are equal, but up to {off:.2g} away from those of one worker with all samples. "
    "What happens to the two gradients, and which learning rate goes with a step of twice as many samples?"
)
resumed = draw_case(seed=12, size=2, batch=8, samples=64, start=True)
weights, truth = np.array(train_on(resumed)), np.array(on_one_worker(resumed))
apart, off = np.abs(weights[0] - weights[1]).max(), np.abs(weights - truth).max()
assert apart <= 1e-6, (
    f"Four steps from a checkpoint that only worker 0 has: the workers' weights differ by up to {apart:.2g}. Who knows of the checkpoint, and who of its momentum?"
)
assert off <= 1e-6, (
    f"Four steps from a checkpoint: the workers' weights are up to {off:.2g} away from those of one worker. Which learning rate has the optimizer, once it has loaded its state, and where is its momentum, once it is wrapped?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-train", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: train on two workers, from other weights and from a checkpoint, compared with one worker.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import check_training, draw_case

rng = fresh(5)
for begun in (False, True):
    drawn = draw_case(
        int(rng.integers(10**6)),
        2,
        int(rng.integers(4, 9)),
        48 + 2 * int(rng.integers(8)),
        rate=float(rng.uniform(0.005, 0.02)),
        start=begun,
    )
    drawn["steps"] = [
        [ids for ids, others in zip(*pair, strict=True) if len(ids) == len(others)] for pair in [drawn["steps"], drawn["steps"][::-1]]
    ]
    what = "Two workers" + (", from a checkpoint that worker 0 has" if begun else "")
    try:
        learnt = train_on(drawn)
    except Exception as error:
        raise AssertionError(f"{what}: {error}") from None
    check_training(learnt, drawn, what)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-train-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: train where workers have unequal numbers of samples in the last step, or one has none; and on a single worker.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import check_training, draw_case

rng = fresh(6)
for count, each, amount, what in [
    (2, 6, 12 * int(rng.integers(3, 6)) + 5, "Two workers, of which one has a sample less in the last step"),
    (2, 6, 12 * int(rng.integers(3, 6)) + 1, "Two workers, of which one has no sample in the last step"),
    (1, 6, 6 * int(rng.integers(4, 9)) + 4, "A single worker, with a short last step"),
]:
    drawn = draw_case(int(rng.integers(10**6)), count, each, amount, epochs=2, rate=float(rng.uniform(0.005, 0.02)))
    try:
        learnt = train_on(drawn)
    except Exception as error:
        raise AssertionError(f"{what}: {error}") from None
    check_training(learnt, drawn, what)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · PyTorch's own way
#
# PyTorch's own way is **DistributedDataParallel**, *DDP* for short: a wrapper around the model, and what most new code uses. It broadcasts worker 0's weights when it is made, and averages gradients in *every* backward pass. The gradient of one batch of 12, on one worker and on two with 6 samples each:


# %%
def gradient(model, X, y):
    model.zero_grad()
    ((model(X) - y) ** 2).mean().backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).numpy()


def gradient_on_ddp(rank, size, model, X, y):
    return gradient(DistributedDataParallel(model), X[rank::size], y[rank::size])


def compare(middle):
    """Return by how much the gradients of a model with this layer differ between one worker and two."""
    torch.manual_seed(4)
    X, y = torch.randn(12, 4, dtype=torch.float64), torch.randn(12, 1, dtype=torch.float64)
    model = nn.Sequential(nn.Linear(4, 6), middle, nn.Linear(6, 1)).double()
    alone = gradient(model, X, y)
    return np.abs(run_workers(gradient_on_ddp, 2, model, X, y)[0] - alone).max()


print(f"a plain model: gradients differ by up to {compare(nn.Tanh()):.2g}")

# %% [markdown]
# The machine that Bo rented has little memory: a forward pass keeps what the backward pass will need, and that is too much for a whole batch. The usual way out is **gradient accumulation**: the batch is cut into small ones, each makes its forward and backward pass, and their gradients are added up before *one* step of the optimizer. (`backward()` always adds to the gradients that are there, until `zero_grad()`.) The model learns the same, in less memory.
#
# But DDP knows nothing of that, and sends in every backward pass. So it has a block, `with model.no_sync():`, within which gradients only add up on this worker. The first forward and backward pass after the block sends what has been added up.
#
# ### Exercise 5 — A large batch in little memory
# *Difficulty ●●○ · about 15 minutes*
#
# Bo's `accumulate` in `bos_job.py` runs, and its loss falls. Yet the network was busy all night, steps were far too long, and what was left over at the end changed nothing.
#
# Write `accumulate(model, X, y, parts, every, rate)`. It trains `model`, which is wrapped in DDP already, with stochastic gradient descent and momentum 0.9.
#
# - `parts` are this worker's small batches. All workers have equally many, of the same lengths. The last one may be shorter than the others.
# - `every` so many small batches make one step of the optimizer. If fewer are left over at the end, these make the last step.
# - In a step the loss is the mean squared error over *all* samples of its small batches, on all workers. `rate` is the learning rate for that step as it is: here nothing is to be scaled.
# - At no time more than one small batch is between its forward and its backward pass.
# - Gradients travel once for each step of the optimizer. All-reduces are counted, and their bytes.
#
# As in Exercise 4, rows of `X` and `y` that other workers have are NaN. Done means: the weights on both workers are, to a millionth, those of one worker that takes each step with all samples at once (`on_one_worker(at_once(case))`), and no more bytes are sent than for one gradient in each step.
#
# <details><summary>Hint 1</summary>Forget the second worker at first. Four small batches of 8 make a step: if each <code>backward()</code> gets the mean over its 8 samples, how large is the sum of the four gradients, compared with that of the mean over 32? And what would a small batch of 3 samples count?</details>
# <details><summary>Hint 2</summary>It is easier to cut <code>parts</code> into groups first, of which the last may be short: then you know what each group divides by, and which of its small batches is the last one. That one must send, in the short group as well. If still too much is sent: the documentation of <code>no_sync</code> has a warning about the <em>forward</em> pass.</details>


# %% nbgrader={"grade": false, "grade_id": "accumulate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accumulate(model, X, y, parts, every, rate):
    """Train the model, which DDP wraps, on this worker's small batches: `every` so many make one step of the optimizer."""
    ### BEGIN SOLUTION
    sgd = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for first in range(0, len(parts), every):
        group = parts[first : first + every]
        count = sum(map(len, group))
        sgd.zero_grad()
        for number, small in enumerate(group, 1):
            with nullcontext() if number == len(group) else model.no_sync():
                (((model(X[small]) - y[small]) ** 2).sum() / count).backward()
        sgd.step()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-accumulate", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
case = draw_small_steps(seed=31, batch=8, samples=192, every=4)
[told] = accumulate_on([case])
weights, truth = np.array([worker["weights"] for worker in told]), np.array(on_one_worker(at_once(case)))
what = "Twelve small batches of 8, four to a step, on two workers"
assert np.isfinite(weights).all(), (
    f"{what}: there are weights that are no numbers (NaN). Does a worker learn from rows of X that it does not have?"
)
apart, off = np.abs(weights[0] - weights[1]).max(), np.abs(weights - truth).max()
assert apart <= 1e-6, f"{what}: the workers' weights differ by up to {apart:.2g}. Was there a step before the gradients had been sent?"
assert off <= 1e-6, (
    f"{what}: the workers' weights are equal, but up to {off:.2g} away from those of one worker with all samples at once. "
    "How much does each sample's error count in a step's gradient? Which rate goes with the step, and are the gradients of the step before gone?"
)
for worker in told:
    assert worker["held"] <= 8, (
        f"{what}: at one time {worker['held']} samples were between their forward and their backward pass, expected at most 8. That is what does not fit."
    )
    assert worker["bytes"] <= 3 * (8 * len(truth) + 64), (
        f"{what}: a worker sent {worker['bytes']} bytes in {worker['calls']} all-reduces, expected {3 * 8 * len(truth)}: the gradient of {len(truth)} numbers, once for each of three steps. "
        "Which small batches need not send? (DDP decides that in the forward pass.)"
    )

# %% nbgrader={"grade": true, "grade_id": "judge-accumulate", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the weights after other trainings by accumulate on two workers, also where the last small batch is shorter, or where small batches are left over for the last step.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import check_accumulation, draw_accumulations

drawn = draw_accumulations(fresh(11))
try:
    learnt = accumulate_on([training for _, training in drawn])
except Exception as error:
    raise AssertionError(f"Two workers, small batches in groups of other lengths: {error}") from None
for (about, training), workers in zip(drawn, learnt, strict=True):
    check_accumulation([worker["weights"] for worker in workers], training, about)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-accumulate-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the bytes that accumulate sends on two workers, and the samples that it holds at a time, where no small batch is left over and where some are.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import check_sent, draw_accumulations

drawn = draw_accumulations(fresh(12))[:2]
try:
    learnt = accumulate_on([training for _, training in drawn])
except Exception as error:
    raise AssertionError(f"Two workers, small batches in groups of other lengths: {error}") from None
for (about, training), workers in zip(drawn, learnt, strict=True):
    check_sent(workers, training, about)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · Models that cannot be split
#
# There are models for which all this is not enough. The same comparison as above, with *batch normalisation* in the middle:

# %%
print(f"a model with batch normalisation: gradients differ by up to {compare(nn.BatchNorm1d(6)):.2g}")

# %% [markdown]
# The averaging is right, and still this model learns something else. Batch normalisation subtracts from each number the mean of the batch *on this worker*, and divides by its spread. Six samples have another mean than twelve. The smaller a worker's share, the worse: with two samples each, such a model learns noise. Any layer in which one sample's result depends on the others in its batch does that, and not all are called so. *Dropout*, which sets random numbers to zero, is a milder case: the workers draw other numbers than one worker would, so the two cannot be compared to a millionth.
#
# ### Exercise 6 — Before you rent
# *Difficulty ●●○ · about 12 minutes*
#
# The team wants a check that says, on one machine, whether a model can be split. Bo's `splits_cleanly` in `bos_job.py` looks at names: it misses layers that the team wrote, and it refuses batch normalisation that is *frozen* (in `eval` mode it uses fixed numbers, and so is harmless).
#
# Write `splits_cleanly(model, X, y)`. It returns `True` if the *gradient* of the mean squared error over the whole batch is the same, to a millionth, when it is put together from the gradients of the batch's parts, whichever rows are in which of two or more parts; otherwise `False`. It need not try all splits: a layer that spoils one spoils nearly any. Random layers that are active do not split: two workers never draw the same numbers.
#
# Take the model in the mode in which it comes, and leave it as it was: weights, running numbers, gradients (`None`), the mode of each layer, and PyTorch's random numbers (`torch.get_rng_state()`).
#
# Done means: it is right for models that you have not seen, also with an odd number of rows, and changes nothing.
#
# <details><summary>Hint 1</summary>Do not look at the model, try it. What can you compute here, on one machine, that two workers would compute? If the parts are not equally long, how must their gradients be weighted?</details>
# <details><summary>Hint 2</summary>A forward pass alone changes the running numbers of batch normalisation: work on a <code>copy.deepcopy</code>. <code>torch.random.fork_rng()</code> is a block after which the random numbers are as before. Sums of squared errors add up where means do not.</details>


# %% nbgrader={"grade": false, "grade_id": "splits", "locked": false, "schema_version": 3, "solution": true, "task": false}
def splits_cleanly(model, X, y):
    """Return whether the batch's gradient is the same when it is put together from parts; the model stays as it was."""
    ### BEGIN SOLUTION
    import copy

    def gradient_of(rows):
        trial = copy.deepcopy(model)
        loss = ((trial(X[rows]) - y[rows]) ** 2).sum() / y.numel()
        found = torch.autograd.grad(loss, list(trial.parameters()), allow_unused=True)
        return torch.cat([part.flatten() for part in found if part is not None])

    with torch.random.fork_rng(devices=[]):
        whole = gradient_of(slice(None))
        half = len(X) // 2
        parts = gradient_of(slice(0, half)) + gradient_of(slice(half, None))
    return bool(torch.allclose(whole, parts, rtol=1e-6, atol=1e-6))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-splits", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
torch.manual_seed(9)
X, y = torch.randn(12, 4, dtype=torch.float64), torch.randn(12, 1, dtype=torch.float64)
for middle, truth, name in [
    (nn.Tanh(), True, "a plain network"),
    (nn.BatchNorm1d(6), False, "a network with batch normalisation"),
    (nn.LayerNorm(6), True, "a network with layer normalisation, which looks at one sample at a time"),
]:
    [(said, changed)] = try_models([(nn.Sequential(nn.Linear(4, 6), middle, nn.Linear(6, 1)).double(), X, y)])
    assert said == truth, f"splits_cleanly says {said} for {name}, expected {truth}."
    assert not changed, f"After splits_cleanly {', '.join(changed)} of {name} is not what it was: try a copy."

# %% nbgrader={"grade": true, "grade_id": "judge-splits", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: splits_cleanly on fifteen models with layers of the team's own, frozen, random or deep inside, with an even and an odd number of rows.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import MODELS

rng = fresh(7)
for rows in (12, 13):
    try:
        verdicts = try_models_of(MODELS, int(rng.integers(10**6)), rows)
    except Exception as error:
        raise AssertionError(f"On a model that you have not seen splits_cleanly stopped with {type(error).__name__}: {error}") from None
    for name, truth, answer, altered in verdicts:
        assert answer == truth, f"For a model with {name}, and {rows} rows, splits_cleanly says {answer}, expected {truth}."
        assert not altered, f"After splits_cleanly on a model with {name}, {', '.join(altered)} is not what it was."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · How many to rent
#
# First, what two workers bring on *this* machine. Each makes the same step; the workers share 2,000 samples and average their gradients:


# %%
def steps_per_worker(rank, size, samples=2_000):
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 1))
    X, y = torch.randn(samples // size, 64), torch.randn(samples // size, 1)
    seconds = []
    for _ in range(23):
        dist.barrier()
        begin = time.perf_counter()
        gradient(model, X, y)
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds[3:]))  # the first steps are slower; and now and then another program disturbs one


for size in (1, 2):
    print(f"{size} worker(s): {1000 * max(run_workers(steps_per_worker, size)):.1f} ms for a step, in the median of 20")

# %% [markdown]
# How much faster several workers are than one is their **speed-up**. It is never as large as their number, and on a busy laptop it may be below 1. In each step something cannot be shared: reading the batch, starting the step, sending gradients. Call *s* the seconds that stay the same, and *p* those that are shared: n workers take s + p/n. So even with a thousand workers it stays s, and the speed-up never exceeds (s + p)/s: **Amdahl's law**. The bytes of a ring fit in: 2(n − 1)/n arrays are 2 − 2/n, a constant and a part that goes with 1/n; in measurements the ring looks like work that cannot be shared. But the law has no word for what comes in only with more machines: a slower network between them, or a collector that serves all. It looks ahead from what was measured; so measure again when you have rented.
#
# Cy measured epochs on machines like those that Noor may rent:

# %%
measured.pivot_table(index="workers", columns="epoch", values="seconds")

# %% [markdown]
# ### Exercise 7 — Eight machines
# *Difficulty ●●○ · about 15 minutes*
#
# Bo has a forecast, in `bos_job.py`: if two workers take 0.6 of the time, four take 0.36, and eight 0.22. Rent eight. It is wrong in more ways than one.
#
# Write two functions:
#
# - `predict(table, workers, samples)`: the seconds that an epoch of so many samples takes so many workers, by Amdahl's law, fitted to a table like Cy's. The table has measurements for at least three numbers of workers.
# - `rent(table, samples, epochs, hours, most)`: the *smallest* number of workers, from 1 to `most`, for which all epochs are done within so many hours; `None` if none is enough. (Renting more costs more: workers that wait are paid, too.)
#
# About the table: epoch 0 holds the start, which is paid once and left out here. Now and then a neighbour on the same machine disturbs an epoch (of what was measured with one number of workers, less than half). Not everybody measures eight epochs. And look at `samples`: some people measure with more data for more workers. Seconds go with samples.
#
# Done means: `predict` is within a tenth of the truth for tables that you have not seen, and `rent` decides by it.
#
# <details><summary>Hint 1</summary>What number is typical for one number of workers, if a few epochs are too slow? And which number would not change if all had measured with half of the data?</details>
# <details><summary>Hint 2</summary>Find one typical number of seconds <em>for each sample</em>, for each number of workers. Then draw these over 1/n instead of n: on what kind of line do they lie, and what are <em>s</em> and <em>p</em> on it? Fit it to all of the points, and not to two: small errors grow on the way to eight.</details>


# %% nbgrader={"grade": false, "grade_id": "scaling", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict(table, workers, samples):
    """Return the seconds that an epoch of so many samples takes so many workers."""
    ### BEGIN SOLUTION
    usual = table[table["epoch"] > 0]
    each = (usual["seconds"] / usual["samples"]).groupby(usual["workers"]).median()
    shared, serial = np.polyfit(1 / each.index.to_numpy(), each.to_numpy(), 1)
    return samples * (serial + shared / workers)
    ### END SOLUTION


def rent(table, samples, epochs, hours, most):
    """Return the smallest number of workers that are done within so many hours, or None."""
    ### BEGIN SOLUTION
    return next((n for n in range(1, most + 1) if epochs * predict(table, n, samples) <= 3600 * hours), None)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-scaling", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
usual = measured[measured["epoch"] > 0]
for n, seconds in usual.groupby("workers")["seconds"].median().items():
    said = float(predict(measured, n, 24_000))
    assert abs(said / seconds - 1) < 0.1, (
        f"For {n} worker(s) and 24,000 samples predict says {said:.0f} s, and Cy measured {seconds:.0f} s in most epochs."
    )
half = float(predict(measured, 4, 12_000)) / float(predict(measured, 4, 24_000))
assert abs(half - 0.5) < 0.02, f"For half of the samples predict says {half:.2f} of the seconds, expected 0.50."
eight = float(predict(measured, 8, 24_000))
assert eight > 60, (
    f"For eight workers predict says {eight:.0f} s: more than Amdahl's law allows, with what the first workers show. What part of an epoch stays the same?"
)
assert rent(measured, 24_000, 100, 14, 8) == 1, (
    f"100 epochs in 14 hours: rent says {rent(measured, 24_000, 100, 14, 8)}, expected 1: one worker is done in time."
)
assert rent(measured, 24_000, 100, 0.5, 8) is None, (
    f"100 epochs in half an hour: rent says {rent(measured, 24_000, 100, 0.5, 8)}, expected None."
)

# %% nbgrader={"grade": true, "grade_id": "judge-scaling", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: predict and rent on other tables, also with more data for more workers, with other numbers of workers, and with four epochs only.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_scaling

rng = fresh(8)
for counts, growing, epochs in [([1, 2, 3, 4], False, 8), ([1, 2, 4], True, 8), ([1, 2, 3, 6], False, 4), ([2, 3, 4], True, 8)]:
    other, truth = draw_scaling(rng, counts, growing, epochs)
    about = f"A table with {epochs} epochs of {', '.join(map(str, counts))} workers" + (
        ", each with as many samples as one had alone" if growing else ""
    )
    for n in (1, 5, 8, 12):
        amount = int(rng.integers(10, 90)) * 1000
        try:
            seconds = float(predict(other, n, amount))
        except Exception as error:
            raise AssertionError(f"{about}: predict stopped with {type(error).__name__}: {error}") from None
        assert abs(seconds / truth(n, amount) - 1) < 0.1, (
            f"{about}: for {n} worker(s) and {amount} samples predict says {seconds:.0f} s, and in truth it is {truth(n, amount):.0f} s."
        )
    for n in (1, 3, 5, None):
        if n is None:
            hours, n = 50 * truth(4, amount) * 0.85 / 3600, None
            chosen = rent(other, amount, 50, hours, 4)
        else:  # half-way, by ratio, between enough and not enough
            fewer = truth(n - 1, amount) if n > 1 else 1.3 * truth(1, amount)
            hours = 50 * (truth(n, amount) * fewer) ** 0.5 / 3600
            chosen = rent(other, amount, 50, hours, 8)
        assert (chosen is None) == (n is None) and (n is None or int(chosen) == n), (
            f"{about}: for 50 epochs of {amount} samples in {hours:.1f} hours rent says {chosen}, expected {n}."
        )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
fig, axes = plt.subplots(figsize=(7, 3.6))
ns = np.arange(1, 13)
axes.plot(ns, [predict(measured, n, 24_000) for n in ns], "-", label="predicted")
axes.plot(ns, predict(measured, 1, 24_000) / ns, ":", label="if all could be shared")
axes.plot(usual["workers"], usual["seconds"], "x", color="black", label="measured epochs")
axes.set(xlabel="workers", ylabel="seconds for an epoch", ylim=(0, None), title="What more workers bring")
axes.legend()
fig.tight_layout()
picture = io.BytesIO()
fig.savefig(picture, dpi=100)
plt.close(fig)
Image(
    picture.getvalue(),
    alt="Seconds for an epoch over 1 to 12 workers. The prediction falls from about 440 through the measured crosses and flattens well above 60 seconds; the dotted line, if all could be shared, goes on falling towards 40. A few crosses lie far above the others: disturbed epochs.",
)

# %% [markdown]
# ## Part 7 · A worker dies
#
# Cheap machines are taken away. A large job on a hundred machines loses one nearly every day, taken away or not. **Elastic training** goes on all the same: the launcher notices that a worker is gone, ends the others, which wait for it in a collective, and starts all of them again. From where, is up to the script: from its **checkpoint**, a file from which training can go on as if nothing had happened.
#
# "As if nothing had happened" is a strong word. It takes the weights, the optimizer's momentum, the state of each worker's random numbers, and the *position*: which step of which epoch comes next. And it takes a file that is whole. A file is not written in one moment, and a machine can stop in between: then the old checkpoint is gone and the new one is not there yet. So one writes to another name first, and renames it when it is done. `os.replace` is **atomic**: whoever looks finds the old file or the new one.
#
# Two more things belong to that at work. A *process* that stops loses nothing that it has written. A *machine* that stops loses what the system still holds in memory, and the renamed file may be empty: so one first asks for it to be written out, by the file's `flush` and then `os.fsync`. And where a machine is taken away, its disk is gone, too: a checkpoint must lie on storage that all machines share, a network disk or an object store. (There an upload is seen when it is complete, and there is no renaming.) Here all workers share one folder.
#
# Here is `night.py`, Sunday's script. `launch` starts it as torchrun does, with torchrun's own code, and with a mishap: worker 1 is killed in epoch 1, step 5. (In the judge it may be worker 0, who saves.) Each worker writes into a log what it is about to learn from, and `history` reads the log: which steps were kept, and where each try began.
#
# The script reads its checkpoint with `weights_only=True`: that takes plain data only: numbers, texts, lists, dicts, tensors. (It is the default today. With `False` a checkpoint may hold a program, which runs when it is loaded, whoever wrote it.)

# %%
shutil.rmtree("sunday", ignore_errors=True)
NIGHT = {"samples": 100, "epochs": 2, "batch": 16, "seed": 7, "save_every": 2}
ended, said = launch("night.py", "sunday", **NIGHT, kill=[1, 1, 5])
kept, begins = history("sunday")
print("came to its end:", ended)
for attempt, (epoch, step) in begins:
    print(f"try {attempt} began at epoch {epoch}, step {step}")
shutil.rmtree("sunday")

# %% [markdown]
# It comes to its end, and it has learnt wrongly: the second try began with weights that had already learnt from four steps of epoch 1, and began epoch 1 anew. Those weights are in the model, so samples count twice. The log does not show that: when a second try begins at step 0, `history` takes it that all from step 0 on was lost with the workers. What is in a checkpoint it cannot see. Only the weights tell.
#
# ### Exercise 8 — Resume
# *Difficulty ●●● · about 24 minutes*
#
# Write the script `resumable.py`: `night.py`, mended. Your cell writes the file, with `%%writefile resumable.py` in its first line, or with `Path("resumable.py").write_text(…)`. Keep what it does with `night` (`saw` before each step, `finish` at the end), and keep its model, its loss and its learning rate.
#
# - When a worker is killed and all are started again, the weights at the end are, to a millionth, those of a night *without* mishap. The model has dropout, so the random numbers count.
# - After every `night.save_every` steps of an epoch there is a new checkpoint in `checkpoint.pt`: a mishap costs little, never a whole epoch.
# - When the machine stops *while a checkpoint is written*, at whatever moment, the one before is still there, and used.
# - When the next launch has *one* worker only it goes on from a checkpoint of two: every sample once, in what is kept. (There the random numbers cannot be the same.)
#
# <details><summary>Hint 1</summary>Four things are wrong or missing in the script: what is saved, what is saved of <em>when</em>, how it is written, and by whom. Begin with the position: after step 3 of epoch 1, which step comes next? And after the last step of an epoch?</details>
# <details><summary>Hint 2</summary>Each worker has random numbers of its own, and there is one file. Either worker 0 saves everybody's state: <code>torch.distributed</code> has a collective that gathers objects, and who must call that, and in which order with the rest? Or what is drawn in a step follows from numbers that every worker knows at that step: then there is nothing to save. And a step that is done already must not even be noted in the log.</details>

# %% nbgrader={"grade": false, "grade_id": "resume", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
script = Path("resumable.py")
written = script.write_text(
    """
import os

import torch
import torch.distributed as dist
from night_shift import Night

dist.init_process_group("gloo")
me, workers = dist.get_rank(), dist.get_world_size()
tonight = Night(me, workers)
torch.manual_seed(tonight.seed + me)
net = tonight.make_model()
sgd = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)

begin = (0, 0)
if os.path.isfile("checkpoint.pt"):
    point = torch.load("checkpoint.pt", weights_only=True)
    net.load_state_dict(point["model"])
    sgd.load_state_dict(point["optimizer"])
    torch.set_rng_state(point["random"][me])
    begin = point["next"]

for epoch in range(tonight.epochs):
    for step, mine in enumerate(tonight.batches(epoch)):
        if (epoch, step) < begin:
            continue
        tonight.saw(epoch, step, mine)
        sgd.zero_grad()
        off = net(tonight.X[mine]) - tonight.y[mine]
        ((off**2).sum() / tonight.count(step)).backward()
        tonight.add_up_gradients(net)
        sgd.step()
        if (step + 1) % tonight.save_every == 0:
            random = [None] * workers
            dist.all_gather_object(random, torch.get_rng_state())
            if me == 0:
                point = {"model": net.state_dict(), "optimizer": sgd.state_dict(), "random": random, "next": (epoch, step + 1)}
                with open("checkpoint.new", "wb") as file:
                    torch.save(point, file)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace("checkpoint.new", "checkpoint.pt")

tonight.finish(net)
dist.destroy_process_group()
""".lstrip()
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-resume", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
assert Path("resumable.py").exists(), "There is no file resumable.py: the exercise's cell must write it."
assert Path("resumable.py").stat().st_mtime > started - 5, (
    "The file resumable.py is older than this run of the notebook: the exercise's cell must write it."
)
mishap = {"samples": 100, "epochs": 2, "batch": 16, "seed": 8, "save_every": 2, "kill": [1, 1, 5]}
[told] = nights([[mishap]])
assert told["ended"], f"resumable.py, with worker 1 killed in epoch 1, step 5, did not come to its end: {told['why']}"
assert len(told["begins"]) == 2, (
    f"resumable.py began {len(told['begins'])} time(s), by the log, expected twice: is night.saw(epoch, step, ids) called before each step?"
)
again = tuple(told["begins"][1])
assert again in [(1, 4), (1, 5)], (
    f"Worker 1 was killed in epoch 1, step 5. The second try began at epoch {again[0]}, step {again[1]}, expected epoch 1, step 4, where the last checkpoint was made. Is the step saved, and are done steps skipped?"
)
for epoch in range(2):
    ids = sorted(number for at, _, numbers in told["kept"] if at == epoch for number in numbers)
    assert ids == list(range(100)), (
        f"In epoch {epoch} {len(ids) - len(set(ids))} samples were learnt from twice, and {100 - len(set(ids))} never."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-resume", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: resumable.py with a worker killed in another step: which samples were learnt from, and the weights, compared with a night without mishap.
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import check_log

rng = fresh(9)
quiet = {"samples": 16 * 7 - int(rng.integers(3, 10)), "epochs": 2, "batch": 16, "seed": int(rng.integers(1000)), "save_every": 2}
loud = {**quiet, "kill": [int(rng.integers(2)), 1, int(rng.integers(4, 7))]}
what = f"Worker {loud['kill'][0]} killed in epoch 1, step {loud['kill'][2]}"
try:
    calm, hit = nights([[quiet], [loud]])
except Exception as error:
    raise AssertionError(f"resumable.py could not be launched: {type(error).__name__}: {error}") from None
assert calm["ended"], f"Without mishap resumable.py did not come to its end: {calm['why']}"
check_log(calm, quiet, "Without mishap")
assert hit["ended"], f"{what}: resumable.py did not come to its end: {hit['why']}"
check_log(hit, quiet, what)
epoch, step = hit["begins"][-1]
assert len(hit["begins"]) == 2 and epoch == 1 and loud["kill"][2] // 2 * 2 <= step <= loud["kill"][2], (
    f"{what}: the second try began at epoch {epoch}, step {step}, further back than the last checkpoint after every 2 steps."
)
assert calm["final"] and hit["final"], "resumable.py does not call night.finish(model) at its end."
gap = float(np.abs(np.array(calm["final"]) - np.array(hit["final"])).max())
assert gap <= 1e-6, (
    f"{what}: the weights at the end are up to {gap:.2g} away from those of a night without mishap. What else than weights and position would a training need to go on as if nothing had happened?"
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-resume-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: resumable.py when the machine stops while a checkpoint is written; and a next launch that has one worker only.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import check_log

rng = fresh(10)
base = {"samples": 16 * 7 - int(rng.integers(3, 10)), "epochs": 2, "batch": 16, "seed": int(rng.integers(1000)), "save_every": 2}
tear = {**base, "tear": [1, int(rng.integers(2, 4))]}
fewer = [{**base, "restarts": 0, "kill": [1, 1, int(rng.integers(3, 6))]}, {**base, "workers": 1, "shift": 1}]
try:
    torn, single = nights([[tear], fewer])
except Exception as error:
    raise AssertionError(f"resumable.py could not be launched: {type(error).__name__}: {error}") from None
what = f"The machine stops while a checkpoint is written, after step {tear['tear'][1]} of epoch 1 or later"
assert torn["ended"], (
    f"{what}: the second try cannot go on. Until the new checkpoint is whole, where is the old one? (It stopped with: {torn['why']})"
)
check_log(torn, base, what)
epoch, step = torn["begins"][-1]
assert (epoch, step) >= (1, 2), (
    f"{what}: the second try began at epoch {epoch}, step {step}, though there had been a checkpoint after step 1 of epoch 1. A checkpoint that is half written must not replace one that is whole."
)
what = "A second launch with one worker, after a first with two"
assert single["ended"] or not single["halved"], (
    "The new checkpoint was written *into* checkpoint.pt. The machine may stop in the middle of that, so we left half of the file there: "
    f"the next launch cannot go on. Which call puts a file that is whole in its place at once? (It stopped with: {single['why']})"
)
assert single["ended"], f"{what}: it did not come to its end: {single['why']}"
check_log(single, base, what)
epoch, step = single["begins"][-1]
earliest = (0, 6) if single["halved"] else (1, fewer[0]["kill"][2] // 2 * 2)  # half a file: the checkpoint before that one
assert earliest <= (epoch, step) <= (1, fewer[0]["kill"][2]), (
    f"{what}: it began at epoch {epoch}, step {step}, further back than the last checkpoint."
)
### END HIDDEN TESTS

# %% [markdown]
# > **In older tutorials** workers are started by `python -m torch.distributed.launch`, which hands each a `--local_rank`: today it is `torchrun`, which tells ranks by environment variables. `torch.nn.DataParallel`, threads in one process, has given way to DDP. Horovod's last release is of 2023; `hvd.allreduce(x, average=True)` is now `op=hvd.Average`, and it needs two changes before it builds with today's PyTorch. `torch.load` now refuses anything but plain data unless told otherwise (`weights_only`).
# > With PyTorch 2.13, gloo workers that `torchrun` starts a second time find the addresses of the first and cannot connect, unless `TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1` is set, as `launch` does here.

# %% [markdown]
# ## Putting it together
#
# The whole chain once more, with your parts: your batches are dealt to two workers, your `train` learns from them, and one worker does the same alone.

# %% tags=["uses-answers"]
night = draw_case(seed=21, size=2, batch=16, samples=150, rate=0.01)
night["steps"] = [[ids for epoch in range(3) for ids in batches(150, 16, rank, 2, epoch, 21)] for rank in range(2)]
one = draw_case(seed=21, size=1, batch=32, samples=150, rate=0.02)
one["steps"] = [[ids for epoch in range(3) for ids in batches(150, 32, 0, 1, epoch, 21)]]
together, alone = np.array(train_on(night)), np.array(on_one_worker(one))
print(f"{len(night['steps'][0])} steps on two workers and on one: weights differ by up to {np.abs(together - alone).max():.1g}")
print(f"Noor rents {rent(measured, 24_000, 100, 6, 8)} machine(s) for 100 epochs in six hours, not eight.")

# %% [markdown]
# What Noor got: a test that two machines learn what one learns, to a millionth; a check of models before they are split; a number of machines that follows from measurements; and a night that survives the loss of one. Three sentences to take along: *A loss that falls proves nothing. Means do not add up. And what is not in the checkpoint is lost.*
#
# ## Going further
#
# - **The real Horovod.** Run `make horovod` in the course's folder and start JupyterLab with `LAB_HOROVOD=horovod` in its environment: every exercise on `hvd` must come out the same.
# - **Models that do not fit.** Here each worker has the whole model. *FSDP* (`torch.distributed.fsdp.fully_shard`) gives each only a part of the weights, of the gradients and of the optimizer's state, and fetches the rest layer by layer. Then no worker can save alone: `torch.distributed.checkpoint` lets all of them write, and loads the result on another number of workers.
# - **Fewer bytes.** Send gradients as `float16` in your ring. What becomes of the millionth, and of the result being the same on all workers?
# - **While it computes.** DDP sends the gradients of the last layers while those of the first are still being computed. What would that do to *s* in Amdahl's law?
#
# To read:
#
# - [DistributedDataParallel in PyTorch's documentation](https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html)
# - [PyTorch's overview of distributed training](https://pytorch.org/tutorials/beginner/dist_overview.html)
# - [Horovod's documentation](https://horovod.readthedocs.io/en/stable/)
# - [The paper on Horovod and the ring, by Sergeev and Del Balso](https://arxiv.org/abs/1802.05799)
# - [Goyal and others, *Accurate, Large Minibatch SGD*, on the linear scaling rule and warm-up](https://arxiv.org/abs/1706.02677)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 6: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
