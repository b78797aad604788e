"""A language model's server for a notebook, without a network: `create_app()` makes it, `chat(url, …)` asks it.

Openly a simulator: it holds no language model. LIMITS in `llm.server` says what it does not do.
"""

from .client import Refused, chat, embed
from .server import LIMITS, create_app

__all__ = ["LIMITS", "Refused", "chat", "create_app", "embed"]
