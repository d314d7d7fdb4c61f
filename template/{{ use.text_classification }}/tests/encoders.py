"""A small encoder's folder, made on the spot: what tests of encoders begin with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WIDTH, LAYERS, INNER, PLACES = 16, 1, 32, 24
CONFIG: dict[str, Any] = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "max_position_embeddings": PLACES,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "initializer_range": 0.02,
    "pad_token_id": 0,
    "dtype": "float32",
}
TEXTS = ["the cat sat on the mat", "der Hund liegt im Garten", "café déjà vu"]


def make_tokenizer() -> Tokenizer:
    """Make a tokenizer of the words of a few sentences, and of single letters for others.

    It is not trained: training numbers pieces of equal count anew in each process.
    """
    normalizer = normalizers.BertNormalizer()
    words = sorted({word for text in TEXTS for word in normalizer.normalize_str(text).split()})
    letters = sorted(set("".join(words)))
    pieces = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *words]
    numbers = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    made.add_special_tokens(SPECIAL)
    made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def make_weights(vocabulary: int) -> dict[str, np.ndarray]:
    """Draw the weights of a BERT by the names that Transformers gives them."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (vocabulary, WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "pooler.dense.weight": (WIDTH, WIDTH),
        "pooler.dense.bias": (WIDTH,),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
        square = [f"attention.self.{part}" for part in ("query", "key", "value")]
        for part in (*square, "attention.output.dense"):
            shapes |= {f"{name}.{part}.weight": (WIDTH, WIDTH), f"{name}.{part}.bias": (WIDTH,)}
        shapes[f"{name}.intermediate.dense.weight"] = (INNER, WIDTH)
        shapes[f"{name}.intermediate.dense.bias"] = (INNER,)
        shapes[f"{name}.output.dense.weight"] = (WIDTH, INNER)
        shapes[f"{name}.output.dense.bias"] = (WIDTH,)
    rng = np.random.default_rng(0)
    drawn = {
        name: (0.1 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in shapes.items()
    }
    for name in norms:
        drawn |= {f"{name}.weight": np.ones(WIDTH, np.float32)}
        drawn |= {f"{name}.bias": np.zeros(WIDTH, np.float32)}
    return drawn


def make_encoder(folder: Path) -> Path:
    """Write an encoder as Transformers does: config, tokenizer, weights, and a licence."""
    folder.mkdir(parents=True)
    tokenizer = make_tokenizer()
    vocabulary = tokenizer.get_vocab_size()
    tokenizer.save(str(folder / "tokenizer.json"))
    options = {"pad_token": "[PAD]", "model_max_length": PLACES}
    (folder / "tokenizer_config.json").write_text(json.dumps(options))
    (folder / "config.json").write_text(json.dumps(CONFIG | {"vocab_size": vocabulary}))
    safetensors.numpy.save_file(make_weights(vocabulary), folder / "model.safetensors")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nA small one.\n")
    return folder
