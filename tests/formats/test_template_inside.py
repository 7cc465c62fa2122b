"""Chat templates that reach what macros, blocks and filters hold of the program that renders them."""

from __future__ import annotations

import pytest

from model_manager.formats.chat_template import health_of

MACRO = "{% macro m() %}{% endmacro %}"
REACHING = {
    "a macro's environment": MACRO + "{{ m._environment.from_string(messages[0].content).render() }}",
    "the same by a subscript": MACRO + "{% set e = m['_environment'] %}{{ e.overlay().x }}",
    "the same in pieces": MACRO + "{{ m['_envir' \"onm\"\n'ent'].x }}",
    "the same by a loop": MACRO + "{% for k in dict(_environment=1) %}{{ m[k] }}{% endfor %}",
    "the same by arguments": "{% macro m() %}{% for k in kwargs %}{{ m[k] }}{% endfor %}{% endmacro %}{{ m(_environment=1) }}",
    "the same by an escape": MACRO + "{{ m['\\x5fenvironment'].x }}",
    "the same by a filter": MACRO + "{{ (m|attr('_environment')).x }}",
    "the same by map": MACRO + "{{ [m]|map(attribute='_environment.globals')|list }}",
    "the caller's": "{% macro m() %}{{ caller._environment.x }}{% endmacro %}{% call m() %}{% endcall %}",
    "a macro's function": MACRO + "{{ m._func }}",
    "a block, behind something": "{% block a %}{% endblock %}{{ 1 and self.a._context }}",
    "a block, named": "{% block a %}{% endblock %}{% set b = [0, self] %}",
    "an undefined name": "{{ nothing._fail_with_undefined_error }}",
    "a loop": "{% for a in [1] %}{{ loop._undefined }}{% endfor %}",
    "a text as a template": "{% set e = x %}{{ e.from_string('x'.replace('x', '{')) }}",
    "an expression": "{% set e = x %}{{ e.compile_expression(messages[0].content)() }}",
    "another private name": "{{ messages._whatever }}",
    "include with a plus": "{%+ include '/etc/passwd' %}",
    "import with a plus and a line": "{%+\n import 't' as t %}",
    "extends at once": "{%-extends 'x'%}",
}
COMPUTED = [
    "{% filter attr(k) %}abc{% endfilter %}",
    "{% filter map(attribute=k)|first %}abc{% endfilter %}",
    "{{ x|sort(attribute=k) }}",
    "{{ x|sort(false, false, k) }}",
    "{{ x|unique(false, k)|list }}",
    "{{ x|unique(attribute='a'|lower)|list }}",
    "{{ x|max(false, k) }}",
    "{{ x|min(attribute=k) }}",
    "{{ x|join(',', k) }}",
    "{{ x|join(',', 'QQclassQQ'.replace('Q', '_')) }}",
    "{{ x|join(attribute=k, d=',') }}",
    "{{ x|sum(k) }}",
    "{{ x|sum(attribute=k) }}",
    "{{ x|map(attribute=k)|list }}",
    "{{ x|map('attr', k)|list }}",
    "{{ x|map('map', attribute=k)|list }}",
    "{{ x|map('join', ',', k)|list }}",
    "{{ x|groupby(k) }}",
    "{{ x|groupby(attribute='a' ~ 'b') }}",
    "{{ x|selectattr(k)|list }}",
    "{{ x|rejectattr('a'|upper, 'equalto', 1)|list }}",
    "{{ x|sort(*k) }}",
    "{{ x|map(**k)|list }}",
]
GOOD = [
    "{{ names|join(', ') }}{{ names|join }}{{ names|join('\\n', attribute='name') }}{{ names|join(',', 'name') }}",
    "{{ names|sort }}{{ names|sort(attribute='name') }}{{ names|sort(true, false, 'a.b') }}{{ names|sort(reverse=flag) }}",
    "{{ names|unique|list }}{{ names|max }}{{ names|min(attribute='x') }}{{ names|unique(flag)|list }}{{ names|max(flag) }}",
    "{{ numbers|sum }}{{ numbers|sum(attribute='price') }}{{ numbers|sum(start=first) }}{{ messages|groupby('role') }}",
    "{{ messages|map(attribute='role')|list }}{{ messages|map('upper')|join(sep) }}{{ messages|map('default', other)|list }}",
    "{{ messages|selectattr('role', 'equalto', role)|list }}{{ messages|rejectattr('role')|list }}{{ x|join(sep ~ ' ') }}",
    "{% filter upper %}abc{% endfilter %}{% filter join(', ') %}abc{% endfilter %}",
    "{% for message in messages %}{{ message['_id'] }}{{ message.environment }}{{ '_context' }}{% endfor %}".replace(
        "'_context'", "'a _context of words'"
    ),
    "{%- macro f(x) -%}{{ caller() if caller else x }}{%- endmacro -%}{% call f(1) %}a{% endcall %}",
    "Please include this; import it {{ bos_token }} from there, self._environment and m.from_string in the text around",
]


@pytest.mark.parametrize("kind", REACHING)
def test_what_is_reached_is_told(kind: str) -> None:
    health, _ = health_of([REACHING[kind]])
    assert health and health.verdict in ("unsafe", "unknown") and health.detail, health


def test_what_runs_a_text_is_unsafe_and_named() -> None:
    health, code = health_of([REACHING["a macro's environment"]])
    assert health and health.verdict == "unsafe" and "from_string" in health.detail
    assert code == ("chat template: _environment", "chat template: from_string") or len(code) == 2


@pytest.mark.parametrize("template", COMPUTED)
@pytest.mark.parametrize("key", ["", "{% set k = 'QQclassQQ'.replace('Q', '_') %}", "{% set k = messages[0].k %}"])
def test_a_filter_that_looks_up_what_is_computed(template: str, key: str) -> None:
    health, _ = health_of([key + template])
    assert health and health.verdict in ("unsafe", "unknown"), template


@pytest.mark.parametrize("template", GOOD)
def test_what_models_write_is_good(template: str) -> None:
    assert health_of([template]) == (None, ()), health_of([template])
