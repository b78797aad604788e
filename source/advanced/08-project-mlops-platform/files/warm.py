"""What DVC, MLflow and Evidently import when they are first used: imported here once, and not by each process of the platform."""
# ruff: noqa: F401

import alembic.command
import alembic.config
import dvc.cli
import dvc.commands.add
import dvc.repo.add
import dvc.repo.graph
import dvc.repo.index
import dvc.repo.trie
import dvc.rwlock
import dvc.utils.strictyaml
import dvc_data.hashfile.status
import fsspec.implementations.memory
import mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store
import mlflow.store.workspace_aware_mixin
import networkx
import plotly.offline
import plotly.tools
import ruamel.yaml
import sqlalchemy.dialects.sqlite
import sqlalchemy.orm
