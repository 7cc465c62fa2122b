"""Chat templates that look up names which they put together; those of models look up numbers, words and data."""

from __future__ import annotations

import time

import pytest

from model_manager.formats.chat_template import health_of

SPELLING = [
    "['_','_','class','_','_']|join",
    "'{0}{0}class{0}{0}'.format('_')",
    "'**class**'.replace('*','_')",
    "'**class**'|replace('*','_')",
    "'__CLASS__'|lower",
    "dict(__class__=1)|first",
    "dict(__cl=1,ass__=2)|join",
    "'_class_'|center(9,'_')",
    "' __class__ '|trim",
    "'_-_-class-_-_'.split('-')|join",
    "'\\N{Low Line}\\N{low line}class\\N{LOW LINE}_'",
    "'\\N{LATIN SMALL LETTER C}lass'|center(9, '_')",
]
HIDDEN = [
    "'%s%sclass%s%s'%('_','_','_','_')",
    "'__xclass__'[0:2]~'__xclass__'[3:]",
    "'%c%cclass%c%c'|format(95,95,95,95)",
    "' class '.center(9).replace(' ','_')",
    "('__class__ x'|wordwrap).split()[0]",
    "'a_b_class_b_a'.strip('a')",
    "'a'.join(['__cl','ss__'])",
    "'ytreporp__'|reverse",
    "bos_token",
    "messages[0].content",
    "messages|string",
    "'&#95;&#95;globals'|striptags",
]
OTHERS = [
    "{{ messages[messages[0].role] }}",
    "{{ messages[tools] }}",
    "{% set l = lipsum %}{{ l[bos_token] }}",
    "{% set ns = namespace(f=range) %}{{ ns.f[bos_token] }}",
    "{{ (messages,)|map('attr', k)|list }}",
    "{% set a = 'attr' %}{{ (messages,)|map(a, 'x')|list }}",
    "{% set k %}{% raw %}x{% endraw %}{% endset %}{{ messages[k] }}",
    "{% macro f(k) %}{{ messages[k] }}{% endmacro %}{{ f('x'|replace('x', 'y')) }}",
    "{% macro f(k) %}{{ messages[k] }}{% endmacro %}{% set g = f %}{{ g('x'|replace('x', 'y')) }}",
    "{% macro f(k='x'|upper) %}{{ messages[k] }}{% endmacro %}{{ f() }}",
    "{% macro name() %}{% endmacro %}{{ messages[name.name] }}",
    "{% for k in ['x'|upper] %}{{ messages[k] }}{% endfor %}",
    "{% set a = 'x'|upper %}{% set b = a %}{% set c = [b] %}{{ messages[c[0]] }}",
    "{% set ns = namespace(k='') %}{% set ns.k = ns.k ~ 'x' %}{{ messages[ns.k] }}",
    "{% with k = 'x'|upper %}{{ messages[k] }}{% endwith %}",
    "{% set f = '{0.x}' %}{{ f.format(messages) }}",
    "{{ messages[" + "(" * 500 + "0" + ")" * 500 + "] }}",
    "".join(f"{{% set a{n} = a{n + 1} %}}" for n in range(50)) + "{% set a50 = 'x'|upper %}{{ messages[a0] }}",
    "{# {{ #}{% set k = 'x'|upper %}{{ {'a': {'b': messages[k]}}}}",
]
MODELS = {
    "qwen3": "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}"
    "{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}"
    "{%- set message = messages[index] %}{%- if ns.multi_step_tool and message.role == 'user' and not "
    "(message.content.startswith('<tool_response>')) %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}"
    "{{ messages[ns.last_query_index].content.split('</think>')[-1].lstrip('\\n') }}"
    "{%- if loop.last or (messages[loop.index0 + 1].role != 'tool') %}{{- tool_call.arguments | tojson }}{%- endif %}",
    "qwen3 coder": "{% macro render_extra_keys(json_dict, handled_keys) %}{%- if json_dict is mapping %}"
    "{%- for json_key in json_dict if json_key not in handled_keys %}{%- if json_dict[json_key] is mapping %}"
    "{{- '\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | tojson | safe) ~ '</' ~ json_key ~ '>' }}{%- else %}"
    "{{- json_dict[json_key] | string }}{%- endif %}{%- endfor %}{%- endif %}{% endmacro %}"
    "{{- render_extra_keys(param_fields, handled_keys) }}{{ render_extra_keys(tool, ['type', 'function']) }}",
    "hermes": "{%- macro json_to_python_type(json_spec) %}{%- set basic_type_map = {'string': 'str', 'number': 'float'} %}"
    "{%- if basic_type_map[json_spec.type] is defined %}{{- basic_type_map[json_spec.type] }}"
    "{%- elif json_spec.type == 'array' %}{{- 'list[' + json_to_python_type(json_spec|items) + ']' }}{%- endif %}"
    "{%- endmacro %}{%- for param_name, param_fields in tool.parameters.properties|items %}"
    "{{- param_name + ': ' + json_to_python_type(param_fields) }}{%- endfor %}"
    "{%- if messages[loop.index0 - 1] and messages[loop.index0 - 1].role != 'tool' %}{{ loop.previtem.role }}{% endif %}",
    "llama 3.1": "{%- if not date_string is defined %}{%- set date_string = '26 Jul 2024' %}{%- endif %}"
    "{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content']|trim %}"
    "{%- set messages = messages[1:] %}{%- endif %}{%- set tool_call = message.tool_calls[0].function %}"
    "{%- for arg_name, arg_val in tool_call.arguments | items %}{{- arg_name + '=\"' + arg_val + '\"' }}{%- endfor %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim }}",
    "deepseek": "{% set ns = namespace(is_first=false, is_tool=false, system_prompt='', is_first_sp=true) %}"
    "{% set ns.system_prompt = ns.system_prompt + '\\n\\n' + message['content'] %}{{ bos_token }}"
    "{%- for tool in message['tool_calls'] %}{{ tool['type'] + tool['function']['arguments'] }}{% endfor %}",
    "mistral": "{%- set loop_messages = messages[1:] %}{%- set user_messages = loop_messages | selectattr('role', 'equalto', "
    "'user') | list %}{%- if (message == user_messages[-1]) %}{{- tool_call.function|tojson|string }}"
    "{{ tool.items() | list }}{%- for key, val in tool.items() if key != 'return' %}{{ tool[key] }}{% endfor %}{%- endif %}"
    "{%- if message.tool_calls|map(attribute='function')|list and messages|length % 2 == 0 %}{{ '[' ~ bos_token ~ ']' }}{% endif %}",
    "roles": "{% set role_map = {'user': 'U', 'assistant': 'A'} %}{% for message in messages %}{{ role_map[message.role] }}"
    "{{ role_map[message['role']] }}{% set role = message.role %}{{ role_map.get(role, 'x') ~ role_map[role] }}{% endfor %}"
    "{% for i in range(0, messages|length) %}{{ messages[i]['content'] }}{{ messages[i - 1 if i else 0] }}{% endfor %}"
    "{% set key = 'content' %}{{ messages[0][key] }}{% set last = messages|length - 1 %}{{ messages[last] }}",
    "curly": "{{ {'a': {'b': 1}}|tojson }}{{ '}}' + '%}' }}{# it's #}{% raw %}{{ x['a'~'b'] {% endraw %}It's {{ x }}",
}


@pytest.mark.parametrize("key", SPELLING)
def test_a_key_whose_pieces_spell_a_name_of_pythons(key: str) -> None:
    found = health_of(["{% set k=" + key + " %}{{ messages[k] }}"])
    assert found[0] and found[0].verdict == "unsafe" and found[1], found


@pytest.mark.parametrize("template", [*("{% set k=" + key + " %}{{ messages[k] }}" for key in HIDDEN), *OTHERS])
def test_a_key_that_is_put_together(template: str) -> None:
    health, _ = health_of([template])
    assert health and health.verdict in ("unknown", "unsafe"), health
    if health.verdict == "unknown":
        assert health.detail.startswith("its chat template looks up names that it puts together: ")


@pytest.mark.parametrize("model", MODELS)
def test_keys_of_models(model: str) -> None:
    assert health_of([MODELS[model]]) == (None, ())


@pytest.mark.parametrize(
    "piece",
    ["{{ x[", "{% set a=b %}", "{{ f(a|upper) }}", "{{ '", "{{ a[b~c] }}", "{%", "{# ", "{{(", "{% for a in a %}"],
)
def test_long_templates_cost_little(piece: str) -> None:
    started = time.process_time()
    health_of([piece * (128_000 // len(piece))])
    assert time.process_time() - started < 4.0
