"""The chat template of the bundled tokenizer, and which templates are known.

The layout is MiniMind's of today, which follows Qwen3's: one turn is `<|im_start|>role\\n…<|im_end|>\\n`.
"""

from __future__ import annotations

import hashlib

# Written for plain Jinja, for transformers (which trims blocks) and for llama.cpp's small interpreter alike:
# every tag eats the space around it, and filters, loops and string methods are those that all of them know.
TEMPLATE = r"""
{#- A turn is <|im_start|>ROLE, a line feed, what was said, <|im_end|>, a line feed. -#}
{%- set begin = '<|im_start|>' -%}
{%- set end = '<|im_end|>\n' -%}
{%- set lead = '' -%}
{%- if messages[0].role == 'system' -%}
  {%- set lead = messages[0].content -%}
{%- endif -%}

{#- The first turn: what the system says, then the tools that may be called. -#}
{%- if tools -%}
  {{- begin + 'system\n' -}}
  {%- if messages[0].role == 'system' -%}{{- lead + '\n\n' -}}{%- endif -%}
  {{- '# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' -}}
  {{- 'You are provided with function signatures within <tools></tools> XML tags:\n<tools>' -}}
  {%- for tool in tools -%}{{- '\n' -}}{{- tool | tojson -}}{%- endfor -%}
  {{- '\n</tools>\n\nFor each function call, return a json object with function name and arguments ' -}}
  {{- 'within <tool_call></tool_call> XML tags:\n<tool_call>\n' -}}
  {{- '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>' + end -}}
{%- elif messages[0].role == 'system' -%}
  {{- begin + 'system\n' + lead + end -}}
{%- endif -%}

{%- for message in messages -%}
  {%- set said = message.content if message.content is string else '' -%}
  {%- if message.role == 'user' or (message.role == 'system' and not loop.first) -%}
    {{- begin + message.role + '\n' + said + end -}}

  {%- elif message.role == 'assistant' -%}
    {#- Thoughts come in a field of their own, or inside the text up to the last closing tag. -#}
    {%- set thought = '' -%}
    {%- if message.reasoning_content is string -%}
      {%- set thought = message.reasoning_content -%}
    {%- elif '</think>' in said -%}
      {%- set thought = said.split('</think>')[0].rstrip('\n').split('<think>')[-1] -%}
      {%- set said = said.split('</think>')[-1].lstrip('\n') -%}
    {%- endif -%}
    {{- begin + 'assistant\n<think>\n' + thought.strip('\n') + '\n</think>\n\n' + said.lstrip('\n') -}}
    {%- if message.tool_calls -%}
      {%- for item in message.tool_calls -%}
        {%- if said or not loop.first -%}{{- '\n' -}}{%- endif -%}
        {%- set call = item.function if item.function else item -%}
        {{- '<tool_call>\n{"name": "' -}}{{- call.name -}}{{- '", "arguments": ' -}}
        {%- if call.arguments is string -%}
          {{- call.arguments -}}
        {%- else -%}
          {{- call.arguments | tojson -}}
        {%- endif -%}
        {{- '}\n</tool_call>' -}}
      {%- endfor -%}
    {%- endif -%}
    {{- end -}}

  {%- elif message.role == 'tool' -%}
    {#- What tools answer is told by the user; answers that follow each other share one turn. -#}
    {%- if loop.first or messages[loop.index0 - 1].role != 'tool' -%}{{- begin + 'user' -}}{%- endif -%}
    {{- '\n<tool_response>\n' + said + '\n</tool_response>' -}}
    {%- if loop.last or messages[loop.index0 + 1].role != 'tool' -%}{{- end -}}{%- endif -%}
  {%- endif -%}
{%- endfor -%}

{%- if add_generation_prompt -%}
  {{- begin + 'assistant\n<think>\n' -}}
  {%- if not (open_thinking is defined and open_thinking is true) -%}{{- '\n</think>\n\n' -}}{%- endif -%}
{%- endif -%}
""".strip()


def template_hash(text: str) -> str:
    """What decides the text of a conversation, as a hex digest."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# these have been read and are rendered in this process; any other template gets a child with limits
KNOWN = frozenset(
    {
        template_hash(TEMPLATE),
        # MiniMind's own at three times: today, before 2025-04-26, after it
        "97c6a9ef3f8d35044f435bb7773f1af160a7328ab6e8d2e9d67702941320a711",
        "acd9ad90d960b8e94e384b016e0797a1d3d28cb0e8c6c21b805ccd0ec48b82db",
        "d98e9c48d59b25d43a76525902414f17470dfade4d6d60085a8862c11d48f0d5",
    }
)
