"""A Kubernetes cluster in a notebook: `cluster = control_plane()`, then `help(cluster)`."""

from .api import Refused
from .cluster import Cluster
from .control_plane import NoControlPlane, control_plane, missing_programs

__all__ = ["Cluster", "NoControlPlane", "Refused", "control_plane", "missing_programs"]
