"""What a kernel says, in the messages of Jupyter's protocol: read quickly, and looked at: it may come from the learner's code."""

import re
from typing import Any

from jupyter_client.session import orjson_unpacker
from traitlets.config import Config

_JSON = re.compile(r"application/(.*\+)?json$")  # the forms of a value that may be more than text, as nbformat's schema has them
_SHAPES: dict[str, dict[str, type]] = {  # what a kernel says while a cell runs, and what must be in it
    "status": {"execution_state": str},
    "execute_input": {},
    "clear_output": {},
    "stream": {"name": str, "text": str},
    "display_data": {"data": dict, "metadata": dict},
    "update_display_data": {"data": dict, "metadata": dict, "transient": dict},
    "execute_result": {"data": dict, "metadata": dict, "execution_count": int},
    "error": {"ename": str, "evalue": str, "traceback": list},
}


def unpack(data: bytes) -> Any:
    """Return a part of a message, a header without its moment: nobody asks for that, and reading it takes longer than the rest."""
    part = orjson_unpacker(data)
    if isinstance(part, dict) and "msg_id" in part:
        part.pop("date", None)
    return part


SESSION = Config(Session={"unpacker": f"{__name__}.{unpack.__name__}"})


def is_message(msg: dict[str, Any]) -> bool:
    """Return whether a message has the shape that the protocol gives it: it may come from the learner's code."""
    content, shape = msg.get("content"), _SHAPES.get(msg["msg_type"])
    if shape is None or not isinstance(content, dict) or not all(isinstance(content.get(key), kind) for key, kind in shape.items()):
        return False
    count, transient = content.get("execution_count", 0), content.get("transient", {})
    lines, forms = content["traceback"] if "traceback" in shape else [], content["data"] if "data" in shape else {}
    return (
        (count is None or (type(count) is int and count >= 0))
        and all(isinstance(line, str) for line in lines)
        and all(isinstance(text, str) or _JSON.match(form) for form, text in forms.items())
        and isinstance(transient, dict)
        and isinstance(transient.get("display_id", ""), str)
    )


def size_of(value: object) -> int:
    """Return how many characters a message's content has, a number counted as eight."""
    if isinstance(value, dict):
        return sum(map(size_of, value.values()))
    if isinstance(value, list):
        return sum(map(size_of, value))
    return len(value) if isinstance(value, str) else 8
