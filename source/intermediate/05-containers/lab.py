# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: intermediate
#     minutes: 140
#     outcomes:
#     - Keep secrets, data and waste out of the build context, and measure it in bytes
#     - Order a Dockerfile so that a change builds again what depends on it, and nothing else
#     - Build an image in stages, within a budget of megabytes, without anything that the service does not import
#     - Find a leaked key in an image's layers and history, and hand secrets to a build without leaving a trace
#     - Make a container stop in time without losing a request, run without root, and tell whether it is healthy
#     prerequisites:
#     - readiness-check
#     - reproducibility
#     - ci-cd-for-ml
#     - model-serving
#     roadmap: Docker
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: containers
#     terms:
#       image: "A file system and some settings, packed up: what a container is started from."
#       container: "A process, with its children, that sees an image's files as its whole machine."
#       registry: "A server that keeps images by name: whoever may pull from it gets all of an image."
#       Dockerfile: "The recipe of an image: one instruction after the other."
#       build context: "The files that are sent to the builder: a folder, without what its .dockerignore leaves out."
#       layer: "What one step of a build changed in the files. An image is a stack of layers."
#       build cache: "The builder's store of layers from earlier builds, which it takes instead of building again."
#       build argument: "A value given to a build by --build-arg, and known in it by ARG."
#       multi-stage build: "A Dockerfile with several FROMs: only the last stage becomes the image, and copies what it needs from the others."
#       whiteout: "The mark in a layer by which a file of an earlier layer counts as deleted."
#       secret mount: "A file that one step of a build can read and that never becomes a part of the image."
#       grace period: "The time between the request to stop and the kill: 10 seconds for docker stop."
#       exec form: "A command written as a list of words, started as it is; the shell form is a text that /bin/sh runs."
#       digest: "The hash of an image's description and so of all its content: a name that cannot be moved."
#       tag: "A movable name of an image in a registry, such as 3.12-slim."
#       health check: "A command that is run in a container at intervals, and says by its exit code whether the service works."
#       Compose: "A file format, and the tool for it, for several containers that run together on one machine."
#       named volume: "Storage with a name, which outlives the containers that use it."
#     title: Containers
#     tools:
#     - Dockerfile
#     - hadolint
#     - dockerfile-parse
#     - Compose
#     - FastAPI
# ---

# %% [markdown]
# # Containers
#
# ## Why this matters
#
# Tuesday 10 March 2026, ten past eight. Noor, who leads the machine learning team of Metro Bikes, reads a mail from a stranger:
#
# > *I pulled your image alarm:2.4 out of curiosity. I think this is the key of your map service: mbk_… You may want to change it.*
#
# "Impossible", says Cy. "I deleted that file. There is a line for it in the Dockerfile!" He opens the image, looks, and the file is not there. Noor changes the key all the same, and then asks around what else people think of that image.
#
# Rosa, from the workshop: "Whenever you release, the vans' app gets no answer for ten seconds, and some answers never come." Ada: "I changed a comment. The build took eleven minutes, again." And Bo, who brings it to the depots by a mobile link: "It has 2.8 gigabytes. What on earth is in there?"
#
# An **image** is a file system and some settings, packed up; a **container** is a process that has been started from it and sees these files as its whole machine. It makes a service run elsewhere as it ran here: a strong promise, and the reason why nearly every model in production lives in one. The recipe, the **Dockerfile**, is thirteen lines long. All four complaints come from these thirteen lines, and from what lies around them. Today you mend them, one after the other.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `found`, what Git holds of the service, the *repair alarm*, which says after each trip whether a van should fetch the bike. `alarm` is its code (`api.py`, 50 lines, read them), `model/model.npz` its model as the training left it. `alarm/export.py` turns this into the `model.json` that the service reads, when the image is built: numpy is needed for that, and not later.
# - `colleagues.py`, which plays Cy: it makes the folder `service`, the same as it lies on his laptop, with all that is *not* in Git. **You write your files into `service`.** When you restart the notebook, the next cell makes the folder again, and your cells write their files again.
# - `imagebuild.py`, a stand-in for `docker build`, and `container.py`, one for `docker run` and `docker stop`. `sizes.yaml` has the sizes that the first one uses.
# - `linters.py`, which asks `hadolint` about Dockerfiles, a real and widely used linter.
#
# You need no Docker for this lab. The stand-ins are honest about what they are; their first lines tell what they do not do. Read these lines now: `imagebuild.py` runs nothing and knows a dozen shell commands; `container.py` runs the real service on this machine, with no walls around it. *Putting it together* shows how to build and run the same files with Docker or Podman.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import gzip
import io
import json
import re
import tarfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import yaml
from IPython.display import Image as Picture

from colleagues import key, play_found, play_push
from imagebuild import MB, BuildError, build, build_context, files_in, rebuilt
from linters import compose_problems, hadolint

play_found("service")
clean = {path: content for path, content in files_in("found").items() if "__pycache__" not in path}  # what Git holds


def written(name):
    """Return the text of a file that an answer cell wrote."""
    path = Path(name)
    assert path.is_file(), f'There is no file {name}. Write it with Path("{name}").write_text(…).'
    return path.read_text()


def attempt(text, files, **arguments):
    """Return the image that a Dockerfile's text makes, with build arguments; fail with the builder's words where it stops."""
    try:
        return build(text, files, arguments)
    except BuildError as error:
        raise AssertionError(f"The build stops: {error}") from None


def started(script, model, other=None, env=None, slow=0.0):
    """Start the service by the text of an entrypoint.sh, ask it, stop it, and return what happened; see play_start in container.py."""
    from container import play_start

    return play_start(script, model, other, env, slow)


def tried(dockerfile, files):
    """Build a Dockerfile's text, start the image, look at its health check, stop it, and return what happened; see play_image in container.py."""
    from container import play_image

    return play_image(dockerfile, files)


# %% [markdown]
# And these are the thirteen lines, the script that starts the service, and a file for Part 7:

# %% nbgrader={"grade": false, "grade_id": "found-files", "locked": true, "schema_version": 3, "solution": false, "task": false}
FOUND = r"""
FROM python:latest
ARG COMMIT
ARG INDEX_TOKEN
WORKDIR /app
COPY . .
RUN apt-get update
RUN apt-get install -y build-essential git curl vim
RUN echo "machine packages.metro-bikes.example login build password $INDEX_TOKEN" > /root/.netrc
RUN pip install -r requirements.txt -r requirements-build.txt -r requirements-train.txt
RUN python -m alarm.export model/model.npz model.json
RUN rm -rf /root/.netrc /root/.cache .env data
LABEL commit=$COMMIT
CMD sh entrypoint.sh
""".lstrip()
FOUND_SCRIPT = r"""#!/bin/sh
# Starts the service: first check the model, then serve it.
python -m alarm.check "${MODEL:-model.json}"
uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
"""
FOUND_COMPOSE = r"""
services:
  alarm:
    build: .
    ports: ["8000:8000"]
    environment:
      MLFLOW_TRACKING_URI: http://localhost:5000
    depends_on: [mlflow]
    healthcheck:
      test: curl -f http://localhost:8000/health
  mlflow:
    image: registry.metro-bikes.example/mlflow
    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:bicycle42@localhost:5432/mlflow --artifacts-destination /mlflow/artifacts
    ports: ["5000:5000"]
    depends_on: [db]
  db:
    image: postgres:latest
    ports: ["5432:5432"]
    environment:
      POSTGRES_USER: mlflow
      POSTGRES_PASSWORD: bicycle42
  prometheus:
    image: prom/prometheus:latest
    ports: ["9090:9090"]
    volumes:
      - ./prometheus.yml:/etc/prometheus/prometheus.yml
""".lstrip()
for name, text in [("Dockerfile", FOUND), ("entrypoint.sh", FOUND_SCRIPT), ("compose.yaml", FOUND_COMPOSE)]:
    Path("service", name).write_text(text)
    clean[name] = text.encode()

# %% [markdown]
# ## Part 1 · What goes in
#
# `docker build .` gives the builder, which often runs on another machine, this folder. What may be sent from it is the **build context**. `COPY . .` copies all of it into the image, and everyone who may pull the image gets it. A file `.dockerignore` in the folder says what is left out. Cy has one:

# %%
on_the_laptop = files_in("service")
sent = build_context(on_the_laptop)
print(on_the_laptop[".dockerignore"].decode())
print(f"{len(sent)} of {len(on_the_laptop)} files are sent, {sum(map(len, sent.values())):,} of {sum(map(len, on_the_laptop.values())):,} bytes:")
for path, content in sorted(sent.items(), key=lambda one: -len(one[1])):
    print(f"{len(content):9,}  {path}")

# %% [markdown]
# (At work the folders `.git` and `data` would have gigabytes.) Cy copied his rules from `.gitignore`, and they look alike. They are not:
#
# | pattern | in `.gitignore` | in `.dockerignore` |
# |:--|:--|:--|
# | `.env` | in any folder | **only at the top** |
# | `*.key` | in any folder | only at the top: `*` does not cross a `/` |
# | `**/.env` | in any folder | in any folder, the top among them |
# | `data` | any file or folder of that name | the one at the top, with all below it |
# | `!alarm/x.py` | not below a folder that is left out | takes the file in again, also below such a folder |
#
# Both go from top to bottom, and the *last* pattern that fits a file decides. A folder that fits takes along all that is below it; so `!alarm` takes in everything below `alarm`, whatever an earlier line said.
#
# And nothing leaves out `.git` by itself. It holds each version of each file, and here the address with Cy's password, too.
#
# ### Exercise 1 — Leave it at home
# *Difficulty ●○○ · about 10 minutes*
#
# Write a `.dockerignore` for this service, the file `service/.dockerignore`.
#
# Done means:
#
# 1. No secret is sent, in whichever folder it lies: files named `.env` or `.env.` and something more, files that end in `.pem` or `.key`. Nothing of `.git` is sent. (Other names that begin with `.env`, such as `.envrc`, you may leave out as well.)
# 2. The folders `data` and `notebooks` at the top are not sent, nor, wherever they lie, the folders `.venv`, `__pycache__` and `.ipynb_checkpoints`.
# 3. All else below `alarm` and `model` is sent, in whichever folder it lies. (A colleague is about to add tables in `alarm/data`, and a module `keys.py`.) So are `entrypoint.sh` and the files `requirements….txt`. The rest is up to you.
# 4. It holds for this folder, where less than 40,000 bytes are to be sent, and for those of colleagues that you have not seen.
#
# <details><summary>Hint 1</summary>Take each kind of file in turn and ask: at the top only, or at any depth? For <code>data</code> it is not the same as for <code>.env</code>.</details>
# <details><summary>Hint 2</summary><code>**/</code> before a name means any depth. You may also begin with <code>*</code> (nothing), and take in what is needed: but then what you take in brings along what lies in it, so the secrets' lines must come after.</details>

# %% nbgrader={"grade": false, "grade_id": "ignore", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the file service/.dockerignore.
### BEGIN SOLUTION
Path("service/.dockerignore").write_text("""# secrets, at any depth
**/.env
**/.env.*
**/*.pem
**/*.key
.git
# data and notebooks, at the top
data
notebooks
# what tools left behind, at any depth
**/.venv
**/__pycache__
**/.ipynb_checkpoints
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-ignore", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
laptop = files_in("service")
assert laptop[".dockerignore"].decode().strip() != "# copied from .gitignore\n.env\n*.pem\n*.key\n__pycache__/\n/data/\n.ipynb_checkpoints", (
    'service/.dockerignore is still that of Cy. Write yours with Path("service/.dockerignore").write_text(…).'
)
going = build_context(laptop)
leaks = [path for path in going if re.search(r"(^|/)\.env(\.[^/]+)?$|\.(pem|key)$|^\.git/", path)]
assert not leaks, f"Secrets are sent to the builder: {', '.join(leaks)}. A pattern without **/ before it looks at the top folder only."
waste = [path for path in going if re.search(r"^(data|notebooks)/|(^|/)(__pycache__|\.ipynb_checkpoints)/", path)]
assert not waste, f"Data, notebooks or caches are sent to the builder: {', '.join(waste)}."
lacking = [path for path in clean if re.match(r"(alarm|model)/|requirements|entrypoint", path) and path not in going]
assert not lacking, f"The image needs {', '.join(lacking)}, and they are left out."
assert sum(map(len, going.values())) < 40_000, f"{sum(map(len, going.values())):,} bytes are sent, expected less than 40,000."

# %% nbgrader={"grade": true, "grade_id": "judge-ignore", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your service/.dockerignore on another colleague's folder, with secrets, caches and code at other places.
### BEGIN HIDDEN TESTS
from judging import text_of
from judging_ignore import ignore_problem

problem = ignore_problem(text_of("service/.dockerignore"))
assert not problem, problem
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · What is built again
#
# Each `RUN`, `COPY` and `WORKDIR` makes a **layer**: what this step changed in the files. The builder keeps the layers of earlier builds in the **build cache**, and takes a step from there if
#
# - the step *before* it came from the cache, and
# - for `COPY`: the contents of the copied files are the same (times do not count),
# - for `RUN`: the text is the same, and so are the environment variables. What the network would give today does not count.
#
# So one step that is built again makes all after it built again. `rebuilt` of the stand-in says which. Ada changes a comment in `alarm/api.py`:

# %%
before = build(FOUND, clean, {"COMMIT": "8c1f", "INDEX_TOKEN": "x"})
changed = {**clean, "alarm/api.py": clean["alarm/api.py"] + b"# a comment\n"}
for step in rebuilt(before, build(FOUND, changed, {"COMMIT": "8c1f", "INDEX_TOKEN": "x"})):
    print(f"built again: {step.size / MB:7.1f} MB  {step.text[:90]}")

# %% [markdown]
# There are her eleven minutes. `COPY . .` stands near the top, so a comment installs 1.2 GB of packages. And look what happens if nothing changes at all, but the commit:

# %%
for step in rebuilt(before, build(FOUND, clean, {"COMMIT": "77aa", "INDEX_TOKEN": "x"})):
    print(f"built again: {step.size / MB:7.1f} MB  {step.text[:90]}")

# %% [markdown]
# `COMMIT` is a **build argument**: `docker build --build-arg COMMIT=$(git rev-parse HEAD)`, known in the file from the line `ARG COMMIT` on. A `RUN` after that line sees it as an environment variable, so it counts as an input *whether the command uses it or not*. In CI each build has a new commit: nothing after that line would ever come from the cache.
#
# The cache can also be too good. `RUN apt-get update` is a step of its own here. Its text never changes, so its list of packages is that of the day when it was first built; when `apt-get install` changes in May, it asks for versions of March, which are gone. Both belong in one `RUN`. For the same reason names of packages belong into a file that is copied before `RUN pip install -r …`: what the step depends on must be among what the cache looks at.
#
# ### Exercise 2 — Eleven minutes for a comment
# *Difficulty ●●○ · about 14 minutes*
#
# Write the Dockerfile again, as `service/order.Dockerfile`, so that a change builds again what depends on it. One stage is enough, size does not matter yet, and you may drop what the service does not need. (Secrets come later: leave out `INDEX_TOKEN`.) Paths in it are those of the service's folder, and what `.dockerignore` leaves out does not matter: the folder is clean.
#
# Done means:
#
# 1. A new `COMMIT` alone builds no `RUN` again. Still, a `LABEL` tells the commit.
# 2. A change in `alarm`, or a new `model/model.npz`, installs nothing again. The new model is in the image, as `model.json` in the `WORKDIR`, made of it by `python -m alarm.export model/model.npz model.json`.
# 3. A change in `README.md`, `train.py`, `compose.yaml` or `prometheus.yml` builds nothing again.
# 4. A new version in `requirements.txt` or `requirements-build.txt` is installed.
# 5. No `apt-get update` stands in a `RUN` without its install.
# 6. The container's first process can import what `requirements.txt` installs, with all that these packages need. `alarm`, with whatever modules and tables are in it, and `entrypoint.sh` lie in the `WORKDIR`, as `model.json` does. The command that starts it may stay as it is.
#
# <details><summary>Hint 1</summary>Sort the steps by how often what they depend on changes: seldom first. Which files does <code>pip install</code> depend on? Copy these, and no others, before it.</details>
# <details><summary>Hint 2</summary>The commit changes most often of all, so <code>ARG COMMIT</code> and its label come last. Instead of <code>COPY . .</code> copy by name: the requirements, then what the export needs, then the rest.</details>

# %% nbgrader={"grade": false, "grade_id": "order", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the file service/order.Dockerfile.
### BEGIN SOLUTION
Path("service/order.Dockerfile").write_text("""FROM python:3.12-slim-bookworm
WORKDIR /app
COPY requirements.txt requirements-build.txt ./
RUN pip install --no-cache-dir -r requirements.txt -r requirements-build.txt
COPY alarm alarm
COPY model model
RUN python -m alarm.export model/model.npz model.json
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
ARG COMMIT
LABEL commit=$COMMIT
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-order", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
ordered = written("service/order.Dockerfile")
at_first = attempt(ordered, clean, COMMIT="8c1f")
for path in ("/alarm/api.py", "/entrypoint.sh", "/model.json"):
    assert at_first.config["workdir"].rstrip("/") + path in at_first.files, f"The image has no {path[1:]} in its WORKDIR, {at_first.config['workdir']}."
lost = {"fastapi", "uvicorn", "prometheus-client"} - at_first.packages()
assert not lost, f"The container's first process cannot import {', '.join(sorted(lost))}."
assert "8c1f" in at_first.config["labels"].values(), "No LABEL of the image tells the commit, 8c1f."
for what, files, commit in [("a new COMMIT", clean, "77aa"), ("a change in alarm/api.py", {**clean, "alarm/api.py": b"# new\n"}, "8c1f")]:
    long = [step for step in rebuilt(at_first, attempt(ordered, files, COMMIT=commit)) if step.text.startswith("RUN") and step.size > MB]
    assert not long, f"By {what} this is built again: {long[0].text[:80]}. What comes before it, and does it depend on that?"

# %% nbgrader={"grade": true, "grade_id": "judge-order", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your service/order.Dockerfile on a fresh folder, with changes of each kind named above.
### BEGIN HIDDEN TESTS
from judging import text_of
from judging_layers import order_problem

problem = order_problem(text_of("service/order.Dockerfile"))
assert not problem, problem
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · What it weighs
#
# "2.8 gigabytes" had been said before. Cy's answer was to clean up at the end:

# %%
CLEANED = FOUND.replace("LABEL", "RUN pip uninstall -y mlflow jupyterlab matplotlib scikit-learn && apt-get purge -y build-essential git vim\nRUN chown -R 1000 /app\nLABEL")
cleaned = build(CLEANED, clean, {"COMMIT": "8c1f", "INDEX_TOKEN": "x"})
seen = sum(file.size for file in cleaned.files.values()) / MB
print(f"before: {before.size / MB:6.0f} MB\nafter:  {cleaned.size / MB:6.0f} MB   (of which the base {cleaned.size / MB - sum(step.size for step in cleaned.layers) / MB:.0f} MB)")
print(f"one sees in the container, above the base: {seen:.0f} MB")
for step in cleaned.layers:
    print(f"{step.size / MB:8.1f} MB  {step.text[:90]}")

# %% [markdown]
# A layer, once made, is never changed. A later step that deletes a file adds a note, "this file is gone", a **whiteout**; the file still lies below, is stored, and is sent to each depot. And `chown` in a later step stores each file once more, with its new owner: `COPY --chown` gives it the right one from the start. The sum of the layers is what counts.
#
# There are two ways out. What is made and deleted *within one* `RUN` leaves no trace: `apt-get install … && … && rm -rf /var/lib/apt/lists/*`; pip's own cache is switched off by `--no-cache-dir`. The better way is a **multi-stage build**: several `FROM`s in one file. Each begins a new stage, only the last becomes the image, and takes from the others what it needs. Here is one for a page with the vans' times, which has nothing to do with the alarm:

# %%
VANS = """
FROM python:3.12-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir uvicorn==0.54.0

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH
COPY --from=build /opt/venv /opt/venv
CMD ["uvicorn", "vans:app"]
"""
vans = build(VANS, {})
print(f"{vans.size / MB:.0f} MB; steps: {[(step.stage, round(step.size / MB, 1)) for step in vans.steps]}")
print("can import:", sorted(vans.packages()))

# %% [markdown]
# The stage `build` may hold compilers, tokens, numpy, whatever: it is left behind. Three things to watch. Python packages lie in a folder named after the Python version, so both stages need the same one, and the programs of an environment (`/opt/venv/bin/uvicorn`) begin with the path of their Python, so it must be copied to the same place. And the last stage starts from scratch: it has only what you copy into it, and finds packages only where its Python looks. That is what `PATH` is for: the first `python` and `uvicorn` on it are those of the environment `/opt/venv`.
#
# Which packages? There are three lists: what the service imports (`requirements.txt`, 11 MB with all they need), what the export imports (`requirements-build.txt`, 57 MB), and what training imports (`requirements-train.txt`, about 900 MB). The bases, unpacked: `python:3.12` 1,020 MB, `python:3.12-slim-bookworm` 125 MB.
#
# ### Exercise 3 — A budget of 160 MB
# *Difficulty ●●○ · about 14 minutes*
#
# Write `service/small.Dockerfile`, with two stages or more.
#
# Done means:
#
# 1. The image has at most 160 MB, by the stand-in's count.
# 2. Its first process can import all that `requirements.txt` installs, with what these packages need. The image holds no other Python packages (but pip, setuptools, wheel), no compiler, git or curl.
# 3. Of the folder's files it holds `alarm`, with whatever is in it, and `entrypoint.sh`, in the `WORKDIR`, and nothing more. `model.json`, made by `alarm.export`, lies there, too; `model/model.npz` does not.
# 4. The layers together are at most 1 MB larger than the files that one sees in the image: nothing is stored twice, nothing is stored and then deleted.
# 5. It holds on a fresh folder, with other modules, tables below `alarm/data` and another model.
#
# <details><summary>Hint 1</summary>Who needs numpy, and when? If the service's packages and the export's are installed into the same place, the last stage gets both when it copies that place.</details>
# <details><summary>Hint 2</summary>Make two environments in the build stage, one for each list of requirements; export with the <code>bin/python</code> of one, copy the other. Then copy <code>model.json</code> from the stage, and <code>alarm</code> and <code>entrypoint.sh</code> from the folder.</details>

# %% nbgrader={"grade": false, "grade_id": "small", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the file service/small.Dockerfile.
### BEGIN SOLUTION
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS build
WORKDIR /app
COPY requirements-build.txt .
RUN python -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir -r requirements-build.txt
COPY requirements.txt .
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
COPY alarm alarm
COPY model model
RUN /opt/tools/bin/python -m alarm.export model/model.npz model.json

FROM python:3.12-slim-bookworm
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app/model.json .
COPY alarm alarm
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-small", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
slim = attempt(written("service/small.Dockerfile"), clean, COMMIT="8c1f")
assert slim.size <= 160 * MB, f"The image has {slim.size / MB:.0f} MB, expected at most 160. Its largest layer: {max(slim.layers, key=lambda step: step.size).text[:70]}"
lost = {"fastapi", "uvicorn", "prometheus-client"} - slim.packages()
assert not lost, f"The first process cannot import {', '.join(sorted(lost))}: are they in the last stage, in a folder of its Python's version ({slim.python}), and does its Python look there?"
for path in ("/alarm/api.py", "/entrypoint.sh", "/model.json"):
    assert slim.config["workdir"].rstrip("/") + path in slim.files, f"The image has no {path[1:]} in its WORKDIR, {slim.config['workdir']}."

# %% nbgrader={"grade": true, "grade_id": "judge-small", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what is in the image that your service/small.Dockerfile makes of a fresh folder, and what its layers hold beside that.
### BEGIN HIDDEN TESTS
from judging import text_of
from judging_layers import small_problem

problem = small_problem(text_of("service/small.Dockerfile"))
assert not problem, problem
### END HIDDEN TESTS

# %% [markdown]
# The same service, three times. Each block of a bar is a layer; the white one is the base.

# %% tags=["uses-answers"]
three = {"found": before, "cleaned up at the end": cleaned, "in stages": build(Path("service/small.Dockerfile").read_text(), clean)}
fig, axis = plt.subplots(figsize=(8, 2.6))
for name, image in three.items():
    left = image.size - sum(step.size for step in image.layers)
    axis.barh(name, left / MB, color="white", edgecolor="black")
    for step in image.layers:
        axis.barh(name, step.size / MB, left=left / MB, edgecolor="black", color="tab:blue", alpha=0.6)
        left += step.size
    axis.text(left / MB + 30, name, f"{left / MB:,.0f} MB", va="center")
axis.set_xlabel("size of the image, MB")
axis.set_xlim(0, 3500)
axis.invert_yaxis()
fig.savefig("sizes.png", bbox_inches="tight", dpi=90)
plt.close(fig)
Picture("sizes.png", alt="Three bars, the images' sizes in MB by layer: as found and cleaned up at the end nearly 2,800 each, in stages about 150, most of which is the base.")

# %% [markdown]
# ## Part 4 · What does not go away
#
# Now to the stranger's mail. Cy's image of Thursday, as it was pushed to the **registry**, the server that keeps images, lies in a file, as `docker save` writes it:

# %% nbgrader={"grade": false, "grade_id": "pushed", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_push("pushed.tar")

# %%
with tarfile.open("pushed.tar") as archive:
    for member in archive:
        print(f"{member.size:7}  {member.name}")
    print(archive.extractfile("manifest.json").read().decode())

# %% [markdown]
# An image is a tar archive of tar archives. `manifest.json` is a list of images; each names its `Config`, and its `Layers` from the bottom up. A layer is again a tar archive, sometimes compressed with gzip. The config, in JSON, holds the settings in `config` (`Env`: the environment) and the `history`: a list of all steps of the recipe.
#
# Let us look into one layer and at the first steps:

# %%
with tarfile.open("pushed.tar") as archive:
    manifest = json.loads(archive.extractfile("manifest.json").read())[0]
    settings = json.loads(archive.extractfile(manifest["Config"]).read())
    with tarfile.open(fileobj=archive.extractfile(manifest["Layers"][0])) as layer:
        print(layer.getnames())
for step in settings["history"][:4]:
    print(step)

# %% [markdown]
# Steps that change no file have no layer: they are marked `empty_layer`. So the third layer need not belong to the third step. Whoever wants to know *who put it there* has to count.
#
# A file that a later step deleted lies there still, in its own layer; only the container does not show it. The deletion is a whiteout, an empty file with the name `.wh.` and the name of what is gone. And a build argument that a `RUN` saw stands in the history, with its value: `docker history --no-trunc` shows it to everybody.
#
# ### Exercise 4 — The key in the basement
# *Difficulty ●●● · about 16 minutes*
#
# Noor must know which keys to revoke, and which lines to mend. Write `find_keys(archive)`: given the path of an image archive it returns a set (or list) of all finds, each a tuple `(key, where, step)`:
#
# - `key`, a text: `mbk_` followed by 32 hexadecimal digits, `0` to `9` and `a` to `f`. It may stand anywhere in a file, several in one, also among bytes that are no text.
# - `where`: for a file in a layer its path in that layer, such as `app/.env`; for the text of a step (`created_by`) the word `history`; for the environment the word `env`.
# - `step`: the number of the step that put it there, counted in the history from 0. For `env` it is `None`.
#
# Done means: it holds for this archive and for others: with keys in files that were deleted or overwritten later, in compressed layers, in the history, in the environment. One key may lie in several places: each is a find. So is each step that stored the same file, with its key, once more.
#
# <details><summary>Hint 1</summary>Leave whiteouts aside: you are not asked what the container shows. Read every layer by itself. Which history entries have a layer? Number those.</details>
# <details><summary>Hint 2</summary><code>tarfile.open(fileobj=…)</code> finds out by itself whether a stream is compressed, if it can go back and forth in it (<code>io.BytesIO</code>). <code>re.findall</code> works on bytes with a pattern of bytes. <code>zip</code> the numbers of the steps that have a layer with the manifest's <code>Layers</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "keys", "locked": false, "schema_version": 3, "solution": true, "task": false}
def find_keys(archive):
    """Return all keys in an image archive: a set of (key, where, step)."""
    ### BEGIN SOLUTION
    def keys(content):
        return {one.decode() for one in re.findall(rb"mbk_[0-9a-f]{32}", content)}

    finds = set()
    with tarfile.open(archive) as outer:
        for image in json.load(outer.extractfile("manifest.json")):
            config = json.load(outer.extractfile(image["Config"]))
            for line in config["config"].get("Env") or []:
                finds |= {(one, "env", None) for one in keys(line.encode())}
            for step, entry in enumerate(config["history"]):
                finds |= {(one, "history", step) for one in keys(entry.get("created_by", "").encode())}
            with_layer = [step for step, entry in enumerate(config["history"]) if not entry.get("empty_layer")]
            for step, name in zip(with_layer, image["Layers"], strict=True):
                with tarfile.open(fileobj=io.BytesIO(outer.extractfile(name).read())) as layer:
                    for member in layer:
                        if member.isfile():
                            finds |= {(one, member.name, step) for one in keys(layer.extractfile(member).read())}
    return finds
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-keys", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
finds = find_keys("pushed.tar")
assert isinstance(finds, (set, list, tuple)), f"find_keys returned a {type(finds).__name__}, expected a set of (key, where, step)."
finds = {(one[0], str(one[1]).removeprefix("./").lstrip("/"), one[2]) for one in finds}
in_file = [one for one in finds if one[1] == "app/.env"]
assert in_file, "The stranger found a key in app/.env, which a later step deleted. It still lies in the layer of the step that brought it."
assert in_file[0][0] == key("maps"), f"In app/.env you found {in_file[0][0]!r}, expected the key alone, 36 characters, as a text."
assert in_file[0][2] == 5, f"By your word step {in_file[0][2]} brought app/.env: expected 5, COPY. Steps without a layer count in the history, too."
assert (key("index token"), "history", 6) in finds, "A second key stands in the history, in the text of step 6: a build argument, shown with its value."
assert len(finds) == 2, f"You report {len(finds)} finds, expected 2: {sorted(finds, key=str)}"

# %% nbgrader={"grade": true, "grade_id": "judge-keys", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: find_keys on fresh archives, whose keys lie in files that were deleted, or overwritten, later.
### BEGIN HIDDEN TESTS
from judging_keys import keys_problem, pushed, said_keys

for kind in ("deleted", "overwritten"):
    with pushed(kind) as (path, truth):
        problem = keys_problem(said_keys(find_keys(path)), truth)
    assert not problem, problem
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-keys-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: find_keys on fresh archives, with compressed layers, several keys in a file, and keys in the history and the environment.
### BEGIN HIDDEN TESTS
from judging_keys import keys_problem, pushed, said_keys

for kind in ("zipped", "settings"):
    with pushed(kind) as (path, truth):
        problem = keys_problem(said_keys(find_keys(path)), truth)
    assert not problem, problem
### END HIDDEN TESTS

# %% [markdown]
# Two keys, and the stranger told Noor of one. The second is the password for the team's package index: with it, anyone could have put a package into all our images.
#
# What to do with a key that went out? *Revoke it.* Deleting the tag in the registry does not call back what others have pulled. And how does a build get a secret that it needs? By a **secret mount**:
#
# ```
# RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install -r requirements.txt
# ```
#
# and `docker build --secret id=pip,src=$HOME/.config/pip/pip.conf .`: the file is there for this one step, and goes into no layer and no history. Here it is pip's own settings file, which may hold the address of an index with a password. (Secrets that the *running* service needs never belong in an image: it gets them when it starts.)

# %% [markdown]
# ## Part 5 · The first process
#
# Rosa's ten seconds. `docker stop` sends the signal SIGTERM, "please end", to the container's first process, waits for the **grace period**, 10 seconds, and then kills all that is in the container. Kubernetes does the same with 30 seconds, at every release. uvicorn knows what to do with SIGTERM: it takes no new requests, answers those it has, and ends. If it hears of it.
#
# The first process is what `ENTRYPOINT` and `CMD` say, and there are two forms:
#
# - the **exec form** is a list of words, `CMD ["uvicorn", "alarm.api:app"]`. The program itself becomes the first process.
# - the *shell form* is a text, `CMD uvicorn alarm.api:app`. It means `/bin/sh -c "uvicorn alarm.api:app"`: the first process is a shell, and uvicorn is its child.
#
# A shell that waits for its child does not pass signals on. Worse, the first process has the number 1, and Linux spares number 1 each signal for which it has not set up a handler: so the shell does not even die. Let us start the service three ways, for real, and stop it; instead of ten seconds we wait for one.

# %% nbgrader={"grade": false, "grade_id": "model-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
model_now = build(FOUND, clean).files["/app/model.json"].content.decode()
damaged = json.dumps({**json.loads(model_now), "weights": [float("nan"), 0.1, 0.1]})
print(FOUND_SCRIPT)

# %%
from concurrent.futures import ThreadPoolExecutor

from container import plain_image, running

COPIES = """
FROM python:3.12-slim-bookworm
WORKDIR /app
COPY alarm alarm
COPY model.json .
COPY entrypoint.sh .
"""
ways = {
    "shell form: uvicorn is the shell's child": "CMD uvicorn alarm.api:app --port $PORT",
    "exec: the shell becomes uvicorn": 'CMD ["sh", "-c", "exec uvicorn alarm.api:app --port $PORT"]',
    "the script entrypoint.sh, as found": 'CMD ["sh", "/app/entrypoint.sh"]',
}


def stop_of(command):
    with running(plain_image(FOUND_SCRIPT, model_now, dockerfile=COPIES + command)) as box:
        return box.handles_signal(), box.stop(grace=1)


with ThreadPoolExecutor() as pool:
    with_damaged_model = pool.submit(started, FOUND_SCRIPT, damaged)  # for the cell after the next
    for way, (handles, end) in zip(ways, pool.map(stop_of, ways.values()), strict=True):
        print(f"{way:42} handler for SIGTERM: {handles!s:5}  {end}")

# %% [markdown]
# `exec` is a word of the shell: *become* that program, instead of starting it as a child. The process keeps its number, and the signal arrives. (Some shells become the last command of `-c` by themselves: bash does, Debian's `sh`, which slim images have, does not. Do not build on it. And if `/bin/sh` on your machine is bash, as on Fedora or a Mac, the first line above looks better than it would in the image.) Exit code 137 means killed: 128 + 9, the number of SIGKILL. After a stop in peace it is 0, 143 or, as Python shows it here, −15.
#
# Why a script at all? Because something is to be done before the service starts: here `python -m alarm.check` looks whether the model can be used. And there is the second fault: whatever it says, the service starts.

# %%
said = with_damaged_model.result()
print("is up:", said["up"], "  answers:", said.get("score"))
print(said["log"][:700])

# %% [markdown]
# The check said that the model is broken, nobody listened, and the app got answers without a score, until somebody looked. A container that cannot do its work should *end*, with an exit code that is not 0: then whoever started it knows, keeps the old version running, and raises the alarm.
#
# ### Exercise 5 — Going gently
# *Difficulty ●●○ · about 14 minutes*
#
# Mend the script: write `service/entrypoint.sh`, for `/bin/sh`. It is started as `sh entrypoint.sh`, in the folder with `alarm`, and becomes the container's first process.
#
# Done means:
#
# 1. At SIGTERM the container ends by itself well within two seconds, and a request that is being answered still gets its answer.
# 2. The model is checked first, by `python -m alarm.check`. If that fails, no service starts, and the container ends with a code other than 0.
# 3. The environment decides as before: `PORT` (8000 where it is not set) and `MODEL` (model.json where it is not set), for the check as for the service. It listens on all addresses, `0.0.0.0`: `127.0.0.1` inside a container is the container alone.
#
# <details><summary>Hint 1</summary>Two small changes are enough: one word before a line, and something that lets a failure of the other line count.</details>
# <details><summary>Hint 2</summary>The shell has an option by which a script ends at its first command that fails: look for it in <code>man dash</code>, at <code>set</code>; or say what is to follow a failure, after <code>||</code>. And see the table above: which of the three ways ended in peace? A pipe after it, such as <code>| tee log</code>, would undo it.</details>

# %% nbgrader={"grade": false, "grade_id": "gently", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the file service/entrypoint.sh.
### BEGIN SOLUTION
Path("service/entrypoint.sh").write_text("""#!/bin/sh
# Starts the service: first check the model, then become the service.
set -e
python -m alarm.check "${MODEL:-model.json}"
exec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-gently", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
script = written("service/entrypoint.sh")
went = started(script, model_now)
assert went["up"], f"With a sound model the service does not come up on $PORT. Its log: {went['log'][-300:]}"
assert not went["killed"], "At SIGTERM nothing happened, and at last the container was killed: the first process, the shell, has no handler for it and passes nothing on."
broken = started(script, damaged)
assert not broken["up"], "With a damaged model the service comes up: what alarm.check says has no consequence."

# %% nbgrader={"grade": true, "grade_id": "judge-gently", "locked": true, "points": 11, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your service/entrypoint.sh, started with another model, stopped in the middle of a request, and started with a damaged model.
### BEGIN HIDDEN TESTS
import json

from judgekit import drawn
from judging import expected_score, numbers, text_of

chance = drawn("gently")
mine, decoy, ill = numbers(chance), numbers(chance), numbers(chance, damaged=True)
trip = {"distance_km": 2.0, "km_since_service": 700.0, "climb_m": 30.0}
script = text_of("service/entrypoint.sh")
run = started(script, json.dumps(decoy), json.dumps(mine), {"MODEL": "other.json"}, slow=0.8)
assert run["up"], f"With MODEL=other.json and a PORT of its own the service does not come up. Its log ends: {run['log'][-200:]}"
assert abs(run["score"] - expected_score(mine, trip)) < 2e-4, "With MODEL=other.json the service answers with another model's score: MODEL decides."
assert not run["killed"], "Stopped in the middle of a request, the container did not end by itself, and had to be killed."
assert run["answered"], "The request that was being answered when SIGTERM came got no answer: the container ended before the service did."
assert run["everywhere"], "The service listens on 127.0.0.1 alone: in a container, nobody outside it could reach it."
run = started(script, json.dumps(mine), json.dumps(ill), {"MODEL": "other.json"})
assert not run["up"], "The model that MODEL names is damaged, and the service comes up all the same."
assert run["code"] is not None, "With a damaged model no service comes up, but the container goes on for ever: nobody would notice."
assert run["code"] != 0, "With a damaged model the container ends with code 0: that means all went well."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · The review
#
# What is left of the thirteen lines? hadolint, which knows dozens of rules, says:

# %%
for line, rule, sentence in hadolint(FOUND):
    print(f"line {line:2}  {rule}  {sentence}")

# %% [markdown]
# Good advice, and not all. It does not tell that the container runs as root, that `COPY . .` brings secrets, or that the version behind a version moves:
#
# - **Base.** A **tag**, such as `3.12-slim-bookworm`, is a name in a registry that its owner can move, and does, with each security fix: two builds of one commit differ. (In August 2025 `3.12-slim` went from Debian 12 to Debian 13. `3.12-slim-bookworm` stays with Debian 12, and still moves.) A **digest**, `@sha256:…`, is the hash of the image's description, which holds the hashes of its layers: it names these bytes and no others. Write both, the tag for people and the digest for machines, and let a bot propose the newer one each week: a digest that nobody renews keeps old security holes.
# - **User.** Without `USER` the service is root, and whoever breaks into it is root in the container, next door to the machine. `USER 10001` at the end: a number, so that Kubernetes can see that it is not root (with a name it cannot know). The service's files stay root's: it must read them, not change them.
# - **Secrets** come by a mount, see above.
# - **Health.** A process that runs need not work. A **health check**, `HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["…"]`, is run in the container at intervals, and its exit code says *healthy*, 0, or *unhealthy*, 1. It can only use what is in the image, and `curl` is not in a slim one; Python is: `urllib.request.urlopen` raises an error where a server answers 503, and where nobody answers. (Docker and Compose use it. Kubernetes ignores it, and has probes of its own.)
#
# ### Exercise 6 — Thirteen lines, reviewed
# *Difficulty ●●● · about 18 minutes*
#
# Write the final `service/Dockerfile`. Begin with your small one.
#
# Done means:
#
# 1. One line, `ARG BASE=…`, before the first `FROM` names the base, by default with tag and digest; each stage that does not stand on another one is `FROM ${BASE}`. In `sizes.yaml` you find the digest that the registry gives for `python:3.12-slim-bookworm`. (So whoever builds can choose another base of the same kind.)
# 2. The container runs as a user with a number from 1000 on, and what lies in the `WORKDIR` does not belong to that user.
# 3. No secret in `ARG`, `ENV`, files or addresses. Each `pip install` has the secret mount of above: id `pip`, at `/etc/pip.conf`. No step has another secret.
# 4. A health check asks `/health` on port 8000, in exec form, at least every 30 s, with a time-out that is shorter than the interval: exit code 0 where the service answers as it should, another where it answers 503 or not at all.
# 5. `ENTRYPOINT`, in exec form, starts `entrypoint.sh`, and `PORT`, where it is given, still decides; 8000 otherwise. The files in the folder are not executable, so start it with `sh`, or say `--chmod` at its `COPY`.
# 6. The label `org.opencontainers.image.revision` tells the build argument `COMMIT`.
# 7. What was done in exercises 2 and 3 still holds: the cache, the budget, all of `alarm`, nothing in it that is not needed.
# 8. hadolint has nothing to say (but DL3008, if you like).
#
# <details><summary>Hint 1</summary>An <code>ARG</code> before the first <code>FROM</code> is known in <code>FROM</code> lines only. <code>USER</code> counts for all steps after it: put it late. The label comes last, for the cache.</details>
# <details><summary>Hint 2</summary>The check needs one list: <code>python</code>, <code>-c</code>, and a program of one line that imports <code>urllib.request</code> and opens the address with a time-out. In JSON the words stand in double quotes, so use single ones inside. You can number a user that no file names: <code>USER 10001</code> works without <code>useradd</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "review", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the file service/Dockerfile.
### BEGIN SOLUTION
Path("service/Dockerfile").write_text("""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254

FROM ${BASE} AS build
WORKDIR /app
COPY requirements-build.txt .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\
    python3 -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir -r requirements-build.txt
COPY requirements.txt .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\
    python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
COPY alarm alarm
COPY model model
RUN /opt/tools/bin/python -m alarm.export model/model.npz model.json

FROM ${BASE}
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \\
    PYTHONUNBUFFERED=1
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app/model.json .
COPY alarm alarm
COPY entrypoint.sh .
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \\
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["sh", "/app/entrypoint.sh"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-review", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
reviewed = written("service/Dockerfile")
assert reviewed != FOUND, "service/Dockerfile is still that of Cy."
final = attempt(reviewed, clean, COMMIT="8c1f")
assert "@sha256:" in final.base, f"The base is {final.base}: a tag can be moved to other contents, a digest cannot."
assert final.config["user"].split(":")[0] not in ("root", "0"), "The container runs as root: what does USER say in the last stage?"
assert final.config["healthcheck"], "The image has no HEALTHCHECK."
assert final.config["entrypoint"] and not final.config["entry_in_shell"], "ENTRYPOINT is missing, or not in exec form: a list in double quotes."
assert final.secrets, "No step has a secret mount: how does pip get its settings?"
assert final.size <= 160 * MB, f"The image has {final.size / MB:.0f} MB, expected at most 160."
advice = [one for one in hadolint(reviewed) if one[1] != "DL3008"]
assert not advice, f"hadolint, line {advice[0][0]}: {advice[0][1]} {advice[0][2]}"

# %% nbgrader={"grade": true, "grade_id": "judge-review", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your service/Dockerfile against the list above, with another base, other build arguments and a fresh folder.
### BEGIN HIDDEN TESTS
from judging import text_of
from judging_review import review_problem

problem = review_problem(text_of("service/Dockerfile"))
assert not problem, problem
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-review-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the image of your service/Dockerfile, started for real: does it answer, does it stop, and what does its health check say of a sound service, an ill one, and none?
### BEGIN HIDDEN TESTS
from judging import fresh_files, text_of

files, _ = fresh_files("start")
run = tried(text_of("service/Dockerfile"), files)
assert "problem" not in run, f"The image does not start as it should: {run.get('problem')}"
assert run["status"] == 200 and not run["killed"], "The container does not answer, or had to be killed at its stop."
assert run["healthy"] is not None, "There is no health check that could be run."
assert run["healthy"] == 0, f"The service answers, and its health check ends with code {run['healthy']}, expected 0. Is what it calls in the image, and does it ask /health on port 8000?"
assert run["gone"] != 0, "Nobody answers on the port, and the health check ends with code 0, healthy."
assert run["ill"] != 0, "The service answers 503, and the health check ends with code 0, healthy: an answer is not yet a good answer."
### END HIDDEN TESTS

# %% [markdown]
# **In older tutorials** you find `ENV` or `ARG` for secrets, or a second image that is squashed: secret mounts came with BuildKit, and are at hand since Docker 23 made it the standard builder in 2023. You find `ADD` where `COPY` is meant (ADD also unpacks archives and fetches addresses), `MAINTAINER` (now a `LABEL`), the program `docker-compose` with a hyphen and `version: "3"` as the first line of its file (`docker compose` has no use for it any more), and `links` between services, which find one another by name today.

# %% [markdown]
# ## Part 7 · Several containers
#
# The next version of the alarm is to ask MLflow's registry which model is live; today's has its model in the image. MLflow needs a database, and Prometheus collects the alarm's numbers. Noor wants the group to stand before that version comes. **Compose** describes such a group in one file, `compose.yaml`; `docker compose up` starts it on one machine: a good way to develop, to test in CI, and to run in a depot. Cy's file stands near the top of this notebook, as `FOUND_COMPOSE`. What does the schema of the Compose specification say?

# %%
print(compose_problems(yaml.safe_load(FOUND_COMPOSE)) or "The Compose specification's schema has nothing against it.")

# %% [markdown]
# It keeps to the form, and on Cy's laptop it even came up once. Six things to know:
#
# - The services of a file share a network, and each finds the others by its service's name: `http://mlflow:5000`. `localhost` is the container itself: right in a health check, wrong for a neighbour.
# - `ports` *publishes*: it opens a door from the machine into the container, by default on all of the machine's addresses, past many a firewall. `"127.0.0.1:5000:5000"` opens it for this machine only. Neighbours need no door.
# - `depends_on` as a list waits until a process has been *started*. With a *condition*, `service_healthy`, it waits until the other one's health check has passed: so that one needs a health check.
# - What a container writes is gone when it is replaced. A **named volume**, declared under `volumes` at the end, stays: `db-data:/var/lib/postgresql/data`.
# - MLflow answers only to names that it knows, against a trick by which a web page reaches servers behind a firewall: since version 3.5 it looks at the address that it was asked by (the `Host` header). By itself it knows `localhost` and private addresses, not its name in this group. `--allowed-hosts mlflow:5000,localhost:*`, or the same in `MLFLOW_SERVER_ALLOWED_HOSTS`, says which ones it knows *instead*, each with its port (`localhost:*` is for you, by the door to this machine). Who asks by another name gets 403. But `/health` answers to everybody: so a group without this looks healthy, and does not work.
# - `${NAME:?}` takes a value from the environment of whoever starts it, and refuses to start without; `${NAME:-value}` would put a default, here a password, into the file.
#
# Postgres's image has `pg_isready` for a health check. At its very first start this image runs a helper for a moment, which can be reached from inside by a socket file, before the real database listens: `-h 127.0.0.1` asks by the network, and so only the real one says yes. MLflow's image has Python, and MLflow answers on `/health`.
#
# ### Exercise 7 — Four that start together
# *Difficulty ●●○ · about 14 minutes*
#
# Mend the file: write `service/compose.yaml`, with the services `alarm`, `mlflow`, `db` and `prometheus`.
#
# Done means:
#
# 1. The schema has nothing against it. `alarm` is built from this folder. The other images are those of before, each pinned by a tag with a full version (two numbers or more: MLflow 3.17.2, PostgreSQL 16.12, Prometheus v3.5.0) or by a digest.
# 2. The database publishes no port; MLflow and Prometheus publish theirs to this machine alone, if at all; the alarm publishes its 8000.
# 3. MLflow waits until the database is healthy, and the alarm until MLflow is. `db` and `mlflow` have health checks that can work: they ask the right service with what is in its image. (The alarm's may be left to its image. Where you write it, the same holds.)
# 4. Each finds its neighbours: the alarm MLflow (`MLFLOW_TRACKING_URI`), MLflow the database `mlflow` of `db`. MLflow answers when it is asked by that address, and not to every name (`*`). Prometheus still gets its `prometheus.yml`.
# 5. No password and no default for one stands in the file.
# 6. What the database (`/var/lib/postgresql/data`), MLflow (`/mlflow/artifacts`) and Prometheus (`/prometheus`) write stays when containers are replaced: named volumes, declared.
# 7. Each service has a limit of memory and of CPUs (`mem_limit` and `cpus`, or under `deploy`, `resources`, `limits`).
#
# <details><summary>Hint 1</summary>Go through the list, service by service. The easiest to overlook: a service that others wait for, without a health check, is waited for for ever.</details>
# <details><summary>Hint 2</summary>A health check is a list: <code>["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "mlflow"]</code>; for MLflow, <code>CMD</code>, <code>python</code>, <code>-c</code> and the line that you know from exercise 6, with its own port. The password stands in two places: as <code>POSTGRES_PASSWORD</code>, and in MLflow's address of the database.</details>

# %% nbgrader={"grade": false, "grade_id": "compose", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the file service/compose.yaml.
### BEGIN SOLUTION
Path("service/compose.yaml").write_text("""services:
  alarm:
    build: .
    ports: ["8000:8000"]
    environment:
      MLFLOW_TRACKING_URI: http://mlflow:5000
    depends_on:
      mlflow:
        condition: service_healthy
    mem_limit: 512m
    cpus: 1
  mlflow:
    image: registry.metro-bikes.example/mlflow:3.17.2
    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?}@db:5432/mlflow --artifacts-destination /mlflow/artifacts --allowed-hosts mlflow:5000,localhost:*
    ports: ["127.0.0.1:5000:5000"]
    depends_on:
      db:
        condition: service_healthy
    healthcheck:
      test: ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=2)"]
      interval: 10s
      timeout: 3s
      retries: 12
    volumes:
      - artifacts:/mlflow/artifacts
    mem_limit: 2g
    cpus: 1
  db:
    image: postgres:16.12
    environment:
      POSTGRES_USER: mlflow
      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
    healthcheck:
      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "mlflow"]
      interval: 5s
      timeout: 3s
      retries: 12
    volumes:
      - db-data:/var/lib/postgresql/data
    mem_limit: 512m
    cpus: 1
  prometheus:
    image: prom/prometheus:v3.5.0
    ports: ["127.0.0.1:9090:9090"]
    volumes:
      - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - numbers:/prometheus
    mem_limit: 512m
    cpus: 0.5
volumes:
  artifacts:
  db-data:
  numbers:
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-compose", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
composed = yaml.safe_load(written("service/compose.yaml"))
assert composed != yaml.safe_load(FOUND_COMPOSE), "service/compose.yaml is still that of Cy."
complaints = compose_problems(composed)
assert not complaints, f"The Compose specification's schema says: {complaints[0]}"
group = composed["services"]
absent = {"alarm", "mlflow", "db", "prometheus"} - set(group)
assert not absent, f"The services {', '.join(sorted(absent))} are missing."
assert not group["db"].get("ports"), "db publishes a port: everyone in the network can try passwords. MLflow reaches it by its name, without."
loose = [name for name, one in group.items() if "build" not in one and re.search(r"(:latest|/[^:@]*|^[^:@]*)$", str(one.get("image")))]
assert not loose, f"The images of {', '.join(loose)} are not pinned."
assert "bicycle42" not in written("service/compose.yaml"), "The database's password stands in the file."
for awaited in ("db", "mlflow"):
    assert group[awaited].get("healthcheck"), f"{awaited} has no healthcheck, and others wait for it."

# %% nbgrader={"grade": true, "grade_id": "judge-compose", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your service/compose.yaml against the list above.
### BEGIN HIDDEN TESTS
from judging import text_of
from judging_compose import compose_problem

problem = compose_problem(text_of("service/compose.yaml"))
assert not problem, problem
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# The four complaints, again:

# %% tags=["uses-answers"]
mine = Path("service/Dockerfile").read_text()
folder = files_in("service")
sent_now = build_context(folder)
image = build(mine, sent_now, {"COMMIT": "8c1f"})
print(f"the context:  {sum(map(len, sent_now.values())):,} bytes; keys in it: {sum(b'mbk_' in content for content in sent_now.values())}")
print(f"a comment:    {sum(step.size for step in rebuilt(image, build(mine, {**sent_now, 'alarm/api.py': b'#'}, {'COMMIT': '9d2e'}))) / MB:.2f} MB are built again")
print(f"the depots:   {image.size / MB:.0f} MB, of which our own layers {sum(step.size for step in image.layers) / MB:.0f} MB; the base is there already")
print(f"a release:    stopped in {went['seconds']} s, killed: {went['killed']}")

# %% [markdown]
# With Docker on your machine, and an account that may use it, the same files build and run for real. In the folder `service`:
#
# ```
# docker build --build-arg COMMIT=$(git rev-parse HEAD) --secret id=pip,src=$HOME/.config/pip/pip.conf --tag alarm:dev .
# docker run --rm --detach --name alarm --publish 127.0.0.1:8000:8000 --read-only --cap-drop ALL alarm:dev
# curl --json '{"distance_km": 2, "km_since_service": 700, "climb_m": 30}' http://127.0.0.1:8000/predict
# docker inspect --format '{{.State.Health.Status}}' alarm
# docker exec alarm id
# time docker stop alarm
# docker history --no-trunc alarm:dev
# ```
#
# Podman takes the same commands, with `podman` for `docker`, and `--format docker` for the build: without it the health check is dropped, since its own format has none. Without a settings file of pip, leave `--secret` out: the mount is then empty. Where no registry can be reached, give a base of your own: `--build-arg BASE=localhost/my-python:12`. The course's own tests build these files that way.
#
# What to take to work tomorrow:
#
# - Whatever is copied into an image is published to all who may pull it, deleted or not. A key that was in there is revoked, not removed.
# - Seldom first, often last; what a step depends on stands in a file that is copied just before it; build arguments at the end.
# - Several stages, and the last one holds what the service imports. Count the layers, not the files.
# - `exec`: the service is the first process, or it does not hear that it has to go. Practise the stop.
# - Pin by digest, run as a number, check the health with what is there. And let hadolint, and a test like yours, look at each change.
# - Healthy is what the check asks for. Ask once, too, what the neighbours will ask, by the name that they use.
#
# What the real world adds: several processors' architectures, scanners that look for known holes in packages, signatures, and a read-only file system. And this image still carries its model: a new model is a new image. That is simple and can be rolled back as one piece; the alternative, to fetch it at the start, has its own price, as you know from model versioning.

# %% [markdown]
# ## Going further
#
# - **Leave pip behind, too.** The last stage's environment holds pip, 12 MB, which a service never uses. `python -m venv --without-pip`, or `pip install --prefix`: how small can it get?
# - **Stop while it starts.** What happens if SIGTERM comes while `alarm.check` runs? Try it with `container.py`, and find a script that also ends at once then. (`trap` and `wait`, or a small first process such as `tini`: `docker run --init`.)
# - **A gate in CI.** Let a workflow run `hadolint`, your `find_keys` on the image of `docker save`, and the budget, before an image is pushed.
#
# To read:
#
# - [Docker's documentation, building best practices](https://docs.docker.com/build/building/best-practices/)
# - [Docker's documentation, the build cache and what invalidates it](https://docs.docker.com/build/cache/invalidation/)
# - [The Compose file reference](https://docs.docker.com/reference/compose-file/)
# - [hadolint's rules, each with its reason](https://github.com/hadolint/hadolint/wiki)
# - Noah Gift and Alfredo Deza, *Practical MLOps*, the chapter on containers: [the book's page at O'Reilly](https://www.oreilly.com/library/view/practical-mlops/9781098103002/)
