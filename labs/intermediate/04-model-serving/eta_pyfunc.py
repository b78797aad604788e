"""The arrival estimate as MLflow wants a model: a class that loads and predicts."""

import mlflow
from eta import FEATURES, load_model


class Eta(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.model = load_model(context.artifacts["model"])

    def predict(self, context, model_input, params=None):
        return self.model.minutes(model_input[FEATURES].to_numpy())


mlflow.models.set_model(Eta())
