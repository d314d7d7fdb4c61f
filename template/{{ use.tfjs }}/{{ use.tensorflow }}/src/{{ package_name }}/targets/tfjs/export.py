"""TensorFlow to a graph model of TensorFlow.js, with TensorFlow alone.

The official converter needs an environment of its own; what it does for a network like these fits
here: make constants of the variables, simplify the graph, write it as JSON, its constants as bytes.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.grappler import tf_optimizer
from tensorflow.python.training.saver import export_meta_graph

from ...inference import load_module, traced
from ...page import check_packages, modules
from ...runs import Run
from ...signature import Signature, Tensor
from .. import Exported
from .operators import refuse_unknown
from .page import FILES, TF
from .weights import encode

# What TensorFlow calls the types of inputs and outputs.
TYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL"}
# Passes of TensorFlow's graph optimiser, in their order: what the official converter asks for, but
# none that makes fused operators of TensorFlow's own, which differ from TensorFlow.js's.
PASSES = ("pruning", "constfold", "arithmetic", "dependency", "pruning", "constfold", "dependency")


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.json` and `model.bin` with a free batch size.

    Raises UserError when the network needs an operator that TensorFlow.js does not have, or when
    TensorFlow.js itself is not installed.
    """
    check_packages(FILES)
    module, signature = load_module(run), run.signature()  # a function does not hold its variables
    function = traced(module, signature).get_concrete_function()
    frozen = convert_variables_to_constants_v2(function)
    graph = simplified(frozen)
    operators = sorted({node.op for node in graph.node})
    refuse_unknown(operators, modules() / TF)
    # A graph's outputs have the order of their sorted names, which need not be the signature's.
    outputs = tf.nest.pack_sequence_as(function.structured_outputs, frozen.outputs)
    write(folder, graph, describe(signature, frozen.inputs, outputs), precision)
    return Exported({precision: "model.bin"}, {"operators": operators})


def simplified(frozen: Any) -> Any:
    """Let TensorFlow simplify a function's graph: batch normalisation joins the convolutions."""
    config = config_pb2.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.optimizers.extend(PASSES)
    rewrite.meta_optimizer_iterations = rewrite.TWO
    graph = export_meta_graph(graph_def=frozen.graph.as_graph_def(), graph=frozen.graph)
    wanted = graph.collection_def["train_op"].node_list.value
    wanted.extend(tensor.name for tensor in frozen.outputs)
    return tf_optimizer.OptimizeGraph(config, graph)


def describe(
    signature: Signature, inputs: Sequence[tf.Tensor], outputs: dict[str, tf.Tensor]
) -> dict[str, Any]:
    """Describe inputs and outputs as TensorFlow's own signatures do, with their nodes' names."""

    def entry(tensor: Tensor, node: str) -> dict[str, Any]:
        sizes = [{"size": str(-1 if size is None else size)} for size in (None, *tensor.shape)]
        return {"name": node, "dtype": TYPES[tensor.dtype], "tensorShape": {"dim": sizes}}

    pairs = zip(signature.inputs, inputs, strict=True)
    return {
        "inputs": {tensor.name: entry(tensor, node.name) for tensor, node in pairs},
        "outputs": {t.name: entry(t, outputs[t.name].name) for t in signature.outputs},
    }


def write(folder: Path, graph: Any, signature: dict[str, Any], precision: str) -> None:
    """Write the graph as `model.json`, and the values of its constants as `model.bin`."""
    specs: list[dict[str, Any]] = []
    with (folder / "model.bin").open("wb") as file:
        for node in graph.node:
            if node.op == "Const":
                value = np.asarray(tf.make_ndarray(node.attr["value"].tensor))
                spec, content = encode(node.name, value, precision)
                specs.append(spec)
                file.write(content)
                del node.attr["value"]
    model = {
        "format": "graph-model",
        "generatedBy": f"TensorFlow {tf.__version__}",
        "convertedBy": None,
        "signature": signature,
        "modelTopology": MessageToDict(graph),
        "weightsManifest": [{"paths": ["model.bin"], "weights": specs}],
    }
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
