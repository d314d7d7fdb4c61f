"""A small base that is made on the spot: a tokenizer and the shape of a model without weights.

It has the parts of a large one, a Qwen3, so that everything that is done with it is done alike with
those of the Hub; and it learns the built-in dates within a minute.
"""

import functools
from typing import TYPE_CHECKING, Any

from . import dates

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MOST_TOKENS = 512
STOP, PAD, START = "<|im_end|>", "<|endoftext|>", "<|im_start|>"

# How Qwen splits a text before it looks for tokens: words, single digits, signs, spaces. Runtimes
# know it by name, and not those that somebody makes up.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# ChatML. `generation` marks what the assistant says, and with it what is learnt.
TEMPLATE = """\
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- if message.role == 'assistant' -%}
{%- generation -%}{{- message.content + '<|im_end|>' -}}{%- endgeneration -%}
{{- '\\n' -}}
{%- else -%}
{{- message.content + '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""


@functools.cache
def tokenizer() -> "PreTrainedTokenizerFast":
    """Train a tokenizer on the built-in chats: bytes, and what is frequent in dates."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=MOST_TOKENS,
        special_tokens=[PAD, START, STOP],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    roles = ["system\n", "user\n", "assistant\n"] * 100
    made.train_from_iterator([*roles, *(text for chat in dates.make() for text in chat)], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token=STOP,
        pad_token=PAD,
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
        chat_template=TEMPLATE,
    )


def config() -> dict[str, Any]:
    """Describe the shape of the model, as Transformers' config.json does."""
    made = tokenizer()
    return {
        "model_type": "qwen3",
        "architectures": ["Qwen3ForCausalLM"],
        "vocab_size": len(made),
        "hidden_size": 96,
        "intermediate_size": 288,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 1024,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": made.eos_token_id,
        "pad_token_id": made.pad_token_id,
    }
