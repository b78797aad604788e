"""What the colleagues do in MLflow's store: they register deposit models, and evaluate them."""

import mlflow
from mlflow import MlflowClient


def register(name, params, metrics):
    """Log a training run and register its model as the next version; return its number."""
    mlflow.set_experiment(f"{name}-training")
    with mlflow.start_run() as run:
        mlflow.log_params(params)
        mlflow.log_metrics(metrics)
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    return int(client.create_model_version(name, source=run.info.artifact_uri, run_id=run.info.run_id).version)


def evaluate(name, version, metrics, by_district=None, status="FINISHED", experiment=None):
    """Log an evaluation of a version on held-out applications; return the run's id."""
    mlflow.set_experiment(experiment or f"{name}-evaluation")
    with mlflow.start_run() as run:
        mlflow.set_tag("evaluates", f"{name}/{version}")
        mlflow.log_metrics(metrics)
        if by_district is not None:
            mlflow.log_dict(by_district, "by_district.json")
    if status != "FINISHED":
        MlflowClient().set_terminated(run.info.run_id, status)
    return run.info.run_id


def play_year(name):
    """Register four versions and evaluate them; version 3 is the champion. Does nothing if they are there."""
    client = MlflowClient()
    if client.search_registered_models(f"name = '{name}'"):
        return
    data = ["5d1c0f", "a83e77", "c92b14", "0be6d5"]
    for number, (auc, threshold) in enumerate([(0.84, 0.40), (0.83, 0.42), (0.81, 0.44), (0.86, 0.44)]):
        register(name, {"threshold": threshold, "data_sha256": data[number] * 8}, {"auc": auc})

    def table(*rates):
        places = ["Harbour", "Old Town", "University", "Hillside", "Eastfield", "Island"]
        return {place: {"payers": n, "false_positive_rate": r} for place, (n, r) in zip(places, rates, strict=True)}

    evaluate(
        name, 2, {"auc": 0.74, "false_positive_rate": 0.16}, table((290, 0.1), (402, 0.11), (395, 0.1), (410, 0.1), (311, 0.35), (7, 0.0))
    )
    evaluate(
        name, 3, {"auc": 0.79, "false_positive_rate": 0.10}, table((290, 0.1), (402, 0.1), (395, 0.1), (410, 0.1), (311, 0.1), (7, 0.0))
    )
    evaluate(
        name, 3, {"auc": 0.78, "false_positive_rate": 0.14}, table((288, 0.11), (399, 0.1), (391, 0.11), (407, 0.1), (305, 0.31), (9, 0.44))
    )
    evaluate(name, 3, {"auc": 0.99}, status="FAILED")
    evaluate(name, 4, {"auc": 0.77, "false_positive_rate": 0.12})
    client.set_registered_model_alias(name, "champion", 3)
