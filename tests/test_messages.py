"""What a kernel says: what is kept of it, and what is no message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import output_from_msg

from autograder.messages import is_message, size_of, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FORMS = st.sampled_from(["text/plain", "application/json", "application/x+json", "application/xjson", "text/json", "application/json\n"])
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "data": st.dictionaries(FORMS, JSON, max_size=2) | JSON,
        "metadata": st.dictionaries(st.text(max_size=3), JSON, max_size=1) | JSON,
        "execution_count": st.integers(-1, 3) | JSON,
        "transient": st.just({}) | st.fixed_dictionaries({"display_id": st.just("x") | JSON}) | JSON,
        "name": st.sampled_from(["stdout", "x"]) | JSON,
        "text": st.text(max_size=3) | JSON,
        "ename": st.text(max_size=3) | JSON,
        "evalue": st.text(max_size=3) | JSON,
        "traceback": st.lists(st.text(max_size=3), max_size=2) | JSON,
    },
)
KINDS = ("stream", "display_data", "update_display_data", "execute_result", "error")


def message(kind: str, **content: Any) -> dict[str, Any]:
    """Return a message of this kind."""
    return {"msg_type": kind, "header": {"msg_type": kind}, "content": content}


@given(st.sampled_from(KINDS), CONTENTS)
def test_what_is_taken_for_a_message_nbformat_takes_as_an_output(kind: str, content: dict[str, Any]) -> None:
    """Whatever the learner's code sends in its place; an update is one of the display's that it brings up to date."""
    said = message(kind, **content)
    if is_message(said):
        said["header"]["msg_type"] = kind.removeprefix("update_")
        output_from_msg(said)


@pytest.mark.parametrize(
    "said",
    [
        message("stream", name="stdout", text="x"),
        message("display_data", data={"text/plain": "x", "application/json": {"a": [1]}}, metadata={}, transient={"display_id": "x"}),
        message("update_display_data", data={"text/plain": "x"}, metadata={}, transient={"display_id": "x"}),
        message("execute_result", data={"text/plain": "x"}, metadata={}, execution_count=3),
        message("error", ename="E", evalue="", traceback=["x"]),
        message("status", execution_state="idle"),
        message("clear_output", wait=True),
    ],
    ids=lambda said: str(said["msg_type"]),
)
def test_what_a_kernel_says_is_a_message(said: dict[str, Any]) -> None:
    """Each kind that a cell's run can bring."""
    assert is_message(said)


@pytest.mark.parametrize(
    "said",
    [
        message("stream", name="stdout", text=7),
        message("display_data", data={"text/plain": 7}, metadata={}),
        message("display_data", data={"text/plain": ["x"]}, metadata={}),
        message("display_data", data={"text/plain": "x"}, metadata={}, transient=None),
        message("execute_result", data={"text/plain": "x"}, metadata={}),
        message("execute_result", data={"text/plain": "x"}, metadata={}, execution_count=-1),
        message("execute_result", data={"text/plain": "x"}, metadata={}, execution_count=True),
        message("error", ename="E", evalue="", traceback=[7]),
        message("error", ename="E", evalue="", traceback="x"),
        message("status", execution_state="idle", execution_count="x"),
        message("comm_open", data={}),
        {**message("stream"), "content": None},
    ],
    ids=str,
)
def test_what_has_another_shape_is_none(said: dict[str, Any]) -> None:
    """One thing of each is wrong."""
    assert not is_message(said)


def test_a_header_loses_its_moment_and_nothing_else_is_lost() -> None:
    """A content that has a date keeps it; what is no object is what it is; half a number is read as Python reads it."""
    assert unpack(b'{"msg_id": "1", "msg_type": "x", "date": "2026-01-01T00:00:00Z"}') == {"msg_id": "1", "msg_type": "x"}
    assert unpack(b'{"data": {"date": 1}, "date": 2}') == {"data": {"date": 1}, "date": 2}
    assert unpack(b"[1]") == [1]
    assert str(unpack(b'{"a": NaN}')) == "{'a': nan}"


def test_a_size_counts_characters_wherever_they_are() -> None:
    """Names of forms count little, numbers as eight."""
    assert size_of({"data": {"text/plain": "four", "application/json": ["ab", 1, None]}}) == 4 + 2 + 8 + 8
