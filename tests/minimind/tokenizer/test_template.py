"""Our template text renders as MiniMind's of today, whatever the conversation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Template
from transformers.utils.chat_template_utils import render_jinja_template

from minimind.tokenizer.sandbox import (
    MAX_TEMPLATE,
    ChildRenderer,
    TemplateFailed,
    compile_template,
    render,
)
from minimind.tokenizer.template import KNOWN, TEMPLATE, template_hash

WORDS = st.sampled_from(
    [
        "",
        "你好",
        "hi\n",
        "\n\n答",
        "<think>\n想\n</think>\n\n答",
        "</think>x",
        "a</think>b</think>c",
        "<think>",
        " ",
        "😀",
    ]
)
CALL = st.fixed_dictionaries({"name": st.sampled_from(["f", "查询"])}) | st.fixed_dictionaries(
    {"name": st.just("g"), "arguments": st.sampled_from([{}, {"城市": "北京", "n": [1, None]}, '{"raw": 1}'])}
)
CALLS = st.lists(CALL | st.builds(lambda c: {"type": "function", "function": c}, CALL), max_size=3)
MESSAGE = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "tool", "robot"]), "content": WORDS | st.none()}),
    st.fixed_dictionaries({"role": st.just("system"), "content": WORDS}),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": WORDS | st.none()},
        optional={"reasoning_content": WORDS | st.none(), "tool_calls": CALLS},
    ),
)
CONVERSATION = st.fixed_dictionaries(
    {
        "messages": st.lists(MESSAGE, min_size=1, max_size=6),
        "tools": st.none() | st.lists(st.just({"name": "f", "描述": "<x> & 'y'"}), max_size=2),
    },
    optional={"add_generation_prompt": st.booleans(), "open_thinking": st.booleans() | st.just("true")},
)


def outcome(template: Template, call: dict[str, Any]) -> str:
    try:
        return render(template, call)
    except TemplateFailed:  # a tool call without arguments
        return "refused"


@pytest.fixture
def upstream(shared_data: Path) -> str:
    config = json.loads((shared_data / "upstream_tokenizer/head/tokenizer_config.json").read_bytes())
    return str(config["chat_template"])


def test_renders_as_upstream_on_every_conversation(upstream: str) -> None:
    ours, theirs = compile_template(TEMPLATE), compile_template(upstream)

    @given(call=CONVERSATION)
    def equal(call: dict[str, Any]) -> None:
        assert outcome(ours, call) == outcome(theirs, call)

    equal()


def test_renders_the_same_with_transformers() -> None:
    ours = compile_template(TEMPLATE)

    @given(call=CONVERSATION)
    def equal(call: dict[str, Any]) -> None:
        rest = {key: value for key, value in call.items() if key not in {"messages", "tools"}}
        try:
            texts, _ = render_jinja_template(
                conversations=[call["messages"]], tools=call["tools"], chat_template=TEMPLATE, **rest
            )
        except TypeError:
            texts = ["refused"]
        assert outcome(ours, call) == texts[0]

    equal()


def test_looks_as_expected_without_the_reference() -> None:
    messages = [
        {"role": "system", "content": "短答"},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2"},
        {"role": "tool", "content": "a"},
        {"role": "tool", "content": "b"},
    ]
    text = render(compile_template(TEMPLATE), {"messages": messages, "add_generation_prompt": True})
    assert text == (
        "<|im_start|>system\n短答<|im_end|>\n<|im_start|>user\n1+1?<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n\n2<|im_end|>\n"
        "<|im_start|>user\n<tool_response>\na\n</tool_response>\n<tool_response>\nb\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )


def test_the_words_are_ours(upstream: str) -> None:
    ours = [line.strip() for line in TEMPLATE.splitlines() if len(line.strip()) > 40]
    assert not set(ours) & {line.strip() for line in upstream.splitlines()}


def test_upstream_templates_are_known(shared_data: Path) -> None:
    for folder in (shared_data / "upstream_tokenizer").iterdir():
        config = json.loads((folder / "tokenizer_config.json").read_bytes())
        assert template_hash(config["chat_template"]) in KNOWN


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ raise_exception('no system please') }}", "no system please"),
        ("{{ messages.append(1) }}", "unsafe"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{% for i in range(200000) %}{% endfor %}", "Range too big"),
        ("{% for i in range(99999) %}{{ 'abcdefghijklmnopqrstuvwxyz' * 9 }}{% endfor %}", "without end"),
        ("{{ nothing.at.all }}", "undefined"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
    ],
)
def test_a_bad_template_gives_a_reason(template: str, reason: str) -> None:
    with pytest.raises(TemplateFailed, match=reason):
        render(compile_template(template), {"messages": [{"role": "user", "content": "x"}]})


@pytest.mark.parametrize("template", ["{% if %}", "{{", "x" * (MAX_TEMPLATE + 1), "{% for x in y %}"])
def test_a_template_that_cannot_be_compiled(template: str) -> None:
    with pytest.raises(TemplateFailed):
        compile_template(template)


def test_a_foreign_template_renders_in_a_child() -> None:
    child = ChildRenderer(
        "{% generation %}{{ messages[0].content }}{% endgeneration %}!{{ messages | tojson }}"
    )
    messages = [{"role": "user", "content": "你<"}]
    expected = '你<![{"role": "user", "content": "你<"}]'
    assert child.render([{"messages": messages}] * 2, [1000, 1000]) == [expected, expected]
    (failed,) = child.render([{"messages": messages}], [3])
    assert isinstance(failed, TemplateFailed)
    assert child.render([{"messages": messages}], [1000]) == [expected]
    child.close()


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set x = 'a' * 10**10 %}{{ x }}",
    ],
    ids=["endless", "memory"],
)
def test_a_child_that_runs_away_is_ended(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minimind.tokenizer.sandbox.TIMEOUT_S", 0.3)
    child = ChildRenderer(template)
    # out of memory is an answer, out of time is not
    with pytest.raises(TemplateFailed, match=r"too long|memory|Memory"):
        raise child.render([{"messages": []}], [1000])[0]
    child.close()
