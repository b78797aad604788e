"""Plays what Ada, Bo and Cy left behind: the service's folder as it lies on Cy's laptop, and the image that he pushed."""

import hashlib
import random
import shutil
from pathlib import Path

from archive import write_archive


def key(text):
    """Return a key for the map service, made from a text: it opens nothing."""
    return "mbk_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def play_found(folder):
    """Make the service's folder as it lies on Cy's laptop: what is in Git, and what is not."""
    place = Path(folder)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(Path(__file__).with_name("found"), place, ignore=shutil.ignore_patterns("__pycache__"))
    chance = random.Random(3)
    lying = {
        ".env": f"MAPS_KEY={key('maps')}\n".encode(),
        ".env.example": b"MAPS_KEY=ask Noor\n",
        "alarm/.env.local": f"MAPS_KEY={key('maps test')}\n".encode(),
        "alarm/__pycache__/api.cpython-312.pyc": chance.randbytes(9_000),
        "alarm/__pycache__/model.cpython-312.pyc": chance.randbytes(5_000),
        "deploy/id_registry.pem": b"-----BEGIN PRIVATE KEY-----\n(made up)\n-----END PRIVATE KEY-----\n",
        "deploy/vans.key": b"(made up)\n",
        "data/trips.csv": b"trip_id,distance_km,needs_repair\n"
        + b"".join(b"%d,%.3f,%d\n" % (n, chance.expovariate(0.3), chance.random() < 0.1) for n in range(60_000)),
        "notebooks/data/sample.csv": chance.randbytes(40_000),
        "notebooks/try.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}' + b" " * 60_000,
        "notebooks/.ipynb_checkpoints/try-checkpoint.ipynb": b" " * 60_000,
        ".git/HEAD": b"ref: refs/heads/main\n",
        ".git/config": f"[remote]\n\turl = https://cy:{key('git')}@git.metro-bikes.example/alarm.git\n".encode(),
        ".git/objects/pack/pack-1f.pack": chance.randbytes(700_000),
        ".dockerignore": b"# copied from .gitignore\n.env\n*.pem\n*.key\n__pycache__/\n/data/\n.ipynb_checkpoints\n",
    }
    for name, content in lying.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)


def play_push(path):
    """Write the image that Cy pushed on Thursday."""
    source = b"import os\n\nMAPS_KEY = os.environ['MAPS_KEY']\n"
    token = key("index token")
    write_archive(
        path,
        [
            ("/bin/sh -c #(nop) ADD file:1f in /", {"etc/os-release": b"Debian GNU/Linux 12\n", "bin/sh": b"\x7fELF" + bytes(500)}),
            ("ENV PATH=/usr/local/bin:/usr/bin:/bin", None),
            ("RUN |1 COMMIT=8c1f /bin/sh -c apt-get update && apt-get install -y curl", {"usr/bin/curl": b"\x7fELF" + bytes(900)}),
            ("WORKDIR /app", {}),
            ("ARG INDEX_TOKEN", None),
            (
                "COPY . . # buildkit",
                {"app/alarm/maps.py": source, "app/.env": f"MAPS_KEY={key('maps')}\n".encode(), "app/README.md": b"# Repair alarm\n"},
            ),
            (
                f"RUN |2 COMMIT=8c1f INDEX_TOKEN={token} /bin/sh -c pip install -r requirements.txt",
                {"usr/local/lib/python3.12/site-packages/fastapi.py": b"# fastapi\n"},
            ),
            ("RUN /bin/sh -c rm -f .env # so that the key does not go out", {"app/.wh..env": b""}),
            ('CMD ["/bin/sh" "-c" "sh entrypoint.sh"]', None),
        ],
        env=["PATH=/usr/local/bin:/usr/bin:/bin"],
    )
