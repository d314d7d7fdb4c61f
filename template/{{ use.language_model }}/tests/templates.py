"""Chat templates for the tests, made of the text of another one."""


def unmarked(template: str) -> str:
    """Return ChatML as most bases have it: nothing marks what the assistant says."""
    return template.replace("{%- generation -%}", "").replace("{%- endgeneration -%}", "")


def without_end(template: str) -> str:
    """Return a template that does not end answers."""
    return template.replace("message.content + '<|im_end|>' -", "message.content -")


def marking_nothing(template: str) -> str:
    """Return a template whose marks enclose nothing."""
    empty = "{%- generation -%}{%- endgeneration -%}"
    return unmarked(template) + empty


def forgetful(template: str) -> str:
    """Return what Qwen3's does: thoughts are left out as soon as another message follows."""
    thought = "{{- ('<think>' if loop.last else '') + message.content + '<|im_end|>' -}}"
    return unmarked(template).replace("{{- message.content + '<|im_end|>' -}}", thought)


def asking_otherwise(template: str) -> str:
    """Return a template that begins an answer in two ways."""
    return template.replace(
        "'<|im_start|>assistant\\n' -}}{%- endif", "'<|im_start|>bot\\n' -}}{%- endif"
    )


def silent_system(template: str) -> str:
    """Return a template that leaves out what the system says."""
    start = "{%- for message in messages if message.role != 'system' -%}"
    return template.replace("{%- for message in messages -%}", start)


def marking_all(template: str) -> str:
    """Return a template that has the user's words learnt, too."""
    whole = "{%- generation -%}{{- message.content + '<|im_end|>\\n' -}}{%- endgeneration -%}"
    return template.replace("{{- message.content + '<|im_end|>\\n' -}}", whole)


REFUSING = "{{ raise_exception('only users here') }}"
BROKEN = "{% if %}"
DATED = "{{ strftime_now('%d %b %Y') }}"
