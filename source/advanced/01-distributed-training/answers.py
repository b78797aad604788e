# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="city-error" points=10 why="another style: everybody gathers everybody's three numbers"
def city_error(errors):
    mine = (float(errors.sum(dtype=torch.float64)), errors.numel(), max(errors.tolist(), default=0.0))
    everybody = [None] * dist.get_world_size()
    dist.all_gather_object(everybody, mine)
    sums, counts, largest = zip(*everybody)
    return sum(sums) / sum(counts), max(largest)

# %% grade_id="city-error" points=10 why="another style: worker 0 reduces and broadcasts; tensors are returned"
def city_error(errors):
    total = torch.zeros(2)
    if len(errors):
        total += torch.stack([errors.sum(), torch.tensor(float(len(errors)))])
    top = torch.cat([errors, torch.zeros(1)]).max()
    dist.reduce(total, dst=0)
    dist.reduce(top, dst=0, op=dist.ReduceOp.MAX)
    answer = torch.stack([total[0] / total[1].clamp(min=1), top])
    dist.broadcast(answer, src=0)
    return tuple(answer)

# %% grade_id="city-error" points=0 message="Does an hour count as much on one worker as on the other" why="the mean of the workers' means"
def city_error(errors):
    mean = errors.mean() if len(errors) else torch.tensor(0.0)
    largest = errors.max() if len(errors) else torch.tensor(0.0)
    dist.all_reduce(mean)
    dist.all_reduce(largest, op=dist.ReduceOp.MAX)
    return mean / dist.get_world_size(), largest

# %% grade_id="city-error" points=4 message="and 0 hours: worker" why="a worker without hours goes home: passes what is visible" name="wrong-4"
def city_error(errors):
    if len(errors) == 0:
        return 0.0, 0.0
    sums = torch.tensor([errors.sum().item(), float(len(errors))])
    dist.all_reduce(sums)
    largest = errors.max()
    dist.all_reduce(largest, op=dist.ReduceOp.MAX)
    return sums[0] / sums[1], largest

# %% grade_id="city-error" points=4 message="max(): Expected reduction dim" why="the largest of no hours: passes what is visible" changes="wrong-4"
-    if len(errors) == 0:
-        return 0.0, 0.0

# %% grade_id="city-error" points=0 message="says that the mean error is" why="only worker 0 gets the sums"
def city_error(errors):
    sums = torch.tensor([errors.sum().item(), float(len(errors))])
    dist.reduce(sums, dst=0)
    largest = torch.tensor(max(errors.tolist(), default=0.0))
    dist.reduce(largest, dst=0, op=dist.ReduceOp.MAX)
    return sums[0] / sums[1], largest

# %% grade_id="city-error" points=0 message="says that the largest error is" why="the largest errors are added up, too"
def city_error(errors):
    numbers = torch.tensor([errors.sum().item(), float(len(errors)), max(errors.tolist(), default=0.0)])
    dist.all_reduce(numbers)
    return numbers[0] / numbers[1], numbers[2]

# %% grade_id="ring" points=15 why="another style: padded to a multiple, pieces in a table, starts with the next piece"
def ring_all_reduce(values, rank, size, send, receive):
    piece = -(-len(values) // size)
    table = np.zeros(piece * size, dtype=values.dtype)
    table[: len(values)] = values
    table = table.reshape(size, piece)
    for phase in ("collect", "spread"):
        shift = 0 if phase == "collect" else 1
        for turn in range(size - 1):
            send(table[(rank + shift - turn) % size], (rank + 1) % size)
            came = receive((rank - 1) % size)
            at = (rank + shift - turn - 1) % size
            table[at] = table[at] + came if phase == "collect" else came
    return table.ravel()[: len(values)]

# %% grade_id="ring" points=15 why="another style: borders by hand, what was received is sent on, a list at the end"
def ring_all_reduce(values, rank, size, send, receive):
    borders = [len(values) * k // size for k in range(size + 1)]
    mine = [np.array(values[a:b]) for a, b in zip(borders, borders[1:])]
    travelling = mine[rank]
    for turn in range(1, size):
        send(travelling, (rank + 1) % size)
        travelling = receive(rank - 1 if rank else size - 1) + mine[(rank - turn) % size]
    done = {(rank + 1) % size: travelling}
    for turn in range(size - 1):
        send(travelling, (rank + 1) % size)
        travelling = receive(rank - 1 if rank else size - 1)
        done[(rank - turn) % size] = travelling
    return np.concatenate([done[k] for k in sorted(done)])

# %% grade_id="ring" points=5 message="expected at most" why="whole arrays travel round"
def ring_all_reduce(values, rank, size, send, receive):
    travelling = [None] * size
    travelling[rank] = values
    for turn in range(size - 1):
        send(travelling[(rank - turn) % size], (rank + 1) % size)
        travelling[(rank - turn - 1) % size] = receive((rank - 1) % size)
    total = travelling[0].copy()
    for other in travelling[1:]:
        total += other
    return total

# %% grade_id="ring" points=5 message="sent to others than" why="a collector at worker 0"
def ring_all_reduce(values, rank, size, send, receive):
    if rank:
        send(values, 0)
        return receive(0)
    total = values + sum(receive(other) for other in range(1, size))
    for other in range(1, size):
        send(total, other)
    return total

# %% grade_id="ring" points=0 message="Which pieces are wrong" why="one round too few in the second phase" name="wrong-5"
def ring_all_reduce(values, rank, size, send, receive):
    total = values.copy()
    pieces = np.array_split(total, size)
    for turn in range(size - 1):
        send(pieces[(rank - turn) % size], (rank + 1) % size)
        pieces[(rank - turn - 1) % size] += receive((rank - 1) % size)
    for turn in range(size - 2):
        send(pieces[(rank + 1 - turn) % size], (rank + 1) % size)
        pieces[(rank - turn) % size][:] = receive((rank - 1) % size)
    return total

# %% grade_id="ring" points=10 message="changes the array that it is given" why="works in the array itself"
def ring_all_reduce(values, rank, size, send, receive):
    pieces = np.array_split(values, size)
    for turn in range(size - 1):
        send(pieces[(rank - turn) % size], (rank + 1) % size)
        pieces[(rank - turn - 1) % size] += receive((rank - 1) % size)
    for turn in range(size - 1):
        send(pieces[(rank + 1 - turn) % size], (rank + 1) % size)
        pieces[(rank - turn) % size][:] = receive((rank - 1) % size)
    return values

# %% grade_id="ring" points=5 message="cannot reshape array" why="only lengths that n divides: passes what is visible"
def ring_all_reduce(values, rank, size, send, receive):
    total = values.copy()
    pieces = total.reshape(size, -1)
    for turn in range(size - 1):
        send(pieces[(rank - turn) % size], (rank + 1) % size)
        pieces[(rank - turn - 1) % size] += receive((rank - 1) % size)
    for turn in range(size - 1):
        send(pieces[(rank + 1 - turn) % size], (rank + 1) % size)
        pieces[(rank - turn) % size] = receive((rank - 1) % size)
    return total

# %% grade_id="ring" points=10 message="returns numbers of the type float64" why="adds up in float64: passes what is visible" changes="wrong-5"
-    total = values.copy()
+    total = np.array(values, dtype=float)
@@
-    for turn in range(size - 2):
+    for turn in range(size - 1):

# %% grade_id="ring" points=10 message="sent a piece of" why="the last piece takes the whole rest, and all wait for it: passes what is visible"
def ring_all_reduce(values, rank, size, send, receive):
    each = max(1, len(values) // size)
    cuts = [min(len(values), k * each) for k in range(size)] + [len(values)]
    total = values.copy()
    pieces = [total[a:b] for a, b in zip(cuts, cuts[1:])]
    for turn in range(size - 1):
        send(pieces[(rank - turn) % size], (rank + 1) % size)
        pieces[(rank - turn - 1) % size] += receive((rank - 1) % size)
    for turn in range(size - 1):
        send(pieces[(rank + 1 - turn) % size], (rank + 1) % size)
        pieces[(rank - turn) % size][:] = receive((rank - 1) % size)
    return total

# %% grade_id="batches" points=10 why="another style: PyTorch's generator, tensors split in pieces, each share by itself"
def batches(samples, batch, rank, size, epoch, seed):
    dice = torch.Generator().manual_seed(seed * 100_003 + epoch)
    deck = torch.randperm(samples, generator=dice)
    return [torch.tensor_split(step, size)[rank].tolist() for step in torch.split(deck, batch * size)]

# %% grade_id="batches" points=10 why="another style: Python's random numbers, one loop over the deck"
def batches(samples, batch, rank, size, epoch, seed):
    import math
    import random

    deck = list(range(samples))
    random.Random(f"{seed}/{epoch}").shuffle(deck)
    steps = [[] for _ in range(math.ceil(samples / (batch * size)))]
    for place, number in enumerate(deck):
        if place % size == rank:
            steps[place // (batch * size)].append(number)
    return steps

# %% grade_id="batches" points=0 message="deal from the same shuffled deck" why="each worker has random numbers of its own"
def batches(samples, batch, rank, size, epoch, seed):
    order = np.random.default_rng([seed, epoch, rank]).permutation(samples).tolist()
    return [order[first : first + size * batch][rank::size] for first in range(0, samples, size * batch)]

# %% grade_id="batches" points=3 message="epoch 3 has the same batches as epoch 2" why="no set_epoch: passes what is visible"
def batches(samples, batch, rank, size, epoch, seed):
    order = np.random.default_rng(seed).permutation(samples).tolist()
    return [order[first : first + size * batch][rank::size] for first in range(0, samples, size * batch)]

# %% grade_id="batches" points=3 message="All must have the same number, or those with more wait for ever" why="an empty batch is left out: passes what is visible"
def batches(samples, batch, rank, size, epoch, seed):
    order = np.random.default_rng([seed, epoch]).permutation(samples).tolist()
    dealt = [order[first : first + size * batch][rank::size] for first in range(0, samples, size * batch)]
    return [step for step in dealt if step]

# %% grade_id="batches" points=3 message="samples come never, and" why="DistributedSampler: repeats samples to make shares equal; passes what is visible"
def batches(samples, batch, rank, size, epoch, seed):
    from torch.utils.data import DistributedSampler

    sampler = DistributedSampler(range(samples), num_replicas=size, rank=rank, shuffle=True, seed=seed)
    sampler.set_epoch(epoch)
    mine = list(sampler)
    return [mine[first : first + batch] for first in range(0, len(mine), batch)]

# %% grade_id="batches" points=3 message="do not learn in each step from what one worker" why="each worker has a stretch of the deck: other steps than those of one worker; passes what is visible"
def batches(samples, batch, rank, size, epoch, seed):
    order = np.random.default_rng([seed, epoch]).permutation(samples)
    steps = -(-samples // (size * batch))
    full = order[: (steps - 1) * size * batch].reshape(size, steps - 1, batch)
    rest = np.array_split(order[(steps - 1) * size * batch :], size)
    return [step.tolist() for step in full[rank]] + [rest[rank].tolist()]

# %% grade_id="batches" points=3 message="in epoch 0 another seed gives the same batches" why="seed times epoch: all seeds shuffle epoch 0 alike; passes what is visible"
def batches(samples, batch, rank, size, epoch, seed):
    order = np.random.default_rng(seed * epoch).permutation(samples).tolist()
    return [order[first : first + size * batch][rank::size] for first in range(0, samples, size * batch)]

# %% grade_id="batches" points=0 message="the batches have the sizes" why="drops the last step"
def batches(samples, batch, rank, size, epoch, seed):
    order = np.random.default_rng([seed, epoch]).permutation(samples).tolist()
    return [order[first : first + size * batch][rank::size] for first in range(0, samples - size * batch + 1, size * batch)]

# %% grade_id="train" points=18 why="another style: no DistributedOptimizer, gradients are added up by hand"
def train(hvd, model, X, y, steps, rate, start=None):
    start = hvd.broadcast_object(start, root_rank=0, name="start")
    if start:
        model.load_state_dict(start["model"])
    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    if start:
        optimizer.load_state_dict(start["optimizer"])
    optimizer.param_groups[0]["lr"] = rate * hvd.size()
    for ids in steps:
        everybody = sum(hvd.allgather_object(len(ids)))
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(X[ids]), y[ids], reduction="sum") / everybody
        loss.backward()
        for parameter in model.parameters():
            parameter.grad = hvd.allreduce(parameter.grad, op=hvd.Sum)
        optimizer.step()
    return model

# %% grade_id="train" points=18 why="another style: the weighted mean of means, named parameters, op=Sum"
def train(hvd, model, X, y, steps, rate, start=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters(), op=hvd.Sum)
    if hvd.rank() == 0 and start is not None:
        model.load_state_dict(start["model"])
        optimizer.load_state_dict(start["optimizer"])
    hvd.broadcast_parameters(dict(model.named_parameters()), root_rank=0)
    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
    for group in optimizer.param_groups:
        group["lr"] = hvd.size() * rate
    for ids in steps:
        total = hvd.allreduce(torch.tensor(len(ids)), op=hvd.Sum)
        optimizer.zero_grad()
        if ids:
            loss = (model(X[ids]) - y[ids]).pow(2).mean() * len(ids) / total
        else:
            loss = 0 * sum(parameter.sum() for parameter in model.parameters())
        loss.backward()
        optimizer.step()
    return model

# %% grade_id="train" points=0 message="With what did each begin" why="no broadcast of the first weights" name="wrong-3"
def train(hvd, model, X, y, steps, rate, start=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate * hvd.size(), momentum=0.9)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())
    for ids in steps:
        optimizer.zero_grad()
        ((model(X[ids]) - y[ids]) ** 2).mean().backward()
        optimizer.step()
    return model

# %% grade_id="train" points=0 message="What happens to the two gradients" why="sum instead of mean" changes="wrong-3"
-    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())
+    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters(), op=hvd.Sum)
+    if start is not None:
+        model.load_state_dict(start["model"])
+        optimizer.load_state_dict(start["optimizer"])
+        optimizer.param_groups[0]["lr"] = rate * hvd.size()
+    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
+    hvd.broadcast_optimizer_state(optimizer, root_rank=0)

# %% grade_id="train" points=0 message="which learning rate goes with a step" why="the learning rate is not scaled" name="wrong-5"
def train(hvd, model, X, y, steps, rate, start=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())
    if start is not None:
        model.load_state_dict(start["model"])
        optimizer.load_state_dict(start["optimizer"])
        optimizer.param_groups[0]["lr"] = rate
    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
    for ids in steps:
        count = hvd.allreduce(torch.tensor([float(len(ids))])).item()
        optimizer.zero_grad()
        (((model(X[ids]) - y[ids]) ** 2).sum() / count).backward()
        optimizer.step()
    return model

# %% grade_id="train" points=6 message="who of its momentum" why="the optimizer's state stays on worker 0" changes="wrong-5"
-    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
+    optimizer = torch.optim.SGD(model.parameters(), lr=rate * hvd.size(), momentum=0.9)
@@
-        optimizer.param_groups[0]["lr"] = rate
-    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
-    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
+        optimizer.param_groups[0]["lr"] = rate * hvd.size()
+    hvd.broadcast_parameters(model.state_dict(), root_rank=0)

# %% grade_id="train" points=6 message="Which learning rate has the optimizer, once" why="loading brought last night's rate back" changes="wrong-5"
-    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
+    optimizer = torch.optim.SGD(model.parameters(), lr=rate * hvd.size(), momentum=0.9)
@@
-        optimizer.param_groups[0]["lr"] = rate

# %% grade_id="train" points=12 message="these means count alike" why="means count alike, whatever is behind them: passes what is visible"
def train(hvd, model, X, y, steps, rate, start=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate * hvd.size(), momentum=0.9)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())
    if start is not None:
        model.load_state_dict(start["model"])
        optimizer.load_state_dict(start["optimizer"])
        optimizer.param_groups[0]["lr"] = rate * hvd.size()
    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
    for ids in steps:
        optimizer.zero_grad()
        (((model(X[ids]) - y[ids]) ** 2).sum() / max(1, len(ids))).backward()
        optimizer.step()
    return model

# %% grade_id="train" points=6 message="where is its momentum, once it is wrapped" why="DistributedOptimizer comes last, and makes a new optimizer" changes="wrong-5"
-    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
-    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())
+    optimizer = torch.optim.SGD(model.parameters(), lr=rate * hvd.size(), momentum=0.9)
@@
-        optimizer.param_groups[0]["lr"] = rate
+        optimizer.param_groups[0]["lr"] = rate * hvd.size()
@@
     hvd.broadcast_optimizer_state(optimizer, root_rank=0)
+    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())

# %% grade_id="train" points=0 message="Does a worker learn from rows of X that it does not have" why="every worker learns from everything: nothing is shared"
def train(hvd, model, X, y, steps, rate, start=None):
    everybody = hvd.allgather_object(steps, name="steps")
    start = hvd.broadcast_object(start, root_rank=0, name="start")
    if start:
        model.load_state_dict(start["model"])
    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    if start:
        optimizer.load_state_dict(start["optimizer"])
    optimizer.param_groups[0]["lr"] = rate * hvd.size()
    for shares in zip(*everybody):
        ids = [number for share in shares for number in share]
        optimizer.zero_grad()
        ((model(X[ids]) - y[ids]) ** 2).mean().backward()
        optimizer.step()
    return model

# %% grade_id="accumulate" points=12 why="another style: DDP's own switch, one loop, weighted means"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for number, ids in enumerate(parts):
        begin = number - number % every
        together = sum(len(part) for part in parts[begin : begin + every])
        complete = number + 1 in (begin + every, len(parts))
        model.require_backward_grad_sync = complete
        loss = nn.functional.mse_loss(model(X[ids]), y[ids]) * len(ids) / together
        loss.backward()
        if complete:
            optimizer.step()
            optimizer.zero_grad()
    return model

# %% grade_id="accumulate" points=12 why="another style: DDP is not asked, sums and counts are added up by hand"
def accumulate(model, X, y, parts, every, rate):
    weights = list(model.module.parameters())
    optimizer = torch.optim.SGD(weights, rate, 0.9)
    while parts:
        group, parts = parts[:every], parts[every:]
        total = [torch.zeros_like(weight) for weight in weights]
        for ids in group:
            loss = (model.module(X[ids]) - y[ids]).square().sum()
            total = [a + b for a, b in zip(total, torch.autograd.grad(loss, weights))]
        count = torch.tensor(sum(map(len, group)))
        dist.all_reduce(count)
        for weight, gradient in zip(weights, total):
            dist.all_reduce(gradient)
            weight.grad = gradient / count
        optimizer.step()

# %% grade_id="accumulate" points=0 message="How much does each sample's error count" why="gradients of means are added up: steps are four times too long"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for first in range(0, len(parts), every):
        group = parts[first : first + every]
        optimizer.zero_grad()
        with model.no_sync():
            for ids in group[:-1]:
                ((model(X[ids]) - y[ids]) ** 2).mean().backward()
        ((model(X[group[-1]]) - y[group[-1]]) ** 2).mean().backward()
        optimizer.step()

# %% grade_id="accumulate" points=4 message="DDP decides that in the forward pass" why="the forward pass stands outside of no_sync, so each small batch is sent"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for first in range(0, len(parts), every):
        group = parts[first : first + every]
        optimizer.zero_grad()
        for ids in group:
            loss = ((model(X[ids]) - y[ids]) ** 2).sum() / sum(map(len, group))
            with nullcontext() if ids is group[-1] else model.no_sync():
                loss.backward()
        optimizer.step()

# %% grade_id="accumulate" points=4 message="between their forward and their backward pass" why="losses are added up, and one backward pass needs all of them" name="wrong-5"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for first in range(0, len(parts), every):
        group = parts[first : first + every]
        optimizer.zero_grad()
        loss = sum(((model(X[ids]) - y[ids]) ** 2).sum() for ids in group) / sum(map(len, group))
        loss.backward()
        optimizer.step()

# %% grade_id="accumulate" points=8 message="What was left over at the end" why="what is left over makes no step: passes what is visible" name="wrong-6"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for number, ids in enumerate(parts, 1):
        together = sum(map(len, parts[(number - 1) // every * every :][:every]))
        with model.no_sync() if number % every else nullcontext():
            (((model(X[ids]) - y[ids]) ** 2).sum() / together).backward()
        if number % every == 0:
            optimizer.step()
            optimizer.zero_grad()

# %% grade_id="accumulate" points=8 message="before its gradients had been sent" why="a step with what is left over, which nobody has sent: passes what is visible" changes="wrong-6"
             optimizer.zero_grad()
+    if len(parts) % every:
+        optimizer.step()

# %% grade_id="accumulate" points=8 message="is divided by as many as the others have" why="divides by `every` what is left over, too: passes what is visible"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for number, ids in enumerate(parts, 1):
        last = number % every == 0 or number == len(parts)
        with nullcontext() if last else model.no_sync():
            (((model(X[ids]) - y[ids]) ** 2).mean() / every).backward()
        if last:
            optimizer.step()
            optimizer.zero_grad()

# %% grade_id="accumulate" points=8 message="also that of a shorter one" why="the means of all small batches count alike: passes what is visible" changes="wrong-5"
-        loss = sum(((model(X[ids]) - y[ids]) ** 2).sum() for ids in group) / sum(map(len, group))
-        loss.backward()
+        for number, ids in enumerate(group, 1):
+            with nullcontext() if number == len(group) else model.no_sync():
+                (((model(X[ids]) - y[ids]) ** 2).mean() / len(group)).backward()

# %% grade_id="accumulate" points=9 message="also among those left over" why="of what is left over each small batch is sent: passes what is visible"
def accumulate(model, X, y, parts, every, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    complete = len(parts) // every * every
    for number, ids in enumerate(parts, 1):
        together = sum(map(len, parts[(number - 1) // every * every :][:every]))
        sends = number % every == 0 or number > complete
        with nullcontext() if sends else model.no_sync():
            (((model(X[ids]) - y[ids]) ** 2).sum() / together).backward()
        if number % every == 0 or number == len(parts):
            optimizer.step()
            optimizer.zero_grad()

# %% grade_id="splits" points=9 why="another style: each row alone, functional calls, no copy of the model"
def splits_cleanly(model, X, y):
    state = torch.get_rng_state()
    names = dict(model.named_parameters())

    def gradient_of(rows):
        weights = {name: parameter.detach().clone().requires_grad_() for name, parameter in names.items()}
        buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
        said = torch.func.functional_call(model, {**weights, **buffers}, (X[rows],))
        loss = torch.sum((said - y[rows]) ** 2)
        return [part for part in torch.autograd.grad(loss, list(weights.values()), allow_unused=True) if part is not None]

    try:
        whole = gradient_of(slice(None))
        parts = [gradient_of(slice(first, first + 3)) for first in range(0, len(X) - len(X) % 3 - 3, 3)]
        parts.append(gradient_of(slice(3 * len(parts), None)))
        return all(torch.allclose(a, sum(b), rtol=1e-6, atol=1e-6) for a, b in zip(whole, map(list, zip(*parts))))
    finally:
        torch.set_rng_state(state)

# %% grade_id="splits" points=9 why="another style: a copy for each part, weighted means, numpy"
def splits_cleanly(model, X, y):
    from copy import deepcopy

    dice = torch.random.get_rng_state()
    found = []
    for rows in (np.arange(len(X)), np.arange(0, len(X), 2), np.arange(1, len(X), 2)):
        copied = deepcopy(model)
        torch.nn.MSELoss()(copied(X[rows]), y[rows]).backward()
        found.append(np.concatenate([p.grad.numpy().ravel() for p in copied.parameters() if p.grad is not None]) * len(rows))
    torch.random.set_rng_state(dice)
    return np.allclose(found[0] / len(X), (found[1] + found[2]) / len(X), rtol=1e-6, atol=1e-6)

# %% grade_id="splits" points=3 message="the team's that subtracts the batch's mean" why="looks at names and modes, like Bo: passes what is visible"
def splits_cleanly(model, X, y):
    return not any(("BatchNorm" in type(layer).__name__ and layer.training) for layer in model.modules() if hasattr(layer, "running_mean"))

# %% grade_id="splits" points=3 message="13 rows, splits_cleanly says" why="equal weights for unequal halves: passes what is visible"
def splits_cleanly(model, X, y):
    import copy

    state = torch.get_rng_state()
    found = []
    half = len(X) // 2
    for rows in (slice(None), slice(0, half), slice(half, None)):
        trial = copy.deepcopy(model)
        ((trial(X[rows]) - y[rows]) ** 2).mean().backward()
        found.append(torch.cat([parameter.grad.flatten() for parameter in trial.parameters()]))
    torch.set_rng_state(state)
    return torch.allclose(found[0], (found[1] + found[2]) / 2, rtol=1e-6, atol=1e-6)

# %% grade_id="splits" points=3 message="that is frozen (in eval mode)" why="sets the copy to train: passes what is visible"
def splits_cleanly(model, X, y):
    import copy

    state, found = torch.get_rng_state(), []
    half = len(X) // 2
    for rows in (slice(None), slice(0, half), slice(half, None)):
        trial = copy.deepcopy(model).train()
        ((trial(X[rows]) - y[rows]) ** 2).sum().backward()
        found.append(torch.cat([parameter.grad.flatten() for parameter in trial.parameters()]))
    torch.set_rng_state(state)
    return torch.allclose(found[0], found[1] + found[2])

# %% grade_id="splits" points=0 message="splits_cleanly says True for a network with batch normalisation" why="in eval mode everything splits" name="wrong-6"
def splits_cleanly(model, X, y):
    import copy

    found = []
    for rows in (slice(None), slice(0, 5), slice(5, None)):
        trial = copy.deepcopy(model).eval()
        ((trial(X[rows]) - y[rows]) ** 2).sum().backward()
        found.append(torch.cat([parameter.grad.flatten() for parameter in trial.parameters()]))
    return torch.allclose(found[0], found[1] + found[2])

# %% grade_id="splits" points=0 message="is not what it was" why="tries the model itself"
def splits_cleanly(model, X, y):
    found = []
    for rows in (slice(None), slice(0, 5), slice(5, None)):
        model.zero_grad()
        ((model(X[rows]) - y[rows]) ** 2).sum().backward()
        found.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))
    return torch.allclose(found[0], found[1] + found[2])

# %% grade_id="splits" points=3 message="the state of PyTorch's random numbers" why="dropout draws random numbers: passes what is visible" changes="wrong-6"
-        trial = copy.deepcopy(model).eval()
+        trial = copy.deepcopy(model)

# %% grade_id="splits" points=3 message="that multiplies the batch by a random number" why="the same seed before each pass, which no two workers have: passes what is visible"
def splits_cleanly(model, X, y):
    import copy

    found = []
    with torch.random.fork_rng(devices=[]):
        for rows in (slice(None), slice(0, None, 2), slice(1, None, 2)):
            torch.manual_seed(0)
            trial = copy.deepcopy(model)
            ((trial(X[rows]) - y[rows]) ** 2).sum().backward()
            found.append(torch.cat([parameter.grad.flatten() for parameter in trial.parameters()]))
    return torch.allclose(found[0], found[1] + found[2])

# %% grade_id="splits" points=3 message="keeps the batch's gradient short in the backward pass" why="compares what the model says, and not its gradients: passes what is visible"
def splits_cleanly(model, X, y):
    import copy

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        whole = copy.deepcopy(model)(X)
        parts = torch.cat([copy.deepcopy(model)(X[:5]), copy.deepcopy(model)(X[5:])])
    return torch.allclose(whole, parts, rtol=1e-6, atol=1e-6)

# %% grade_id="scaling" points=12 why="another style: least squares over single epochs without outliers, a loop"
def _fit(table):
    later = table.query("epoch > 0").assign(each=lambda t: t["seconds"] / t["samples"])
    usual = later.groupby("workers")["each"].transform("median")
    kept = later[(later["each"] / usual - 1).abs() < 0.05]
    columns = np.column_stack([np.ones(len(kept)), 1 / kept["workers"]])
    return np.linalg.lstsq(columns, kept["each"], rcond=None)[0]

def predict(table, workers, samples):
    serial, shared = _fit(table)
    return float(samples * (serial + shared / workers))

def rent(table, samples, epochs, hours, most):
    for n in range(1, int(most) + 1):
        if predict(table, n, samples) * epochs / 3600 <= hours:
            return n

# %% grade_id="scaling" points=12 why="another style: scipy, the fastest epochs, Amdahl's serial share"
def predict(table, workers, samples):
    from scipy.optimize import curve_fit

    each = (table["seconds"] / table["samples"])[table["epoch"] != 0].groupby(table["workers"]).quantile(0.4)
    law = lambda n, one, share: one * (share + (1 - share) / n)
    (one, share), _ = curve_fit(law, each.index.to_numpy(float), each.to_numpy(), p0=[each.max(), 0.1])
    return law(workers, one, share) * samples

def rent(table, samples, epochs, hours, most):
    times = {n: epochs * predict(table, n, samples) / 3600 for n in range(1, most + 1)}
    return min((n for n, needed in times.items() if needed <= hours), default=None)

# %% grade_id="scaling" points=0 message="For eight workers predict says" why="a perfect speed-up from the median of one worker where nothing was measured" name="wrong-3"
def predict(table, workers, samples):
    usual = table[table["epoch"] > 0]
    each = (usual["seconds"] / usual["samples"]).groupby(usual["workers"]).median()
    return samples * (each[workers] if workers in each.index else each.iloc[0] / workers)

def rent(table, samples, epochs, hours, most):
    return next((n for n in range(1, most + 1) if epochs * predict(table, n, samples) <= 3600 * hours), None)

# %% grade_id="scaling" points=0 message="and Cy measured" why="means, with the start and the disturbed epochs" name="wrong-4"
def predict(table, workers, samples):
    each = (table["seconds"] / table["samples"]).groupby(table["workers"]).mean()
    shared, serial = np.polyfit(1 / each.index.to_numpy(), each.to_numpy(), 1)
    return samples * (serial + shared / workers)

def rent(table, samples, epochs, hours, most):
    return next((n for n in range(1, most + 1) if epochs * predict(table, n, samples) <= 3600 * hours), None)

# %% grade_id="scaling" points=4 message="each with as many samples as one had alone" why="seconds of epochs with other numbers of samples are compared: passes what is visible" changes="wrong-3"
-    each = (usual["seconds"] / usual["samples"]).groupby(usual["workers"]).median()
-    return samples * (each[workers] if workers in each.index else each.iloc[0] / workers)
+    seconds = usual.groupby("workers")["seconds"].median()
+    shared, serial = np.polyfit(1 / seconds.index.to_numpy(), seconds.to_numpy(), 1)
+    return samples / usual["samples"].iloc[0] * (serial + shared / workers)

# %% grade_id="scaling" points=4 message="A table with 4 epochs" why="epoch 0 is kept, and the median of eight hides it: passes what is visible" changes="wrong-4"
-    each = (table["seconds"] / table["samples"]).groupby(table["workers"]).mean()
+    each = (table["seconds"] / table["samples"]).groupby(table["workers"]).median()

# %% grade_id="scaling" points=4 message="rent says" why="always the fastest, not the smallest that is enough: passes what is visible" name="wrong-7"
def predict(table, workers, samples):
    usual = table[table["epoch"] > 0]
    each = (usual["seconds"] / usual["samples"]).groupby(usual["workers"]).median()
    shared, serial = np.polyfit(1 / each.index.to_numpy(), each.to_numpy(), 1)
    return samples * (serial + shared / workers)

def rent(table, samples, epochs, hours, most):
    if epochs * predict(table, 1, samples) <= 3600 * hours:
        return 1
    return most if epochs * predict(table, most, samples) <= 3600 * hours else None

# %% grade_id="scaling" points=0 message="rent says 8, expected None" why="the best that can be had, though it is not enough" changes="wrong-7"
-    if epochs * predict(table, 1, samples) <= 3600 * hours:
-        return 1
-    return most if epochs * predict(table, most, samples) <= 3600 * hours else None
+    return next((n for n in range(1, most + 1) if epochs * predict(table, n, samples) <= 3600 * hours), most)

# %% grade_id="scaling" points=4 message="predict stopped with KeyError" why="needs a measurement with one worker: passes what is visible" changes="wrong-3"
-    return samples * (each[workers] if workers in each.index else each.iloc[0] / workers)
+    rest = each.drop(1)
+    shares = (rest / each[1] - 1 / rest.index) / (1 - 1 / rest.index)
+    return samples * each[1] * (shares.median() + (1 - shares.median()) / workers)

# %% grade_id="resume" points=14 why="another style: random numbers of their own for each step, a count of steps, pickle, a temporary file"
Path("resumable.py").write_text(
    """
import os
import pickle
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist

from night_shift import Night


def save(state, path):
    with tempfile.NamedTemporaryFile(dir=".", delete=False) as file:
        pickle.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).rename(path)


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    night = Night(rank, dist.get_world_size())
    model = night.make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    done = 0
    path = Path("checkpoint.pt")
    if path.is_file():
        done, weights, momentum = pickle.loads(path.read_bytes())
        model.load_state_dict(weights)
        optimizer.load_state_dict(momentum)
    plan = [(epoch, step, ids) for epoch in range(night.epochs) for step, ids in enumerate(night.batches(epoch))]
    for number in range(done, len(plan)):
        epoch, step, ids = plan[number]
        night.saw(epoch, step, ids)
        torch.manual_seed((night.seed * 1000 + number) * 100 + rank)
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(night.X[ids]), night.y[ids], reduction="sum") / night.count(step)
        loss.backward()
        night.add_up_gradients(model)
        optimizer.step()
        if step % night.save_every == night.save_every - 1 and rank == 0:
            save((number + 1, model.state_dict(), optimizer.state_dict()), path)
    night.finish(model)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
"""
)

# %% grade_id="resume" points=14 why="another style: night.py with another middle part, a list that is cut, a copy of the file before"
text = Path("night.py").read_text()
begin, end = text.index("first = 0"), text.index("night.finish")
middle = """
import shutil
begin, saved = [0, 0], None
for name in ("checkpoint.pt", "before.pt"):
    try:
        saved = saved or torch.load(name)
    except Exception:
        print(name, "is not there, or not whole")
if saved:
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"][rank])
    begin = saved["begin"]
for epoch in range(begin[0], night.epochs):
    for step, ids in list(enumerate(night.batches(epoch)))[begin[1] if epoch == begin[0] else 0 :]:
        night.saw(epoch, step, ids)
        optimizer.zero_grad()
        (((model(night.X[ids]) - night.y[ids]) ** 2).sum() / night.count(step)).backward()
        night.add_up_gradients(model)
        optimizer.step()
        if (step + 1) % night.save_every == 0:
            states = [None] * size
            dist.all_gather_object(states, torch.get_rng_state())
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step + 1]}
            if rank == 0:
                if os.path.exists("checkpoint.pt"):
                    shutil.copy("checkpoint.pt", "before.pt")
                torch.save(state, "checkpoint.pt")
"""
Path("resumable.py").write_text(text[:begin] + middle + text[end:])

# %% grade_id="resume" points=0 message="The second try began at epoch 1, step 0" why="the script as it was found"
Path("resumable.py").write_text(Path("night.py").read_text())

# %% grade_id="resume" points=0 message="The second try began at epoch 1, step 3" why="the step that was done is saved as the next one" name="wrong-4"
text = Path("night.py").read_text()
begin, end = text.index("first = 0"), text.index("night.finish")
middle = """
begin = [0, 0]
if os.path.exists("checkpoint.pt"):
    saved = torch.load("checkpoint.pt", weights_only=False)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"][rank])
    begin = saved["begin"]
for epoch in range(begin[0], night.epochs):
    for step, ids in list(enumerate(night.batches(epoch)))[begin[1] if epoch == begin[0] else 0 :]:
        night.saw(epoch, step, ids)
        optimizer.zero_grad()
        (((model(night.X[ids]) - night.y[ids]) ** 2).sum() / night.count(step)).backward()
        night.add_up_gradients(model)
        optimizer.step()
        if (step + 1) % night.save_every == 0:
            states = [None] * size
            dist.all_gather_object(states, torch.get_rng_state())
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
            if rank == 0:
                torch.save(state, "next.pt")
                os.rename("next.pt", "checkpoint.pt")
"""
Path("resumable.py").write_text(text[:begin] + middle + text[end:])

# %% grade_id="resume" points=9 message="away from those of a night without mishap" why="the momentum is not saved: passes what is visible" changes="wrong-4"
-    optimizer.load_state_dict(saved["optimizer"])
@@
-            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
+            state = {"model": model.state_dict(), "random": states, "begin": [epoch, step + 1]}

# %% grade_id="resume" points=9 message="away from those of a night without mishap" why="the random numbers begin anew: passes what is visible" changes="wrong-4"
-    torch.set_rng_state(saved["random"][rank])
@@
-            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
+            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step + 1]}

# %% grade_id="resume" points=9 message="away from those of a night without mishap" why="saved before the step is made: passes what is visible" changes="wrong-4"
-        optimizer.step()
@@
-            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
+            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step + 1]}
@@
                 os.rename("next.pt", "checkpoint.pt")
+        optimizer.step()

# %% grade_id="resume" points=9 message="the second try cannot go on" why="written in place: a half file replaces the whole one; passes what is visible" changes="wrong-4"
-            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
-            if rank == 0:
-                torch.save(state, "next.pt")
-                os.rename("next.pt", "checkpoint.pt")
+            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step + 1]}
+            if rank == 0:
+                torch.save(state, "checkpoint.pt")

# %% grade_id="resume" points=9 message="written *into* checkpoint.pt" why="written to another name, and then copied, which is not atomic; passes what is visible" changes="wrong-4"
 middle = """
+import shutil
@@
-            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
+            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step + 1]}
@@
-                os.rename("next.pt", "checkpoint.pt")
+                shutil.copyfile("next.pt", "checkpoint.pt")

# %% grade_id="resume" points=9 message="further back than the last checkpoint" why="a checkpoint of two workers is thrown away by one: passes what is visible" changes="wrong-4"
     saved = torch.load("checkpoint.pt", weights_only=False)
+if os.path.exists("checkpoint.pt") and len(saved["random"]) == size:
@@
-            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step]}
+            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": states, "begin": [epoch, step + 1]}
