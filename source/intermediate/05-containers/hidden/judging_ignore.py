"""What the judge cells of .dockerignore share: what must stay out of an image."""

from imagebuild import build_context
from judging import word

from judgekit import drawn


def ignore_problem(text):
    """Return what is wrong with a .dockerignore, or None."""
    chance = drawn("ignore")
    a, b, c, d = (word(chance) for _ in range(4))
    secret = [
        ".env",
        f".env.{a}",
        f"alarm/.env.{b}",
        f"alarm/{a}/{b}/.env",
        f"model/{c}/.env.{d}",
        f"deploy/{a}/{b}/{c}.key",
        f"{d}/{a}.pem",
        f"alarm/{c}.key",
        ".git/config",
        f".git/objects/{a}",
    ]
    waste = [
        f"data/{a}/{b}.csv",
        f"data/{c}.parquet",
        f"notebooks/{a}/{b}.ipynb",
        f"notebooks/{c}.py",
        f"alarm/{a}/__pycache__/{b}.pyc",
        f"alarm/{a}/{b}/__pycache__/x.pyc",
    ]
    waste += [f".venv/lib/{a}/{b}.py", f"model/{c}/.ipynb_checkpoints/{d}.ipynb", "__pycache__/train.pyc", ".ipynb_checkpoints/x.ipynb"]
    stay = [
        "alarm/__init__.py",
        "alarm/api.py",
        f"alarm/{a}/{b}.py",
        f"alarm/{a}/{b}/{c}.py",
        "alarm/environment.py",
        "alarm/keys.py",
        f"alarm/data/{c}.json",
        f"alarm/{d}/data/{a}.csv",
    ]
    stay += [
        "model/model.npz",
        "model/datasheet.json",
        f"model/data/{b}.json",
        "requirements.txt",
        "requirements-build.txt",
        "entrypoint.sh",
        "alarm/notebooks.py",
        "alarm/monkey.py",
    ]
    sent = build_context({path: b"x" for path in [*secret, *waste, *stay]}, text)
    for path in secret:
        if path in sent:
            return f"In a fresh folder the secret {path} is sent to the builder. Patterns here start at the top folder: a plain name means that folder's file only."
    for path in stay:
        if path not in sent:
            return (
                f"In a fresh folder {path} is left out, and the image needs it: a pattern is too wide, or a folder is left out as a whole."
            )
    for path in waste:
        if path in sent:
            return f"In a fresh folder {path} is sent to the builder: data, notebooks, environments and caches are to stay behind, at any depth where the text says so."
    return None
