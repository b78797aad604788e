"""Plain data as JSON text and back: what may cross from a learner's process to the judge's, and nothing else.

No pickle: reading never runs code. Data frames cross as Arrow, arrays as npy without objects.
"""

import base64
import datetime as dt
import io
import json
import math
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Json = Any


def dump(value: object) -> str:
    """Return `value` as one line of JSON. Raises TypeError where something in it is not plain data."""
    return json.dumps(_pack(value), allow_nan=False)


def load(text: str) -> Any:
    """Return the value that `dump` wrote, with the very types that went in."""
    return _unpack(json.loads(text))


def _pack(value: object) -> Json:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if isinstance(value, float) and kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [_pack(item) for item in value]}  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return {"dict": [[_pack(key), _pack(item)] for key, item in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": _text(value)}
    if isinstance(value, PurePath):
        return {"path": str(value)}
    packed = _pack_pandas(value) or _pack_numpy(value)
    if packed is not None:
        return packed
    if kind in (dt.datetime, dt.date):
        return {kind.__name__: value.isoformat()}  # type: ignore[attr-defined]
    raise TypeError(f"a {kind.__name__} is not plain data; use numbers, texts, lists, dicts, data frames or arrays")


def _pack_pandas(value: object) -> Json:
    if "pandas" not in sys.modules:  # who has a data frame has imported it; nobody else waits for it
        return None
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return {"frame": _text(_arrow(value))}
    if isinstance(value, pd.Series):
        return {"series": [_pack(value.name), _text(_arrow(value.to_frame("values")))]}
    if isinstance(value, pd.Index):
        return {"index": _pack(value.to_series(index=range(len(value)), name=None))}
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        return {type(value).__name__.lower(): value.isoformat()}
    return None


def _pack_numpy(value: object) -> Json:
    if "numpy" not in sys.modules:
        return None
    import numpy as np

    if not isinstance(value, np.ndarray | np.generic):
        return None
    if value.dtype.hasobject:
        return {"objects": [_pack(item) for item in np.asarray(value).tolist()]}
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(value), allow_pickle=False)
    return {"array" if isinstance(value, np.ndarray) else "scalar": _text(buffer.getvalue())}


def _unpack(value: Json) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    match kind:
        case "float":
            return float(inner)
        case "list" | "tuple" | "set" | "frozenset":
            return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](_unpack(item) for item in inner)
        case "dict":
            return {_unpack(key): _unpack(item) for key, item in inner}
        case "frame":
            return _frame(inner)
        case "series":
            return _frame(inner[1])["values"].rename(_unpack(inner[0]))
        case "bytes":
            return base64.b64decode(inner)
        case "path":
            return Path(inner)
        case "datetime" | "date":
            return {"datetime": dt.datetime, "date": dt.date}[kind].fromisoformat(inner)
        case "index" | "timestamp" | "timedelta":
            import pandas as pd

            return {"index": pd.Index, "timestamp": pd.Timestamp, "timedelta": pd.Timedelta}[kind](_unpack(inner))
        case "objects" | "array" | "scalar":
            import numpy as np

            if kind == "objects":
                return np.array([_unpack(item) for item in inner], dtype=object)
            array = np.load(io.BytesIO(base64.b64decode(inner)), allow_pickle=False)
            return array if kind == "array" else array[()]
    raise ValueError(f"unknown kind of plain data: {kind}")


def _arrow(frame: "pd.DataFrame") -> bytes:
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame, preserve_index=True)
    except (pa.ArrowException, ValueError) as error:
        raise TypeError(f"a data frame holds what is not plain data ({str(error).splitlines()[0]})") from None
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _frame(text: str) -> "pd.DataFrame":
    import pyarrow as pa

    with pa.ipc.open_stream(base64.b64decode(text)) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    return frame


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
