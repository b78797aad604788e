"""What the judge cells of order and size share: what a change costs, and what an image weighs."""

import hashlib
import json
import re

from imagebuild import MB, rebuilt
from judging import arrays_of, attempt, fresh_files, numbers, word

from judgekit import drawn

NEEDED = {
    "fastapi",
    "uvicorn",
    "prometheus-client",
    "starlette",
    "pydantic",
    "pydantic-core",
    "typing-extensions",
    "anyio",
    "idna",
    "click",
    "h11",
}


def costly(steps):
    """Return the steps that take long: they install something."""
    return [step for step in steps if step.text.startswith("RUN") and step.size > MB]


def first(steps):
    """Return the text of the first of some steps, cut."""
    return steps[0].text[:70]


def order_problem(text, salt="order"):
    """Return what is wrong with the order of a Dockerfile's steps, or None."""
    files, _ = fresh_files(salt)
    before = attempt(text, files, COMMIT="3f1c")

    def again(change, commit="3f1c"):
        after = attempt(text, {**files, **change}, COMMIT=commit)
        return after, rebuilt(before, after)

    after, steps = again({}, "77aa")
    runs = [step for step in steps if step.text.startswith("RUN")]
    if runs:
        return f"A new COMMIT, and nothing else, builds `{first(runs)}` again. An ARG counts for every RUN after it, used or not."
    if "77aa" not in after.config["labels"].values():
        return (
            "The image has no label with the commit that it was built from: COMMIT is given as a build argument, and belongs into a LABEL."
        )
    after, steps = again({"alarm/api.py": files["alarm/api.py"] + b"# new\n"})
    if costly(steps):
        return f"A change in alarm/api.py builds `{first(costly(steps))}` again. What changes often comes after what takes long."
    chance = drawn(salt + " new")
    new = numbers(chance)
    after, steps = again({"model/model.npz": arrays_of(new)})
    if costly(steps):
        return f"A new model builds `{first(costly(steps))}` again. Nothing that is installed depends on the model."
    problem = model_problem(after, new)
    if problem:
        return f"With a new model/model.npz, {problem}"
    for name in ("README.md", "train.py", "compose.yaml", "prometheus.yml"):
        _, steps = again({name: files.get(name, b"") + b"# new\n"})
        if steps:
            return f"A change in {name} builds `{first(steps)}` again, and the image does not need that file. Copy what is needed, by name."
    for name, package, version in [("requirements.txt", "fastapi", "0.164.1"), ("requirements-build.txt", "numpy", "2.4.5")]:
        changed = re.sub(rf"{package}==\S+", f"{package}=={version}", files[name].decode()).encode()
        _, steps = again({name: changed})
        if not costly(steps):
            return f"{name} asks for {package} {version}, and nothing is installed again: the image keeps the old one. What pip reads must be copied before, by name, and be read."
    for step in before.steps:
        if "apt-get update" in step.text and "install" not in step.text:
            return "apt-get update is a step of its own: it stays in the cache for months while the install after it changes, and then asks for versions that are gone. Do both in one RUN."
    missing = NEEDED - before.packages()
    if missing:
        return f"The container's first process cannot import {', '.join(sorted(missing))}: what the packages need themselves has to be there, too."
    return code_problem(before, files)


def code_problem(image, files):
    """Return which file of the folder alarm is not in an image, or None."""
    work = image.config["workdir"].rstrip("/")
    for path in files:
        if path.startswith("alarm/") and f"{work}/{path}" not in image.files:
            return f"On a fresh folder, {path} is not in the image, below WORKDIR: copy the whole folder alarm, whatever modules and tables it gets."
    return None


def model_problem(image, model):
    """Return what is wrong with the model in an image, or None."""
    work = image.config["workdir"].rstrip("/")
    place = image.config["env"].get("MODEL", f"{work}/model.json")
    file = image.files.get(place if place.startswith("/") else f"{work}/{place}")
    if file is None or file.content is None:
        return f"the image holds no {place}, which the service reads at its start."
    if json.loads(file.content) != model:
        return "the model.json in the image is not made of it."
    return None


def small_problem(text, salt="small"):
    """Return what is wrong with an image that is to be small, or None."""
    files, model = fresh_files(salt)
    chance = drawn(salt + " junk")
    files |= {f"{word(chance)}.csv": b"x" * 500, f"{word(chance)}.md": b"x", "model/card.md": b"x"}
    image = attempt(text, files, COMMIT="3f1c")
    return inside_problem(image, files, model)


def inside_problem(image, files, model, budget=160):
    """Return what is wrong with what is in an image, or None."""
    missing = NEEDED - image.packages()
    if missing:
        return f"The container's first process cannot import {', '.join(sorted(missing))}. Are they where its Python looks, in a folder of its version ({image.python}), with what they need themselves?"
    for script in image.broken_scripts():
        return f"{script} – that Python is not in the image. An environment's scripts name their Python by its path: it must be copied to where it was made."
    problem = model_problem(image, model)
    if problem:
        return f"On a fresh folder, {problem}"
    problem = code_problem(image, files)
    if problem:
        return problem
    installed = {path.rsplit("/", 1)[1] for path in image.files if "/site-packages/" in path}
    installed |= {path.rsplit("/", 1)[1] for path in image.files if path.rsplit("/", 1)[1] in ("numpy", "pandas", "scipy", "mlflow")}
    extra = installed - NEEDED - {"pip", "setuptools", "wheel", "uv"}
    if extra:
        return f"The image holds {', '.join(sorted(extra))}, which the service does not import."
    tools = [path.rsplit("/", 1)[1] for path in image.files if path.startswith("/usr/lib/apt/")]
    if set(tools) & {"build-essential", "gcc", "g++", "git", "curl", "wget", "vim", "python3-dev"}:
        return f"The image holds {', '.join(sorted(tools))}: tools for building, and for whoever breaks in. Leave them in the stage that builds."
    content = {file.digest: path for path, file in image.files.items() if file.content}
    for path, data in files.items():
        if not path.startswith("alarm/") and path != "entrypoint.sh" and data and (there := content.get(hashlib.sha256(data).hexdigest())):
            return f"The image holds {there}, which the service never reads. Copy what it needs, by name."
    stored, seen = sum(step.size for step in image.layers), sum(file.size for file in image.files.values())
    if stored - seen > MB:
        return f"The layers hold {(stored - seen) / MB:.0f} MB that one does not see in the image: deleted, moved or given to another owner in a later step. That makes a second copy, never a smaller one."
    if image.size > budget * MB:
        return f"The image has {image.size / MB:.0f} MB, expected at most {budget}."
    return None
