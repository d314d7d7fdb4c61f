"""A GGUF file from a Transformers folder: no framework, and one tensor in memory at a time."""

from collections.abc import Sequence
from pathlib import Path

import gguf

from .shapes import add_shape, read_shape
from .tensors import TYPES, add_weights, weights, write_weights
from .vocabulary import Vocabulary, add_vocabulary, read_vocabulary

FILE_TYPES = {
    "float32": gguf.LlamaFileType.ALL_F32,
    "float16": gguf.LlamaFileType.MOSTLY_F16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
}


def write(folder: Path, file: Path, precision: str, name: str, stops: Sequence[int]) -> Vocabulary:
    """Write the model in a Transformers folder as GGUF; returns its tokenizer.

    `stops` are the tokens that end an answer. Raises UserError for a kind of network or tokenizer
    that is not written here.
    """
    shape = read_shape(folder)
    vocabulary = read_vocabulary(folder, shape.vocabulary, stops)
    found = list(weights(folder, shape, precision))
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[shape.architecture])
    writer.add_name(name)
    writer.add_file_type(FILE_TYPES[precision])
    if TYPES[precision] not in (TYPES["float32"], TYPES["float16"]):
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_shape(writer, shape)
    add_vocabulary(writer, vocabulary)
    add_weights(writer, found)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    write_weights(writer, found)
    writer.close()
    return vocabulary
