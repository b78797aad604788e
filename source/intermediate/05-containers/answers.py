# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="ignore" points=12 why="another style: nothing but what is needed, and the secrets after it"
with open("service/.dockerignore", "w") as file:
    print("*", "!alarm", "!model", "!entrypoint.sh", "!requirements*.txt", sep="\n", file=file)
    print("**/.env*", "**/*.key", "**/*.pem", "**/.git", "**/__pycache__", "**/.ipynb_checkpoints", "**/.venv", sep="\n", file=file)

# %% grade_id="ignore" points=12 why="another style: caches by their contents, folders with a slash before and after, comments"
lines = ["# secrets", "/.git/", "**/.env", "**/.env.?*", "**/*.[pk]e[my]", "", "# waste", "/data/", "/notebooks/"]
lines += [f"**/{folder}/" for folder in (".venv", "__pycache__", ".ipynb_checkpoints")]
Path("service", ".dockerignore").write_text("\n".join(lines))

# %% grade_id="ignore" points=0 message="alarm/.env.local" why="takes the folder in again after the secrets were left out"
Path("service/.dockerignore").write_text("*\n**/.env*\n**/*.pem\n**/*.key\n**/__pycache__\n!alarm\n!model\n!entrypoint.sh\n!requirements*.txt\n")

# %% grade_id="ignore" points=0 message="A pattern without **/ before it" why="writes as in .gitignore"
Path("service/.dockerignore").write_text(".env\n.env.*\n*.pem\n*.key\n.git\ndata\nnotebooks\n__pycache__\n.ipynb_checkpoints\n.venv\n")

# %% grade_id="ignore" points=0 message="Secrets are sent to the builder: .git/HEAD" why="forgets .git"
Path("service/.dockerignore").write_text("**/.env\n**/.env.*\n**/*.pem\n**/*.key\ndata\nnotebooks\n**/__pycache__\n**/.ipynb_checkpoints\n**/.venv\n")

# %% grade_id="ignore" points=4 message="is left out, and the image needs it" why="data at any depth: passes what is visible"
Path("service/.dockerignore").write_text("**/.env\n**/.env.*\n**/*.pem\n**/*.key\n.git\n**/data\n**/notebooks\n**/__pycache__\n**/.ipynb_checkpoints\n**/.venv\n")

# %% grade_id="ignore" points=4 message="the secret" why="one level deep only: passes what is visible"
Path("service/.dockerignore").write_text("\n".join(
    prefix + name for prefix in ("", "*/") for name in (".env", ".env.*", "*.pem", "*.key", "__pycache__", ".ipynb_checkpoints", ".venv")
) + "\n.git\ndata\nnotebooks\n")

# %% grade_id="ignore" points=4 message="is left out, and the image needs it" why="whatever has env or key in its name: passes what is visible"
Path("service/.dockerignore").write_text("**/*env*\n**/*key*\n**/*.pem\n.git\ndata\nnotebooks\n**/__pycache__\n**/.ipynb_checkpoints\n")

# %% grade_id="ignore" points=4 message="the secret" why="lists the files that it saw: passes what is visible"
Path("service/.dockerignore").write_text(".env\n.env.example\nalarm/.env.local\ndeploy\n.git\ndata\nnotebooks\nalarm/__pycache__\n**/.venv\n")

# %% grade_id="order" points=14 why="another style: two stages, a cache mount, ENV for pip, and the label in the last one"
Path("service/order.Dockerfile").write_text("""
FROM python:3.12-slim-bookworm AS export
WORKDIR /export
COPY requirements-build.txt /export/
RUN --mount=type=cache,target=/root/.cache/pip python -m pip install --requirement=requirements-build.txt
COPY alarm/ alarm/
COPY model/model.npz model/model.npz
RUN python -m alarm.export model/model.npz model.json
FROM python:3.12-slim
ENV PIP_NO_CACHE_DIR=1
WORKDIR /srv/alarm
COPY ["requirements.txt", "./"]
RUN pip install -r requirements.txt
COPY --from=export /export/model.json ./
COPY alarm/ ./alarm/
COPY entrypoint.sh ./
CMD sh entrypoint.sh
ARG COMMIT=none
LABEL org.opencontainers.image.revision="${COMMIT}" team=alarm
""")

# %% grade_id="order" points=14 why="another style: the found file, mended with as few changes as can be, apt-get in one RUN, requirements bound to the RUN"
mended = """
FROM python:3.12
WORKDIR /app
RUN apt-get update && apt-get install -y build-essential git && rm -rf /var/lib/apt/lists/*
RUN --mount=type=bind,source=requirements.txt,target=/tmp/r.txt --mount=type=bind,source=requirements-build.txt,target=/tmp/b.txt pip install -r /tmp/r.txt -r /tmp/b.txt
COPY entrypoint.sh model/model.npz /app/
COPY alarm /app/alarm
RUN mkdir -p model && mv model.npz model/ && python -m alarm.export model/model.npz model.json
CMD sh entrypoint.sh
ARG COMMIT
LABEL commit=$COMMIT
"""
with open("service/order.Dockerfile", "wt") as file:
    file.write(mended.lstrip())

# %% grade_id="order" points=0 message="By a new COMMIT this is built again" why="leaves ARG COMMIT at the top" name="wrong-3"
Path("service/order.Dockerfile").write_text("""FROM python:3.12-slim-bookworm
ARG COMMIT
WORKDIR /app
COPY requirements.txt requirements-build.txt ./
RUN pip install -r requirements.txt -r requirements-build.txt
COPY alarm alarm
COPY model model
RUN python -m alarm.export model/model.npz model.json
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
LABEL commit=$COMMIT
""")

# %% grade_id="order" points=0 message="By a change in alarm/api.py this is built again" why="copies all before it installs" name="wrong-4"
Path("service/order.Dockerfile").write_text("""FROM python:3.12-slim-bookworm
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt -r requirements-build.txt
RUN python -m alarm.export model/model.npz model.json
CMD ["sh", "entrypoint.sh"]
ARG COMMIT
LABEL commit=$COMMIT
""")

# %% grade_id="order" points=0 message="No LABEL of the image tells the commit" why="throws the commit away, so nothing depends on it" name="wrong-5"
Path("service/order.Dockerfile").write_text("""FROM python:3.12-slim-bookworm
WORKDIR /app
COPY requirements.txt requirements-build.txt ./
RUN pip install -r requirements.txt -r requirements-build.txt
COPY alarm alarm
COPY model model
COPY entrypoint.sh .
RUN python -m alarm.export model/model.npz model.json
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="order" points=0 message="is it copied before?" why="installs before the list of packages is there" changes="wrong-4"
-COPY . .
-RUN pip install -r requirements.txt -r requirements-build.txt
+RUN pip install -r requirements.txt -r requirements-build.txt
+COPY . .

# %% grade_id="order" points=5 message="and the image does not need that file" why="COPY . . after the installs: passes what is visible" changes="wrong-4"
-COPY . .
-RUN pip install -r requirements.txt -r requirements-build.txt
+COPY requirements.txt requirements-build.txt ./
+RUN pip install -r requirements.txt -r requirements-build.txt
+COPY . .

# %% grade_id="order" points=5 message="copy the whole folder alarm" why="copies the modules, and forgets the tables beside them: passes what is visible" changes="wrong-5"
-COPY alarm alarm
+COPY alarm/*.py alarm/
@@
 CMD ["sh", "entrypoint.sh"]
+ARG COMMIT
+LABEL commit=$COMMIT

# %% grade_id="order" points=5 message="and nothing is installed again" why="names the packages in the RUN: passes what is visible" changes="wrong-4"
-COPY . .
-RUN pip install -r requirements.txt -r requirements-build.txt
+RUN pip install fastapi==0.165.0 uvicorn==0.54.0 prometheus-client==0.24.1 numpy==2.4.6
+COPY alarm alarm
+COPY model model
+COPY entrypoint.sh .

# %% grade_id="order" points=5 message="A new model builds" why="the model comes before the installs: passes what is visible" name="wrong-10"
Path("service/order.Dockerfile").write_text("""FROM python:3.12-slim-bookworm
WORKDIR /app
COPY model model
COPY requirements.txt requirements-build.txt ./
RUN pip install -r requirements.txt -r requirements-build.txt
COPY alarm alarm
RUN python -m alarm.export model/model.npz model.json
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
ARG COMMIT
LABEL commit=$COMMIT
""")

# %% grade_id="order" points=5 message="A new COMMIT, and nothing else" why="the label stands before the export, which is short: passes what is visible" changes="wrong-3"
-ARG COMMIT
@@
 RUN pip install -r requirements.txt -r requirements-build.txt
+ARG COMMIT
+LABEL commit=$COMMIT
@@
-LABEL commit=$COMMIT

# %% grade_id="order" points=5 message="apt-get update is a step of its own" why="leaves apt-get update alone: passes what is visible" changes="wrong-10"
-COPY model model
+RUN apt-get update
+RUN apt-get install -y build-essential
@@
 COPY alarm alarm
+COPY model model

# %% grade_id="small" points=12 why="another style: --prefix instead of an environment, the export in a stage of its own"
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS base
ENV PIP_NO_CACHE_DIR=1
FROM base AS packages
COPY requirements.txt /tmp/
RUN pip install --prefix=/install -r /tmp/requirements.txt
FROM base AS model
WORKDIR /m
COPY requirements-build.txt .
RUN pip install -r requirements-build.txt
COPY alarm ./alarm
COPY model ./model
RUN python -m alarm.export model/model.npz model.json
FROM base
COPY --from=packages /install /usr/local
WORKDIR /service
COPY --from=model /m/model.json model.json
COPY alarm ./alarm
COPY entrypoint.sh ./
ENTRYPOINT ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=12 why="another style: wheels bound into the RUN, stages by number, chown at the copy"
Path("service/small.Dockerfile").write_text("""FROM python:3.12
COPY requirements.txt requirements-build.txt /
RUN apt-get update && apt-get install -y git && pip wheel --wheel-dir=/wheels -r /requirements.txt && pip install --user -r /requirements-build.txt
COPY alarm /src/alarm
COPY model /src/model
WORKDIR /src
RUN python -m alarm.export model/model.npz /out/model.json

FROM python:3.12-slim
RUN useradd --create-home alarm
RUN --mount=type=bind,from=0,source=/wheels,target=/wheels pip install --no-cache-dir --no-index --no-deps /wheels/*.whl
WORKDIR /home/alarm
COPY --chown=alarm --from=0 /out/model.json .
COPY --chown=alarm alarm alarm
COPY --chown=alarm entrypoint.sh .
USER alarm
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=0 message="expected at most 160" why="removes in a later step what the service does not need"
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm
WORKDIR /app
COPY requirements.txt requirements-build.txt ./
RUN pip install --no-cache-dir -r requirements.txt -r requirements-build.txt
COPY alarm alarm
COPY model model
RUN python -m alarm.export model/model.npz model.json
RUN pip uninstall -y numpy && rm -rf model requirements.txt requirements-build.txt
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=0 message="does its Python look there" why="copies the environment and forgets PATH" name="wrong-4"
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
RUN pip install --no-cache-dir -r requirements-build.txt
COPY alarm alarm
COPY model model
RUN python -m alarm.export model/model.npz model.json
FROM python:3.12-slim-bookworm
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app/model.json .
COPY alarm alarm
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=0 message="expected at most 160" why="one environment for all, numpy comes along" changes="wrong-4"
-RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
-RUN pip install --no-cache-dir -r requirements-build.txt
+RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt -r requirements-build.txt
@@
-RUN python -m alarm.export model/model.npz model.json
+RUN /opt/venv/bin/python -m alarm.export model/model.npz model.json
@@
 WORKDIR /app
+ENV PATH=/opt/venv/bin:$PATH
 COPY --from=build /opt/venv /opt/venv

# %% grade_id="small" points=0 message="cannot import" why="builds with another Python than it runs with" changes="wrong-4"
-Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS build
+Path("service/small.Dockerfile").write_text("""FROM python:3.12 AS build
@@
-FROM python:3.12-slim-bookworm
-WORKDIR /app
+FROM python:3.11-slim-bookworm
+WORKDIR /app
+ENV PATH=/opt/venv/bin:$PATH

# %% grade_id="small" points=4 message="which the service never reads" why="copies the whole folder of the build stage, the trained arrays among it: passes what is visible"
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
RUN pip install --no-cache-dir -r requirements-build.txt
COPY . .
RUN python -m alarm.export model/model.npz model.json
FROM python:3.12-slim-bookworm
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=4 message="MB that one does not see in the image" why="deletes pip's cache in a later step: passes what is visible" changes="wrong-4"
-COPY requirements.txt requirements-build.txt ./
-RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
-RUN pip install --no-cache-dir -r requirements-build.txt
+COPY requirements-build.txt ./
+RUN pip install -r requirements-build.txt
@@
-COPY --from=build /opt/venv /opt/venv
+COPY requirements.txt /tmp/
+RUN pip install -r /tmp/requirements.txt
+RUN rm -rf /root/.cache /tmp/requirements.txt

# %% grade_id="small" points=4 message="tools for building" why="curl for a health check to come: passes what is visible" name="wrong-9"
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS build
WORKDIR /app
COPY requirements-build.txt ./
RUN pip install -r requirements-build.txt
COPY alarm alarm
COPY model model
RUN python -m alarm.export model/model.npz model.json
FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/requirements.txt && rm /tmp/requirements.txt
COPY --from=build /app/model.json .
COPY alarm alarm
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=4 message="is not in the image" why="copies the modules, and forgets the tables beside them: passes what is visible"
Path("service/small.Dockerfile").write_text("""FROM python:3.12-slim-bookworm AS build
WORKDIR /app
COPY requirements-build.txt ./
RUN pip install -r requirements-build.txt
COPY alarm alarm
COPY model model
RUN python -m alarm.export model/model.npz model.json
FROM python:3.12-slim-bookworm
WORKDIR /app
RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt pip install --no-cache-dir -r /tmp/requirements.txt
COPY --from=build /app/model.json .
COPY alarm/*.py alarm/
COPY entrypoint.sh .
CMD ["sh", "entrypoint.sh"]
""")

# %% grade_id="small" points=4 message="with what they need themselves" why="leaves out what the packages need: passes what is visible" changes="wrong-9"
-RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
-WORKDIR /app
-COPY requirements.txt /tmp/
-RUN pip install --no-cache-dir -r /tmp/requirements.txt && rm /tmp/requirements.txt
+WORKDIR /app
+RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt pip install --no-cache-dir --no-deps -r /tmp/requirements.txt

# %% grade_id="small" points=4 message="that Python is not in the image" why="copies the environment to another place than where it was made: passes what is visible" changes="wrong-4"
-RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
+RUN python -m venv /build/venv && /build/venv/bin/pip install --no-cache-dir -r requirements.txt
@@
-COPY --from=build /opt/venv /opt/venv
+ENV PATH=/opt/venv/bin:$PATH
+COPY --from=build /build/venv /opt/venv

# %% grade_id="gently" points=16 why="another style: quiet, the check's words thrown away, trap in a function"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
stop() { kill -TERM "$!" 2>/dev/null; }
trap stop TERM
python -m alarm.check "${MODEL:-model.json}" >/dev/null 2>&1 || exit 1
python -m uvicorn --log-level warning alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}" &
wait; wait
""")

# %% grade_id="keys" points=18 why="another style: index.json and digests, an iterator over the layered steps, decoded as latin-1"
def find_keys(archive):
    found = []
    with tarfile.open(archive, "r") as tar:
        blobs = {member.name: tar.extractfile(member).read() for member in tar.getmembers() if member.isfile()}

    def blob(entry):
        return blobs["blobs/" + entry["digest"].replace(":", "/")]

    for entry in json.loads(blobs["index.json"])["manifests"]:
        manifest = json.loads(blob(entry))
        config = json.loads(blob(manifest["config"]))
        for variable in config["config"]["Env"]:
            found.extend((hit, "env", None) for hit in re.findall("mbk_[0-9a-f]{32}", variable))
        layers = iter(manifest["layers"])
        for number, step in enumerate(config["history"]):
            found.extend((hit, "history", number) for hit in re.findall("mbk_[0-9a-f]{32}", step["created_by"]))
            if step.get("empty_layer", False):
                continue
            content = blob(next(layers))
            if content[:2] == b"\x1f\x8b":
                content = gzip.decompress(content)
            with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as files:
                for name in files.getnames():
                    inside = files.extractfile(name)
                    if inside:
                        text = inside.read().decode("latin-1")
                        found.extend((hit, "/" + name, number) for hit in re.findall("mbk_[0-9a-f]{32}", text))
    return found

# %% grade_id="keys" points=18 why="another style: a generator, and a dictionary from layer to step"
def _finds(archive):
    pattern = re.compile(rb"mbk_[0-9a-f]{32}")
    with tarfile.open(archive) as outer:
        def read(name):
            return outer.extractfile(name).read()
        for image in json.loads(read("manifest.json")):
            config = json.loads(read(image["Config"]))
            steps = [number for number in range(len(config["history"])) if "empty_layer" not in config["history"][number]]
            for number, entry in enumerate(config["history"]):
                yield from ((match, "history", number) for match in pattern.findall(json.dumps(entry).encode()))
            yield from ((match, "env", None) for match in pattern.findall("\n".join(config["config"]["Env"]).encode()))
            for place, name in enumerate(image["Layers"]):
                layer = tarfile.open(fileobj=io.BytesIO(read(name)), mode="r:*")
                for member in filter(tarfile.TarInfo.isreg, layer):
                    yield from ((match, member.name, steps[place]) for match in pattern.findall(layer.extractfile(member).read()))

def find_keys(archive):
    return {(match.decode("ascii"), where, step) for match, where, step in _finds(archive)}

# %% grade_id="keys" points=0 message="It still lies in the layer" why="looks at the files that the container shows"
def find_keys(archive):
    shown = {}
    with tarfile.open(archive) as outer:
        image = json.load(outer.extractfile("manifest.json"))[0]
        config = json.load(outer.extractfile(image["Config"]))
        steps = [n for n, entry in enumerate(config["history"]) if not entry.get("empty_layer")]
        for step, name in zip(steps, image["Layers"]):
            with tarfile.open(fileobj=io.BytesIO(outer.extractfile(name).read())) as layer:
                for member in layer:
                    folder, _, base = member.name.rpartition("/")
                    if base.startswith(".wh."):
                        shown.pop(f"{folder}/{base[4:]}", None)
                    elif member.isfile():
                        shown[member.name] = (layer.extractfile(member).read(), step)
    return {(one.decode(), name, step) for name, (content, step) in shown.items() for one in re.findall(rb"mbk_[0-9a-f]{32}", content)}

# %% grade_id="keys" points=0 message="expected 5, COPY" why="counts layers instead of steps" name="wrong-4"
def find_keys(archive):
    finds = set()
    with tarfile.open(archive) as outer:
        image = json.load(outer.extractfile("manifest.json"))[0]
        for step, name in enumerate(image["Layers"]):
            with tarfile.open(fileobj=io.BytesIO(outer.extractfile(name).read())) as layer:
                for member in layer:
                    if member.isfile():
                        finds |= {(one.decode(), member.name, step) for one in re.findall(rb"mbk_[0-9a-f]{32}", layer.extractfile(member).read())}
    return finds

# %% grade_id="keys" points=6 message="A second key stands in the history" why="looks into files alone" changes="wrong-4"
-        for step, name in enumerate(image["Layers"]):
+        history = json.load(outer.extractfile(image["Config"]))["history"]
+        steps = [n for n, entry in enumerate(history) if not entry.get("empty_layer")]
+        for step, name in zip(steps, image["Layers"]):

# %% grade_id="keys" points=0 message="expected the key alone" why="takes the line for the key"
def find_keys(archive):
    finds = set()
    with tarfile.open(archive) as outer:
        image = json.load(outer.extractfile("manifest.json"))[0]
        config = json.load(outer.extractfile(image["Config"]))
        steps = [n for n, entry in enumerate(config["history"]) if not entry.get("empty_layer")]
        for n, entry in enumerate(config["history"]):
            finds |= {(one, "history", n) for one in re.findall("mbk_[0-9a-f]{32}", entry["created_by"])}
        for step, name in zip(steps, image["Layers"]):
            with tarfile.open(fileobj=io.BytesIO(outer.extractfile(name).read())) as layer:
                for member in layer:
                    if member.isfile():
                        for line in layer.extractfile(member).read().decode("latin-1").splitlines():
                            if "mbk_" in line:
                                finds.add((line, member.name, step))
    return finds

# %% grade_id="keys" points=6 message="was not found" why="reads only files named .env, and only the history's build arguments: passes what is visible" name="wrong-7"
def find_keys(archive):
    finds = set()
    with tarfile.open(archive) as outer:
        image = json.load(outer.extractfile("manifest.json"))[0]
        config = json.load(outer.extractfile(image["Config"]))
        steps = [n for n, entry in enumerate(config["history"]) if not entry.get("empty_layer")]
        for n, entry in enumerate(config["history"]):
            if entry["created_by"].startswith("RUN |"):
                finds |= {(one, "history", n) for one in re.findall("mbk_[0-9a-f]{32}", entry["created_by"])}
        for step, name in zip(steps, image["Layers"]):
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                for member in layer:
                    if member.name.endswith(".env"):
                        finds |= {(one.decode(), member.name, step) for one in re.findall(rb"mbk_[0-9a-f]{32}", layer.extractfile(member).read())}
    return finds

# %% grade_id="keys" points=12 message="the environment was not found" why="forgets the environment: passes what is visible" changes="wrong-7"
-            if entry["created_by"].startswith("RUN |"):
-                finds |= {(one, "history", n) for one in re.findall("mbk_[0-9a-f]{32}", entry["created_by"])}
+            finds |= {(one, "history", n) for one in re.findall("mbk_[0-9a-f]{32}", entry["created_by"])}
@@
-                    if member.name.endswith(".env"):
+                    if member.isfile():

# %% grade_id="keys" points=12 message="lies in several layers" why="a key in a file that two steps stored counts once: passes what is visible" name="wrong-9"
def find_keys(archive):
    finds, seen = set(), {}
    with tarfile.open(archive) as outer:
        image = json.load(outer.extractfile("manifest.json"))[0]
        config = json.load(outer.extractfile(image["Config"]))
        steps = [n for n, entry in enumerate(config["history"]) if not entry.get("empty_layer")]
        for line in config["config"]["Env"]:
            finds |= {(one, "env", None) for one in re.findall("mbk_[0-9a-f]{32}", line)}
        for n, entry in enumerate(config["history"]):
            finds |= {(one, "history", n) for one in re.findall("mbk_[0-9a-f]{32}", entry["created_by"])}
        for step, name in zip(steps, image["Layers"]):
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                for member in layer:
                    if member.isfile():
                        for one in re.findall(rb"mbk_[0-9a-f]{32}", layer.extractfile(member).read()):
                            seen[one.decode(), member.name] = step
    return finds | {(*place, step) for place, step in seen.items()}

# %% grade_id="keys" points=12 message="was not found" why="takes the first key of a file only: passes what is visible" changes="wrong-9"
-    finds, seen = set(), {}
+    finds = set()
@@
-                    if member.isfile():
-                        for one in re.findall(rb"mbk_[0-9a-f]{32}", layer.extractfile(member).read()):
-                            seen[one.decode(), member.name] = step
-    return finds | {(*place, step) for place, step in seen.items()}
+                    if member.isfile() and (match := re.search(rb"mbk_[0-9a-f]{32}", layer.extractfile(member).read())):
+                        finds.add((match[0].decode(), member.name, step))
+    return finds

# %% grade_id="keys" points=12 message="was not found" why="each key once, at the first place where it is seen, and no compressed layer: passes what is visible"
def find_keys(archive):
    finds = {}
    with tarfile.open(archive) as outer:
        image = json.load(outer.extractfile("manifest.json"))[0]
        config = json.load(outer.extractfile(image["Config"]))
        steps = [n for n, entry in enumerate(config["history"]) if not entry.get("empty_layer")]
        for n, entry in enumerate(config["history"]):
            for one in re.findall("mbk_[0-9a-f]{32}", entry["created_by"]):
                finds.setdefault(one, ("history", n))
        for step, name in zip(steps, image["Layers"]):
            content = outer.extractfile(name).read()
            if content[:2] == b"\x1f\x8b":
                continue
            with tarfile.open(fileobj=io.BytesIO(content)) as layer:
                for member in layer:
                    if member.isfile():
                        for one in re.findall(rb"mbk_[0-9a-f]{32}", layer.extractfile(member).read()):
                            finds.setdefault(one.decode(), (member.name, step))
    return {(one, *place) for one, place in finds.items()}

# %% grade_id="gently" points=16 why="another style: && and exec, python -m uvicorn"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
: "${MODEL:=model.json}" "${PORT:=8000}"
export MODEL
python -m alarm.check "$MODEL" && exec python -m uvicorn --host 0.0.0.0 --port "$PORT" alarm.api:app
""")

# %% grade_id="gently" points=16 why="another style: stays the first process, passes the signal on, and waits twice"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
if ! python -m alarm.check "${MODEL:-model.json}"; then
    echo "the model cannot be used" >&2
    exit 3
fi
uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}" &
service=$!
trap 'kill -TERM "$service"' TERM INT
wait "$service"
trap - TERM INT
wait "$service"
""")

# %% grade_id="gently" points=0 message="was killed" why="ends at a failing check, and forgets the signal" name="wrong-4"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
set -e
python -m alarm.check "${MODEL:-model.json}"
uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
""")

# %% grade_id="gently" points=0 message="has no consequence" why="exec, and nobody listens to the check"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
python -m alarm.check "${MODEL:-model.json}"
exec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
""")

# %% grade_id="gently" points=0 message="was killed" why="exec in a pipe: the shell stays" changes="wrong-4"
-uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
+exec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}" 2>&1 | tee service.log

# %% grade_id="gently" points=0 message="does not come up on $PORT" why="starts in the background, and the script ends" changes="wrong-4"
-uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
+uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}" &

# %% grade_id="gently" points=5 message="got no answer" why="trap and one wait: the script ends before the service: passes what is visible" changes="wrong-4"
-uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
+uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}" &
+service=$!
+trap 'kill -TERM $service' TERM
+wait $service

# %% grade_id="gently" points=5 message="another model's score" why="the check's model is the default, MODEL is lost: passes what is visible"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
set -e
MODEL=model.json
export MODEL
python -m alarm.check "$MODEL"
exec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
""")

# %% grade_id="gently" points=5 message="listens on 127.0.0.1 alone" why="listens inside the container only: passes what is visible" changes="wrong-4"
-uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
+exec uvicorn alarm.api:app --port "${PORT:-8000}"

# %% grade_id="gently" points=5 message="with code 0" why="ends with success when the model is damaged: passes what is visible"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
python -m alarm.check "${MODEL:-model.json}" || exit 0
exec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
""")

# %% grade_id="gently" points=5 message="is damaged, and the service comes up" why="checks model.json, whatever MODEL says: passes what is visible"
Path("service/entrypoint.sh").write_text("""#!/bin/sh
set -e
python -m alarm.check model.json
exec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
""")

# %% grade_id="gently" points=5 message="got no answer" why="does not wait for what is being answered: passes what is visible" changes="wrong-4"
-uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"
+uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}" &
+service=$!
+trap 'kill -KILL $service; exit 0' TERM
+wait $service

# %% grade_id="review" points=16 why="another style: three stages on top of one, --chmod and a direct start, --prefix, user and group, HTTP client"
Path("service/Dockerfile").write_text("""# syntax=docker/dockerfile:1
ARG BASE="python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254"

FROM $BASE AS base
ENV PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1

FROM base AS packages
COPY requirements.txt /tmp/requirements.txt
RUN --mount=id=pip,type=secret,dst=/etc/pip.conf pip install --prefix=/install -r /tmp/requirements.txt

FROM base AS model
WORKDIR /m
COPY requirements-build.txt .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install -r requirements-build.txt
COPY alarm ./alarm
COPY model ./model
RUN python -m alarm.export model/model.npz model.json

FROM base
COPY --from=packages /install /usr/local
WORKDIR /srv
COPY --from=model /m/model.json ./
COPY alarm ./alarm
COPY --chmod=0555 entrypoint.sh ./
USER 65532:65532
HEALTHCHECK --interval=20s --timeout=2s CMD ["python3", "-c", "import http.client, sys; c = http.client.HTTPConnection('localhost', 8000, timeout=1); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["./entrypoint.sh"]
ARG COMMIT
LABEL org.opencontainers.image.revision="$COMMIT" org.opencontainers.image.title="alarm"
""")

# %% grade_id="review" points=16 why="another style: target environment by PYTHONPATH, CMD beside ENTRYPOINT, useradd by number"
text = (
    "ARG BASE=docker.io/library/python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254\n"
    "FROM ${BASE} AS build\n"
    "SECRET"
)
mount = "RUN --mount=type=secret,id=pip,target=/etc/pip.conf,required=false"
steps = [
    "WORKDIR /app",
    "COPY requirements.txt requirements-build.txt ./",
    f"{mount} python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --requirement requirements.txt",
    f"{mount} python3 -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir --requirement requirements-build.txt",
    "COPY alarm alarm",
    "COPY model/model.npz model/",
    "RUN /opt/tools/bin/python3 -m alarm.export model/model.npz model.json",
    "FROM ${BASE}",
    "RUN useradd --uid 1000 --no-create-home --no-log-init service",
    "WORKDIR /app",
    "COPY --from=build /opt/venv /opt/venv",
    "COPY --from=build /app/model.json model.json",
    "COPY entrypoint.sh entrypoint.sh",
    "COPY alarm alarm",
    "ENV PATH=/opt/venv/bin:$PATH PORT=8000",
    "USER 1000",
    "STOPSIGNAL SIGTERM",
    'HEALTHCHECK --timeout=5s --interval=30s CMD ["/opt/venv/bin/python", "-c", "from urllib.request import urlopen; assert urlopen(\'http://127.0.0.1:8000/health\', timeout=4).status == 200"]',
    'ENTRYPOINT ["sh"]',
    'CMD ["/app/entrypoint.sh"]',
    "ARG COMMIT",
    "LABEL org.opencontainers.image.revision=$COMMIT",
]
Path("service/Dockerfile").write_text(text.replace("SECRET", "\n".join(steps) + "\n"))

# %% grade_id="review" points=4 message="a tag can be moved" why="pins a tag" name="wrong-3"
FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
FROM ${BASE} AS build
WORKDIR /app
COPY requirements-build.txt .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf python3 -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir -r requirements-build.txt
COPY requirements.txt .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
COPY alarm alarm
COPY model model
RUN /opt/tools/bin/python -m alarm.export model/model.npz model.json
FROM ${BASE}
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app/model.json .
COPY alarm alarm
COPY entrypoint.sh .
USER 10001
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["sh", "/app/entrypoint.sh"]
ARG COMMIT
LABEL org.opencontainers.image.revision=$COMMIT
"""
Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))

# %% grade_id="review" points=4 message="what does USER say in the last stage" why="sets the user in the stage that is left behind" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
 COPY model model
+USER 10001
@@
-USER 10001
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=0 message="ENTRYPOINT is missing, or not in exec form" why="single quotes: no JSON, so the shell form" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-ENTRYPOINT ["sh", "/app/entrypoint.sh"]
+ENTRYPOINT ['sh', '/app/entrypoint.sh']
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=6 message="ENTRYPOINT does not start entrypoint.sh" why="starts the service without its script: no check of the model, no PORT: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-ENTRYPOINT ["sh", "/app/entrypoint.sh"]
+ENTRYPOINT ["uvicorn", "alarm.api:app", "--host", "0.0.0.0", "--port", "8000"]
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=4 message="DL3066" why="a user by name" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
 FROM ${BASE}
+RUN useradd --no-log-init alarm
@@
-USER 10001
+USER alarm
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=10 message="could change it" why="gives the code to the service's user: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
 COPY --from=build /app/model.json .
-COPY alarm alarm
+COPY --chown=10001 alarm alarm
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=10 message="without the settings in the secret mount" why="one of the two installs has no mount: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-RUN --mount=type=secret,id=pip,target=/etc/pip.conf python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
+RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=10 message="is to stand on ${BASE}" why="the last stage's base is written out, and so is the first one's: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
-FROM ${BASE} AS build
+Path("service/Dockerfile").write_text(r"""FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254 AS build
@@
-FROM ${BASE}
+FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=10 message="A new COMMIT, and nothing else" why="the commit is known before a RUN: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
 COPY entrypoint.sh .
+ARG COMMIT
+RUN mkdir /run/alarm
@@
-ARG COMMIT
-LABEL org.opencontainers.image.revision=$COMMIT
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+LABEL org.opencontainers.image.revision=$COMMIT
+""")

# %% grade_id="review" points=12 message="its health check ends with code" why="the health check calls curl: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
+HEALTHCHECK --interval=10s --timeout=3s CMD ["curl", "-f", "http://127.0.0.1:8000/health"]
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=12 message="The service answers 503, and the health check ends with code 0" why="only looks whether the port is open: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
+HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000), timeout=2)"]
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=10 message="copy the whole folder alarm" why="copies the modules, and forgets the tables beside them: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
 COPY --from=build /app/model.json .
-COPY alarm alarm
+COPY alarm/*.py alarm/
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="review" points=10 message="30 s or less" why="once a minute: passes the visible tests" changes="wrong-3"
-FIXED = """ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
+Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
@@
-HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
+HEALTHCHECK --interval=1m --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
@@
-"""
-Path("service/Dockerfile").write_text(re.sub("@sha256:[0-9a-f]+", "", FIXED))
+""")

# %% grade_id="compose" points=12 why="another style: made by Python, long forms, digests, secrets from a file, limits under deploy, lists for environments"
limits = {"resources": {"limits": {"memory": "1G", "cpus": "1.0"}}}
ask = "import urllib.request as u; u.urlopen('http://localhost:{}/health', timeout=2)"
document = {
    "services": {
        "db": {
            "image": "docker.io/library/postgres:16-alpine@sha256:57c72fd2a128e416c7fcc499958864df5301e940bca0a56f58fddf30ffc07777",
            "environment": ["POSTGRES_USER=mlflow", "POSTGRES_DB=mlflow", "POSTGRES_PASSWORD_FILE=/run/secrets/db"],
            "secrets": ["db"],
            "healthcheck": {"test": "pg_isready -U mlflow", "interval": "5s"},
            "volumes": [{"type": "volume", "source": "rows", "target": "/var/lib/postgresql/data"}],
            "deploy": limits,
        },
        "mlflow": {
            "image": "registry.metro-bikes.example/mlflow:3.17.2",
            "command": ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--artifacts-destination", "/mlflow/artifacts"],
            "environment": {
                "MLFLOW_BACKEND_STORE_URI": "postgresql://mlflow:${DB_PASSWORD}@db/mlflow",
                "MLFLOW_SERVER_ALLOWED_HOSTS": "localhost:5000, mlflow:5000",
            },
            "healthcheck": {"test": ["CMD-SHELL", 'python -c "' + ask.format(5000) + '"']},
            "depends_on": {"db": {"condition": "service_healthy", "restart": True}},
            "volumes": ["kept:/mlflow"],
            "deploy": limits,
        },
        "alarm": {
            "build": {"context": "."},
            "ports": [{"target": 8000, "published": "8000"}],
            "environment": ["MLFLOW_TRACKING_URI=http://mlflow:5000"],
            "healthcheck": {"test": ["CMD", "python", "-c", ask.format(8000)]},
            "depends_on": {"mlflow": {"condition": "service_healthy"}},
            "deploy": limits,
        },
        "prometheus": {
            "image": "prom/prometheus:v3.5.0",
            "ports": [{"target": 9090, "published": "9090", "host_ip": "127.0.0.1"}],
            "volumes": [
                {"type": "bind", "source": "./prometheus.yml", "target": "/etc/prometheus/prometheus.yml", "read_only": True},
                {"type": "volume", "source": "series", "target": "/prometheus"},
            ],
            "deploy": limits,
        },
    },
    "volumes": {"rows": {}, "kept": {}, "series": {}},
    "secrets": {"db": {"file": "./secrets/db.txt"}},
}
Path("service/compose.yaml").write_text(yaml.safe_dump(document))

# %% grade_id="compose" points=12 why="another style: digests instead of versions, a required variable without braces, an anchor for the limits" changes="solution"
-# Write the file service/compose.yaml.
-Path("service/compose.yaml").write_text("""services:
+Path("service/compose.yaml").write_text("""x-limits: &limits
+  mem_limit: 512m
+  cpus: 1
+services:
@@
         condition: service_healthy
-    mem_limit: 512m
-    cpus: 1
+    <<: *limits
@@
-    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?}@db:5432/mlflow --artifacts-destination /mlflow/artifacts --allowed-hosts mlflow:5000,localhost:*
+    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?set it}@db:5432/mlflow --artifacts-destination /mlflow/artifacts --allowed-hosts=mlflow:*,localhost,127.0.0.1:*
@@
-      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
+      POSTGRES_PASSWORD: ${DB_PASSWORD:?set it}
@@
-    image: prom/prometheus:v3.5.0
+    image: prom/prometheus@sha256:abababababababababababababababababababababababababababababababab

# %% grade_id="compose" points=0 message="db publishes a port" why="publishes the database" changes="solution"
-# Write the file service/compose.yaml.
@@
     image: postgres:16.12
+    ports: ['127.0.0.1:5432:5432']

# %% grade_id="compose" points=4 message="would get 403 each time" why="MLflow does not know its name: healthy, and of no use: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?}@db:5432/mlflow --artifacts-destination /mlflow/artifacts --allowed-hosts mlflow:5000,localhost:*
+    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?}@db:5432/mlflow --artifacts-destination /mlflow/artifacts

# %% grade_id="compose" points=0 message="The Compose specification's schema says" why="a health check's number without a unit of time, and a key that does not exist" changes="solution"
-# Write the file service/compose.yaml.
@@
-      interval: 5s
+      every: 5

# %% grade_id="compose" points=0 message="has no healthcheck" why="waits for a health that nobody looks at" changes="solution"
-# Write the file service/compose.yaml.
@@
-    healthcheck:
-      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "mlflow"]
-      interval: 5s
-      timeout: 3s
-      retries: 12

# %% grade_id="compose" points=4 message="expected service_healthy" why="waits for the start: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
       mlflow:
-        condition: service_healthy
+        condition: service_started

# %% grade_id="compose" points=4 message="its own localhost" why="the database at localhost: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?}@db:5432/mlflow --artifacts-destination /mlflow/artifacts --allowed-hosts mlflow:5000,localhost:*
+    command: mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri postgresql://mlflow:${DB_PASSWORD:?}@localhost:5432/mlflow --artifacts-destination /mlflow/artifacts --allowed-hosts mlflow:5000,localhost:*

# %% grade_id="compose" points=4 message="calls curl" why="curl in an image that has none: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-      test: ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=2)"]
+      test: ["CMD", "curl", "-f", "http://127.0.0.1:5000/health"]

# %% grade_id="compose" points=4 message="or a default for it, stands in" why="a default for the password: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
+      POSTGRES_PASSWORD: ${DB_PASSWORD:-wheels}

# %% grade_id="compose" points=4 message="no named volume lies there" why="a volume at the wrong place: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-      - db-data:/var/lib/postgresql/data
+      - db-data:/data

# %% grade_id="compose" points=4 message="expected 127.0.0.1 alone" why="MLflow for everyone: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-    ports: ["127.0.0.1:5000:5000"]
+    ports: ["5000:5000"]

# %% grade_id="compose" points=4 message="so it moves" why="a tag with one number: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-    image: postgres:16.12
+    image: postgres:16

# %% grade_id="compose" points=4 message="has no memory limit" why="three of four have limits: passes the visible tests" changes="solution"
-# Write the file service/compose.yaml.
@@
-    mem_limit: 512m
-    cpus: 0.5
