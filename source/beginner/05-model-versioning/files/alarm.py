"""The repair alarm: the trips it learns from, its training, its cost, its files, and a small HTTP service that asks it."""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from hashlib import sha256 as _sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# skops looks at all of scikit-learn, which looks for PyTorch: seconds and 200 MB that the alarm does not need. So it finds none.
sys.modules.setdefault("torch", None)
import skops.io  # noqa: E402

if sys.modules["torch"] is None:
    del sys.modules["torch"]


FEATURES = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "ebike"]  # what the app sends
FETCH_COST = 8  # euros, to fetch a bike that turns out to be sound
MISS_COST = 40  # euros, for a bike in need of repair that was left standing
REQUIREMENTS = [f"{package}=={version(package)}" for package in ("scikit-learn", "skops")]


def read_trips(path):
    """Return a row a trip: day, the FEATURES (km, m, km, bar, 0 or 1), idle_hours, and needs_repair (0 or 1)."""
    numbers = dict.fromkeys([*FEATURES, "idle_hours"], float)
    return pd.read_csv(path, dtype={"day": str, **numbers, "needs_repair": int})


def as_table(trips):
    """Return trips, as the app sends them (a list of dictionaries), as a table with the FEATURES as its columns."""
    return pd.DataFrame(trips, columns=FEATURES).astype(float)


def train(trips, params):
    """Return a repair alarm that uses params["columns"] and says yes from a probability of params["threshold"] on."""
    columns = make_column_transformer((StandardScaler(), params["columns"]))
    alarm = FixedThresholdClassifier(
        make_pipeline(columns, LogisticRegression(C=params["C"])), threshold=params["threshold"], response_method="predict_proba"
    )
    return alarm.fit(trips.drop(columns=["day", "needs_repair"]), trips["needs_repair"])


def daily_cost(answers, trips):
    """Return the cost of each day in euros, a Series by day. `answers` has one number a trip; like the app, take all but 0 as a yes."""
    yes = pd.Series(answers, index=trips.index) != 0
    broken = trips["needs_repair"] == 1
    return (FETCH_COST * (yes & ~broken) + MISS_COST * (~yes & broken)).groupby(trips["day"]).sum()


def sha256(path):
    """Return the SHA-256 of the file's bytes, 64 hexadecimal digits."""
    return _sha256(Path(path).read_bytes()).hexdigest()


def open_model(path):
    """Return the model in a .skops file. Only scikit-learn's own types are built; nothing in the file is run."""
    return skops.io.load(path)


def model_file(name, version):
    """Return the path of the file that holds this version of a registered model."""
    return Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")) / "model.skops"


def git(folder, *words):
    """Run Git in the folder and return what it prints, as bytes. Raises subprocess.CalledProcessError if Git says no."""
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True).stdout



@contextmanager
def serving(answer):
    """Serve `answer(name, trips)` over HTTP on this machine, at POST /NAME, until the block ends. Gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            trips = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, body = 200, json.dumps(answer(self.path.strip("/"), trips))
            except Exception as error:
                status, body = 500, json.dumps({"error": f"{type(error).__name__}: {error}".splitlines()[0]})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # 0: any port that is free
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(address, name, trips):
    """Send trips (a list of dictionaries) to the service, and return its status and its answer."""
    request = urllib.request.Request(f"{address}/{name}", json.dumps(trips).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
