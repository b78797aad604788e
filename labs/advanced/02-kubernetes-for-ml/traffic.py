"""Steady requests to a service while something else goes on, and what became of them."""

import threading
import time


class Traffic:
    """Asks a service from several threads while a block runs. `answered`: (seconds, version, pod) of each; `lost`: why not, each."""

    def __init__(self, cluster, service="demand", path="/predict", clients=4):
        self.answered, self.lost = [], []
        self._cluster, self._service, self._path, self._space = cluster, service, path, cluster.namespace
        self._stop, self._begin = threading.Event(), time.monotonic()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(15)

    def _ask(self):
        while not self._stop.is_set():
            try:
                reply = self._cluster.call(self._service, self._path, timeout=5, namespace=self._space)
                if reply.status == 200:
                    self.answered.append((time.monotonic() - self._begin, reply.json()["version"], reply.pod))
                else:
                    self.lost.append(f"status {reply.status} from {reply.pod}")
            except (OSError, ValueError) as error:
                self.lost.append(str(error))
            self._stop.wait(0.01 if not self.lost else 0.05)


class Watch:
    """Counts a service's ready pods, and its deployment's pods, while a block runs: `fewest_ready` and `most_pods`."""

    def __init__(self, cluster, service="demand", selector="app=demand"):
        self.fewest_ready, self.most_pods = 10**6, 0
        self._cluster, self._service, self._selector, self._space = cluster, service, selector, cluster.namespace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(15)

    def _count(self):
        while not self._stop.wait(0.05):
            subsets = self._cluster.get("endpoints", self._service, self._space).get("subsets") or []
            pods = self._cluster.list("pods", self._selector, namespace=self._space)
            self.fewest_ready = min(self.fewest_ready, sum(len(each.get("addresses") or []) for each in subsets))
            self.most_pods = max(self.most_pods, sum("deletionTimestamp" not in pod["metadata"] for pod in pods))
