"""The models that the server offers: what each costs, how long it takes, and what it can do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """A model's card. Prices are euros for 1,000 tokens; times are milliseconds of the simulated clock.

    `synonyms`: it knows that a fee is a cost. `reads`: it takes in so many passages, from the first. `slips`: how often it takes the second
    best sentence. `chats`: how often it wraps JSON in friendly words unless `response_format` forbids it. `steady`: how well it withstands
    orders in what it reads. `bias` is a judge's: none, length or position.
    """

    name: str
    price_in: float
    price_out: float
    first_ms: float
    token_ms: float
    synonyms: bool = True
    reads: int = 8
    slips: float = 0.0
    chats: float = 0.05
    steady: int = 0
    bias: str = ""


MODELS = {
    model.name: model
    for model in [
        Model("metro-small", 0.0002, 0.0008, 90, 3, synonyms=False, reads=3, slips=0.08, chats=0.2),
        Model("metro-large", 0.004, 0.012, 400, 12, steady=1),
        Model("judge-1", 0.004, 0.012, 400, 12),
        Model("judge-2", 0.001, 0.003, 200, 6, bias="length"),
        Model("judge-3", 0.001, 0.003, 200, 6, bias="position"),
    ]
}
EMBEDDING = Model("metro-embed", 0.00002, 0.0, 30, 0)


def cost(model: Model, tokens_in: int, tokens_out: int) -> float:
    """Return what a call costs, in euros."""
    return (tokens_in * model.price_in + tokens_out * model.price_out) / 1000
