"""Plain data crosses as text and comes back as it was; what is not plain is refused; reading runs nothing."""

import base64
import collections
import datetime as dt
import enum
import io
import json
import math
import pickle
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from autograder import plain


def there_and_back(value: object) -> Any:
    """Return what comes out on the other side."""
    return plain.load(plain.dump(value))


def assert_same(expected: object, actual: object) -> None:
    """Compare values and their very types, all the way down."""
    assert type(expected) is type(actual)
    if isinstance(expected, list | tuple):
        assert isinstance(actual, list | tuple)
        assert len(expected) == len(actual)
        for one, other in zip(expected, actual, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert isinstance(actual, dict)
        assert_same(list(expected.items()), list(actual.items()))
    else:
        assert expected == actual


# Python's own

VALUES: dict[str, object] = {
    "none": None,
    "true": True,
    "false": False,
    "one": 1,
    "zero": 0,
    "negative": -7,
    "large": 10**40,
    "float-one": 1.0,
    "float": 0.1 + 0.2,
    "tiny": 5e-324,
    "infinite": math.inf,
    "minus-infinite": -math.inf,
    "text": "Zürich\n\0 \U0001f6b2",
    "half-a-character": "\ud83d",
    "empty-text": "",
    "bytes": b"\0\xff",
    "empty-bytes": b"",
    "list": [1, True, 1.0, "1", None],
    "empty-list": [],
    "tuple": (1, (2, [3])),
    "empty-tuple": (),
    "set": {1, "a"},
    "empty-set": set(),
    "frozenset": frozenset({(1, 2)}),
    "dict": {"b": 1, "a": [1, (2,)]},
    "empty-dict": {},
    "dict-with-other-keys": {1: "a", (2, 3): {"x": {None: 4}}, 1.5: True, False: 0},
    "dict-that-looks-like-a-packed-one": {"float": "nan", "list": [1]},
    "dict-with-one-key-that-is-a-kind": {"frame": "x"},
    "path": Path("a/b"),
    "date": dt.date(2026, 7, 1),
    "datetime": dt.datetime(2026, 7, 1, 12, 30, 15, 123456),
    "datetime-in-utc": dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_with_its_very_type(name: str) -> None:
    """A bool is no int, a tuple no list, 1.0 not 1, and a dict keeps its order."""
    assert_same(VALUES[name], there_and_back(VALUES[name]))


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_one_line(name: str) -> None:
    """The other side reads line by line, whatever the value holds."""
    text = plain.dump(VALUES[name])

    assert len(text.splitlines()) == 1
    assert text.isascii()


def test_not_a_number_comes_back() -> None:
    """NaN is a float, alone and inside."""
    actual = there_and_back([math.nan, {"a": (math.nan,)}])

    assert [math.isnan(actual[0]), math.isnan(actual[1]["a"][0])] == [True, True]


def test_minus_zero_keeps_its_sign() -> None:
    """It equals zero, and is not."""
    assert math.copysign(1.0, there_and_back(-0.0)) == -1.0


def test_a_pure_path_comes_back_as_a_path() -> None:
    """Whoever gives a path means a file."""
    assert_same(Path("a/b"), there_and_back(PurePosixPath("a/b")))


def test_a_time_zone_comes_back_as_its_offset() -> None:
    """The moment is the same; the zone's name is lost."""
    moment = dt.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))

    actual = there_and_back(moment)

    assert (moment, moment.utcoffset()) == (actual, actual.utcoffset())


# NumPy

SCALARS = [
    np.float64(1.5),
    np.float32(0.1),
    np.int64(3),
    np.int8(-3),
    np.uint64(2**64 - 1),
    np.bool_(True),
    np.str_("ü"),
    np.bytes_(b"x"),
    np.complex128(1j),
    np.datetime64("2026-07-01T12:00"),
    np.timedelta64(3, "h"),
]


@pytest.mark.parametrize("value", SCALARS, ids=lambda value: type(value).__name__)
def test_a_numpy_scalar_comes_back_with_its_very_type(value: np.generic) -> None:
    """np.float64 is a float to Python, and still comes back as np.float64."""
    actual = there_and_back(value)

    assert (type(value), value.dtype, value) == (type(actual), actual.dtype, actual)


def test_a_numpy_scalar_that_is_no_number_comes_back() -> None:
    """np.nan in a np.float64 stays there."""
    actual = there_and_back(np.float64("nan"))

    assert (np.float64, True) == (type(actual), bool(np.isnan(actual)))


ARRAYS = {
    "ints": np.arange(6).reshape(2, 3),
    "floats": np.array([0.1, np.nan, np.inf]),
    "bools": np.array([True, False]),
    "texts": np.array(["a", "bc"]),
    "bytes": np.array([b"a", b"bc"]),
    "moments": np.array(["2026-07-01", "NaT"], dtype="datetime64[ns]"),
    "records": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "empty": np.empty((0, 3), dtype=np.float32),
    "no-dimension": np.array(5),
    "fortran-order": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "a-slice": np.arange(10)[::3],
    "big-endian": np.array([1, 2], dtype=">i4"),
    "object-texts": np.array(["a", "b", None], dtype=object),
    "object-table": np.array([["a", 1], ["b", 2.5]], dtype=object),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back(name: str) -> None:
    """With its shape, its kind and its values."""
    expected, actual = ARRAYS[name], there_and_back(ARRAYS[name])

    assert (np.ndarray, expected.dtype, expected.shape) == (type(actual), actual.dtype, actual.shape)
    np.testing.assert_array_equal(expected, actual, strict=True)


def test_an_array_of_objects_keeps_their_types() -> None:
    """A bool in it is no int, and NaN is a float."""
    actual = there_and_back(np.array([True, 1, 1.0, "1", (1, 2)], dtype=object))

    assert [bool, int, float, str, tuple] == [type(item) for item in actual]


def _rows() -> np.ndarray:
    rows = np.empty(2, dtype=object)
    rows[:] = [[1, 2], [3, 4]]
    return rows


OBJECT_ARRAYS = {"of-lists": _rows(), "no-dimension": np.array("abc", dtype=object), "empty": np.empty((0, 3), dtype=object)}


@pytest.mark.parametrize("name", OBJECT_ARRAYS)
def test_an_array_of_objects_keeps_its_shape(name: str) -> None:
    """Lists in an array do not become its rows."""
    assert OBJECT_ARRAYS[name].shape == there_and_back(OBJECT_ARRAYS[name]).shape


def test_a_masked_array_does_not_lose_its_mask() -> None:
    """It is refused, or its mask comes along."""
    try:
        actual = there_and_back(np.ma.masked_array([1, 2], mask=[False, True]))
    except TypeError:
        return

    assert np.ma.getmaskarray(actual).tolist() == [False, True]


# pandas

FRAMES = {
    "numbers": pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan]}),
    "texts": pd.DataFrame({"a": ["x", None, "ü"]}),
    "bools": pd.DataFrame({"a": [True, False]}),
    "missing-everywhere": pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array(["x", None], dtype="string")}),
    "moments": pd.DataFrame({"a": pd.to_datetime(["2026-07-01", None])}),
    "moments-in-a-zone": pd.DataFrame({"a": pd.date_range("2026-03-28", periods=3, tz="Europe/Berlin")}),
    "spans": pd.DataFrame({"a": pd.to_timedelta(["1h", None])}),
    "categories": pd.DataFrame({"a": pd.Categorical(["x", None, "y"], categories=["y", "x", "z"], ordered=True)}),
    "moments-as-index": pd.DataFrame({"a": [1, 2]}, index=pd.DatetimeIndex(["2026-07-01", "2026-07-03"], name="when")),
    "zone-as-index": pd.DataFrame({"a": [1.0]}, index=pd.DatetimeIndex(["2026-07-01"], tz="Europe/Berlin")),
    "texts-as-index": pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "range-as-index": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 9, 2)),
    "two-indices": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["p", "q"])),
    "numbers-as-columns": pd.DataFrame({0: [1], 1: [2]}),
    "two-rows-of-columns": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", 1), ("x", 2)])),
    "no-rows": pd.DataFrame({"a": pd.Series(dtype="float32"), "b": pd.Series(dtype="datetime64[ns]")}),
    "no-columns": pd.DataFrame(index=[1, 2]),
    "nothing": pd.DataFrame(),
    "small-numbers": pd.DataFrame({"a": np.array([1, 2], dtype=np.int8), "b": np.array([1, 2], dtype=np.float32)}),
    "dates": pd.DataFrame({"a": [dt.date(2026, 7, 1)]}),
    "decimals": pd.DataFrame({"a": [Decimal("1.10")]}),
    "mixed": pd.DataFrame({"a": [1, "x"]}),
    "columns-twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "periods": pd.DataFrame({"a": pd.period_range("2026-01", periods=2, freq="M")}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_data_frame_comes_back(name: str) -> None:
    """With its columns, kinds, index and missing values."""
    actual = there_and_back(FRAMES[name])

    assert pd.DataFrame is type(actual)
    pd.testing.assert_frame_equal(FRAMES[name], actual, check_exact=True, check_freq=False)


def test_a_data_frame_inside_others_comes_back() -> None:
    """Packed data may stand at any depth."""
    frame = FRAMES["numbers"]

    actual = there_and_back({"a": [(frame, 1)]})

    pd.testing.assert_frame_equal(frame, actual["a"][0][0])


UNFAITHFUL = {
    "missing-texts-as-nan": pd.DataFrame({"a": ["x", np.nan]}),
    "tuples": pd.DataFrame({"a": [(1, 2)]}),
    "lists": pd.DataFrame({"a": [[1, 2]]}),
    "dicts": pd.DataFrame({"a": [{"x": 1}, {"y": 2}]}),
    "columns-of-two-kinds": pd.DataFrame({0: [1], "a": [2]}),
}


@pytest.mark.filterwarnings("ignore:The DataFrame has column names of mixed type")
@pytest.mark.parametrize("name", UNFAITHFUL)
def test_a_data_frame_that_arrow_cannot_hold_is_not_changed(name: str) -> None:
    """It is refused, or it comes back as it was: a judge that compares types must not take points for the journey."""
    frame = UNFAITHFUL[name]
    try:
        actual = there_and_back(frame)
    except TypeError:
        return

    assert [repr(column) for column in frame.columns] == [repr(column) for column in actual.columns]
    assert [repr(value) for value in frame.to_numpy().ravel()] == [repr(value) for value in actual.to_numpy().ravel()]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [object()]}),
        pd.DataFrame({"a": [len]}),
        pd.DataFrame({"a": [1]}, index=[len]),
    ],
    ids=["objects", "functions", "index"],
)
def test_a_data_frame_of_what_is_not_plain_is_refused(frame: pd.DataFrame) -> None:
    """The message says that it is the data frame's content."""
    with pytest.raises(TypeError, match="a data frame holds what is not plain data"):
        plain.dump(frame)


SERIES = {
    "plain": pd.Series([1, 2]),
    "named": pd.Series([0.5], name="load"),
    "named-by-a-number": pd.Series([0.5], name=3),
    "named-by-a-tuple": pd.Series([0.5], name=("a", 1)),
    "named-values": pd.Series([1], name="values", index=pd.Index([7], name="values")),
    "moments": pd.Series([1, 2], index=pd.date_range("2026-07-01", periods=2, tz="UTC"), name="n"),
    "categories": pd.Series(["a", "b"], dtype="category"),
    "texts": pd.Series(["a", None]),
    "empty": pd.Series(dtype="float64"),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_comes_back(name: str) -> None:
    """With its name, its kind and its index."""
    actual = there_and_back(SERIES[name])

    assert pd.Series is type(actual)
    assert repr(SERIES[name].name) == repr(actual.name)
    pd.testing.assert_series_equal(SERIES[name], actual, check_exact=True, check_freq=False)


INDICES = {
    "numbers": pd.Index([3, 1]),
    "texts": pd.Index(["a", "b"]),
    "moments": pd.DatetimeIndex(["2026-07-01", "2026-07-03"]),
    "zone": pd.date_range("2026-07-01", periods=2, tz="Europe/Berlin"),
    "categories": pd.CategoricalIndex(["a", "b"], categories=["b", "a"]),
    "range": pd.RangeIndex(3),
    "named": pd.Index([3, 1], name="station"),
}


@pytest.mark.parametrize("name", INDICES)
def test_an_index_comes_back(name: str) -> None:
    """With its kind and its name; a range as the numbers that it stands for."""
    actual = there_and_back(INDICES[name])

    assert isinstance(actual, pd.Index)
    pd.testing.assert_index_equal(INDICES[name], actual, exact="equiv")


@pytest.mark.parametrize(
    "value",
    [pd.Timestamp("2026-07-01 12:00:00.123456789"), pd.Timestamp("2026-07-01", tz="UTC"), pd.Timedelta("1 days 02:00:00.000000001")],
    ids=["moment", "utc", "span"],
)
def test_a_pandas_moment_comes_back(value: object) -> None:
    """To the nanosecond."""
    assert_same(value, there_and_back(value))


def test_a_timestamp_keeps_its_time_zone() -> None:
    """A day later may have another offset, which only the zone knows."""
    moment = pd.Timestamp("2026-10-24", tz="Europe/Berlin")

    assert moment + pd.DateOffset(days=2) == there_and_back(moment) + pd.DateOffset(days=2)


@pytest.mark.parametrize("value", [pd.NaT, pd.NA], ids=["NaT", "NA"])
def test_a_missing_value_comes_back(value: object) -> None:
    """What a cell of a data frame may hold, a function may return."""
    assert value is there_and_back(value)


@pytest.mark.parametrize("value", [dt.timedelta(hours=1), dt.time(12)], ids=["timedelta", "time"])
def test_spans_and_times_come_back(value: object) -> None:
    """They are as plain as a date."""
    assert_same(value, there_and_back(value))


# What is not plain


class Record:
    """An object of somebody's own."""


class Colour(enum.IntEnum):
    """An int of somebody's own."""

    RED = 1


class Text(str):
    """A text that equals everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Number(int):
    """A number that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class Real(float):
    """A float that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class Items(list):  # type: ignore[type-arg]
    """A list that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Pair(tuple):  # type: ignore[type-arg]
    """A tuple that equals everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = tuple.__hash__


class Table(dict):  # type: ignore[type-arg]
    """A dict that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Raw(bytes):
    """Bytes that equal everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = bytes.__hash__


class Frame(pd.DataFrame):
    """A data frame whose methods lie."""

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return True

    def equals(self, other: object) -> bool:
        return True

    def __len__(self) -> int:
        return 10**6


class Column(pd.Series):
    """A series whose methods lie."""

    def equals(self, other: object) -> bool:
        return True


class Array(np.ndarray):
    """An array that equals everything."""

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return True

    __hash__ = None  # type: ignore[assignment]


class Disguise:
    """An object that says it is a dict."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return dict

    def items(self) -> list[tuple[str, int]]:
        return [("a", 1)]


class Equal(type):
    """A class that says it is every class."""

    def __eq__(cls, other: object) -> bool:
        return True

    __hash__ = type.__hash__


class Point(NamedTuple):
    """A named tuple by class."""

    x: int
    y: int


class Everything(metaclass=Equal):
    """An object whose class equals every class."""


NOT_PLAIN: dict[str, object] = {
    "function": len,
    "lambda": lambda: 1,
    "object": object(),
    "record": Record(),
    "class": Record,
    "enum": Colour.RED,
    "generator": (n for n in [1]),
    "range": range(3),
    "complex": 1j,
    "module": math,
    "text": Text("a"),
    "number": Number(1),
    "float": Real(1.0),
    "list": Items([1]),
    "tuple": Pair((1,)),
    "class-that-equals-every-class": Everything(),
}


@pytest.mark.parametrize("name", NOT_PLAIN)
@pytest.mark.parametrize("where", ["alone", "in-a-list", "as-a-value", "in-an-array"])
def test_what_is_not_plain_is_refused(name: str, where: str) -> None:
    """Alone or inside, it is a TypeError, never pickled."""
    value = NOT_PLAIN[name]
    array = np.empty(1, dtype=object)
    array[0] = value

    with pytest.raises(TypeError):
        plain.dump({"alone": value, "in-a-list": [value], "as-a-value": {"a": value}, "in-an-array": array}[where])


def test_the_refusal_names_the_type_and_what_to_use() -> None:
    """A learner reads what to return instead."""
    with pytest.raises(TypeError, match="a Record is not plain data; use numbers, texts, lists, dicts, data frames or arrays"):
        plain.dump([Record()])


def test_a_key_that_is_not_plain_is_refused() -> None:
    """Keys are values too."""
    with pytest.raises(TypeError, match="a Text is not plain data"):
        plain.dump({Text("a"): 1})


DISGUISED: dict[str, tuple[type, object]] = {
    "dict": (dict, Table(a=1)),
    "named-tuple": (tuple, collections.namedtuple("Point", "x y")(1, 2)),
    "typed-named-tuple": (tuple, Point(1, 2)),
    "ordered-dict": (dict, collections.OrderedDict(a=1)),
    "counter": (dict, collections.Counter("aab")),
    "default-dict": (dict, collections.defaultdict(list, a=[1])),
    "bytes": (bytes, Raw(b"a")),
    "frame": (pd.DataFrame, Frame({"a": [1, 2]})),
    "series": (pd.Series, Column([1, 2])),
    "array": (np.ndarray, np.array([1, 2]).view(Array)),
    "disguise": (dict, Disguise()),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_a_subclass_does_not_cross_as_itself(name: str) -> None:
    """What comes out is of the plain type, with the plain type's methods."""
    expected, value = DISGUISED[name]

    assert expected is type(there_and_back(value))


def test_a_frame_that_lies_is_seen_as_it_is() -> None:
    """Its rows count on the other side, not what it says of itself."""
    actual = there_and_back(Frame({"a": [1, 2]}))

    assert (len(actual), actual.equals(pd.DataFrame({"a": [7]}))) == (2, False)


def test_a_table_that_lies_is_seen_as_it_is() -> None:
    """A dict that equals everything equals only its like on the other side."""
    assert there_and_back(Table(a=1)) != {"a": 2}


def test_a_list_that_holds_itself_is_refused() -> None:
    """It ends with an error instead of running for ever."""
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises((TypeError, ValueError, RecursionError)):
        plain.dump(loop)


# What a hostile process may write


class Trap:
    """An object whose unpickling writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def _object_npy(trap: Trap) -> str:
    buffer = io.BytesIO()
    np.save(buffer, np.array([trap], dtype=object), allow_pickle=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _pickled(trap: Trap) -> str:
    return base64.b64encode(pickle.dumps(trap)).decode()


@pytest.mark.parametrize("kind", ["array", "scalar", "frame", "bytes", "objects", "path", "timestamp", "index"])
@pytest.mark.parametrize("make", [_object_npy, _pickled])
def test_a_pickle_is_never_loaded(tmp_path: Path, kind: str, make: Any) -> None:
    """An array file of objects, or a bare pickle, under whatever kind: nothing of it runs."""
    trap = tmp_path / "sprung"
    data = make(Trap(trap))
    pickle.loads(base64.b64decode(_pickled(Trap(tmp_path / "works"))))

    try:
        plain.load(json.dumps({kind: data}))
    except Exception as error:
        assert not isinstance(error, AssertionError)

    assert ((tmp_path / "works").exists(), trap.exists()) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        '{"pickle": "x"}',
        '{"builtins.eval": "1"}',
        '{"__class__": "Record"}',
        '{"list": [1], "tuple": [2]}',
        "{}",
        '{"dict": [[1, 2, 3]]}',
        '{"dict": [[{"list": []}, 1]]}',
        '{"list": 5}',
        '{"float": "one"}',
        '{"frame": "AAAA"}',
        '{"array": "AAAA"}',
        '{"datetime": "tomorrow"}',
        "",
        "nonsense",
    ],
)
def test_what_dump_never_writes_is_refused(text: str) -> None:
    """Loading raises; it does not guess."""
    with pytest.raises(Exception):  # noqa: B017 - each reader raises its own
        plain.load(text)


@pytest.mark.parametrize("text", ['{"float": "__import__(\'os\').getpid()"}', '{"scalar": "__import__"}', '{"date": "print(1)"}'])
def test_text_is_never_run(text: str) -> None:
    """No kind evaluates its content."""
    with pytest.raises(ValueError, match=r".*"):
        plain.load(text)
