"""Chat templates: those that reach into Python are told, those of real models are not accused."""

from __future__ import annotations

import io
import time

import pytest
from factory import gguf_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.chat_template import health_of
from model_manager.formats.sniff import facts_of

REACHING = {
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "subscript": "{{ ''['__class__']['__base__'] }}",
    "globals": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "lipsum": "{{ lipsum.__globals__['os'].system('id') }}",
    "lipsum by filter": "{{ lipsum|attr('__globals__') }}",
    "joiner": "{{ joiner.__init__.__globals__ }}",
    "namespace": "{% set n = namespace.__init__ %}",
    "context": "{{ self._TemplateReference__context.cycler }}",
    "import": "{% for c in x %}{{ c.load_module('os') }}{% endfor %}{{ __import__('os') }}",
    "escaped": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "octal": "{{ ''['\\137\\137class\\137\\137'] }}",
    "named escape": "{{ ''|attr('\\N{LOW LINE}_class__') }}",
    "unicode": "{{ ''|attr('\\u005f\\u005fclass__') }}",
    "joined": "{{ ''['__cla' ~ 'ss__'] }}",
    "added": "{{ ''['__cla' + 'ss__'] }}",
    "side by side": "{{ ''['__cla' 'ss__'] }}",
    "by a variable": "{% set u = '_' %}{{ ''[u~u~'class'~u~u] }}",
    "by a variable, added": "{% set u = '_' %}{{ x[u+u+'class'+u+u] }}",
    "doubled": "{{ ''['_'*2 ~ 'class' ~ '_'*2] }}",
    "filter": "{{ messages|attr('__getitem__') }}",
    "computed filter": "{{ messages|attr(name) }}",
    "map": "{{ [x]|map(attribute='__class__')|list }}",
    "backwards": "{{ ''['__ssalc__'|reverse] }}",
    "frame": "{{ gen.gi_frame.f_globals }}",
    "spaces": "{{ x . __class__ }}",
    "in a statement": "{%- if messages.__len__.__self__ -%}{%- endif -%}",
    "file": "{% include '/etc/passwd' %}",
}
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
    "messages[0]['content'] %}{% else %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}"
    "{% endif %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% endfor %}"
)
TOOLS = (
    "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}{%- macro f(x) %}{{ x|tojson }}"
    "{%- endmacro %}{%- for tool in tools %}{{ tool.function.name | replace('_', ' ') }}{{ '_'.join(names) }}"
    "{{ name + '_' + other }}{{ ['a' ~ name, 'b'] | join(', ') }}{{ messages[loop.index0 + 1]['role'] }}"
    "{{ messages | map(attribute='role') | list }}{{ messages|selectattr('role', 'equalto', 'user')|list }}"
    "{%- if message.tool_calls is defined %}{{ '<tool_call>' }}{%- endif %}{{ strftime_now('%d %b %Y') }}{%- endfor %}"
    "{{ 'Write Python. The entry point is a function, guarded by if name == main.' }}<__media__>{{ '<__start__>' }}"
)


@pytest.mark.parametrize("kind", REACHING)
def test_templates_that_reach_into_python(kind: str) -> None:
    for key in ("tokenizer.chat_template", "tokenizer.chat_template.tool_use"):
        content = gguf_bytes({"tokenizer.chat_template": CHATML, key: CHATML + REACHING[kind]})
        found = facts_of(io.BytesIO(content), len(content), "x.gguf")
        assert found.health.verdict == "unsafe", found.health
        assert found.health.detail.startswith("its chat template reaches into the program that renders it: ")
        assert found.code and all(name.startswith("chat template: ") for name in found.code)


@pytest.mark.parametrize("template", [CHATML, LLAMA, TOOLS, ""])
def test_templates_of_models(template: str) -> None:
    content = gguf_bytes({"tokenizer.chat_template": template})
    found = facts_of(io.BytesIO(content), len(content), "x.gguf")
    assert (found.health.verdict, found.code) == ("good", ())


def test_a_template_beyond_the_limit_is_unknown_and_costs_little() -> None:
    for piece in ("x", "'_", "{{ a.", "\\x5f", "| attr( ", "'\"~", "attribute = "):
        started = time.process_time()
        health, _ = health_of([piece * (400_000 // len(piece))])
        assert time.process_time() - started < 1.0, piece
        assert health and health.verdict in ("unknown", "unsafe")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    health, code = health_of([text, "{{ " + text + ".__class__ }}"])
    assert health and health.verdict == "unsafe" and code
