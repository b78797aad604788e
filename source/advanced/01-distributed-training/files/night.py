"""The night's training: torchrun --standalone --nproc-per-node=2 --max-restarts=1 night.py

As it ran when the machine was taken away. Not all of it is right.
"""

import os

import torch
import torch.distributed as dist
from night_shift import Night

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
night = Night(rank, size)
torch.manual_seed(night.seed + rank)  # each worker draws other numbers for the dropout
model = night.make_model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

first = 0
if os.path.exists("checkpoint.pt"):
    saved = torch.load("checkpoint.pt", weights_only=True)  # plain data only: no code from the file is run
    model.load_state_dict(saved["model"])
    first = saved["epoch"]

for epoch in range(first, night.epochs):
    for step, ids in enumerate(night.batches(epoch)):
        night.saw(epoch, step, ids)
        optimizer.zero_grad()
        error = model(night.X[ids]) - night.y[ids]
        loss = (error**2).sum() / night.count(step)
        loss.backward()
        night.add_up_gradients(model)
        optimizer.step()
        if (step + 1) % night.save_every == 0:
            torch.save({"model": model.state_dict(), "epoch": epoch}, "checkpoint.pt")

night.finish(model)
dist.destroy_process_group()
