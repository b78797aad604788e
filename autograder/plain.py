"""Plain data as JSON text and back: what may cross from a learner's process to the judge's, and nothing else.

No pickle: reading never runs code. Data frames cross as Arrow, arrays as npy; columns and arrays of objects value by value.
"""

import base64
import datetime as dt
import io
import json
import math
import sys
from decimal import Decimal
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
    if isinstance(value, tuple) and kind.__base__ is tuple and isinstance(kind.__dict__.get("_fields"), tuple):
        return {"tuple": [_pack(item) for item in tuple.__iter__(value)]}  # a named tuple: its values, by position
    if isinstance(value, dict):
        return {"dict": [[_pack(key), _pack(item)] for key, item in value.items()]}
    if isinstance(value, PurePath):
        return {"path": str(value)}
    packed = _pack_pandas(value) or _pack_numpy(value)
    if packed is not None:
        return packed
    if isinstance(value, bytes | bytearray):
        return {"bytes": _text(bytes(value))}
    if isinstance(value, Decimal) and kind is Decimal:
        return {"decimal": str(value)}
    if kind in (dt.datetime, dt.date, dt.time):
        return {kind.__name__: value.isoformat()}  # type: ignore[attr-defined]
    if isinstance(value, dt.timedelta) and kind is dt.timedelta:
        return {"span": [value.days, value.seconds, value.microseconds]}
    raise TypeError(f"a {kind.__name__} is not plain data; use numbers, texts, lists, dicts, data frames or arrays")


def _pack_pandas(value: object) -> Json:
    if "pandas" not in sys.modules:  # who has a data frame has imported it; nobody else waits for it
        return None
    import pandas as pd

    if value is pd.NaT or value is pd.NA:
        return {"missing": str(value)}
    if isinstance(value, pd.DataFrame):
        return {"frame": _pack_frame(value)}
    if isinstance(value, pd.Series):
        return {"series": [_pack(value.name), _pack_frame(value.to_frame("values"))]}
    if isinstance(value, pd.Index):
        return {"index": _pack(value.to_series(index=range(len(value)), name=None))}
    if isinstance(value, pd.Timestamp):
        return {"timestamp": [value.isoformat(), str(value.tz) if value.tz else None]}
    if isinstance(value, pd.Timedelta):
        return {"timedelta": value.isoformat()}
    return None


def _pack_frame(frame: "pd.DataFrame") -> Json:
    """Return a frame's parts: columns of a type as Arrow, which would take NaN for None in those of objects, these by value, labels."""
    import pandas as pd

    numbers, labels = [str(number) for number in range(frame.shape[1])], frame.columns
    objects = [number for number, kind in zip(numbers, frame.dtypes, strict=True) if getattr(kind, "hasobject", False)]
    try:
        typed = _arrow(frame.set_axis(numbers, axis=1).drop(columns=objects))
        values = {number: [_pack(value) for value in frame.iloc[:, int(number)].tolist()] for number in objects}
    except TypeError as error:
        raise TypeError(f"a data frame holds what is not plain data ({error})") from None
    plain_labels = [labels.start, labels.stop, labels.step] if isinstance(labels, pd.RangeIndex) else _pack(list(labels))
    return [_text(typed), values, plain_labels, _pack(list(labels.names))]


def _pack_numpy(value: object) -> Json:
    if "numpy" not in sys.modules:
        return None
    import numpy as np

    if not isinstance(value, np.ndarray | np.generic) or isinstance(value, np.ma.MaskedArray):
        return None
    if value.dtype == object:
        return {"objects": [list(value.shape), [_pack(item) for item in value.ravel().tolist()]]}
    if value.dtype.hasobject:
        raise TypeError("an array of records with objects is not plain data; use a data frame")
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
            return _unpack_frame(*inner)
        case "series":
            return _unpack_frame(*inner[1])["values"].rename(_unpack(inner[0]))
        case "bytes":
            return base64.b64decode(inner)
        case "path":
            return Path(inner)
        case "datetime" | "date" | "time":
            return getattr(dt, kind).fromisoformat(inner)
        case "decimal":
            return Decimal(inner)
        case "span":
            return dt.timedelta(*inner)
        case "missing" | "index" | "timestamp" | "timedelta":
            import pandas as pd

            if kind == "timestamp":
                return pd.Timestamp(inner[0]).tz_convert(inner[1]) if inner[1] else pd.Timestamp(inner[0])
            return {"missing": {"NaT": pd.NaT, "<NA>": pd.NA}.get, "index": pd.Index, "timedelta": pd.Timedelta}[kind](_unpack(inner))
        case "objects" | "array" | "scalar":
            import numpy as np

            if kind == "objects":
                return _objects(inner[1]).reshape(inner[0])
            array = np.load(io.BytesIO(base64.b64decode(inner)), allow_pickle=False)
            return array if kind == "array" else array[()]
    raise ValueError(f"unknown kind of plain data: {kind}")


def _arrow(frame: "pd.DataFrame") -> bytes:
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame, preserve_index=True)
    except (pa.ArrowException, ValueError) as error:
        raise TypeError(str(error).splitlines()[0]) from None
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _unpack_frame(text: str, values: dict[str, Json], labels: Json, names: Json) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow as pa

    with pa.ipc.open_stream(base64.b64decode(text)) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    for number, items in values.items():
        frame[number] = _objects(items)
    names = _unpack(names)
    if isinstance(labels, list):
        columns: pd.Index[Any] = pd.RangeIndex(*labels, name=names[0])
    elif len(names) > 1:
        columns = pd.MultiIndex.from_tuples(_unpack(labels), names=names)
    else:
        columns = pd.Index(_unpack(labels), name=names[0], tupleize_cols=False)
    return frame[[str(number) for number in range(len(columns))]].set_axis(columns, axis=1)


def _objects(items: list[Json]) -> Any:
    """Return an array of objects with one dimension, whatever the items are."""
    import numpy as np

    array = np.empty(len(items), dtype=object)
    for number, item in enumerate(items):
        array[number] = _unpack(item)
    return array


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
