"""PyTorch to ExecuTorch, through torch.export and XNNPACK."""

from itertools import accumulate
from pathlib import Path
from typing import Any

import torch

from ...capture import capture
from ...inference import examples, load_module
from ...runs import Run
from .. import Exported

LARGEST_BATCH = 64  # rows in one call; the program keeps room for so many

aten = torch.ops.aten
# ExecuTorch 1.5 fixes the batch size where an operator gives a list of tensors, such as `split`:
# its check of such operators asks for the number of rows. Slices are the same, one by one.
AS_SLICES = {
    aten.split.Tensor: lambda whole, size, dim=0: torch.tensor_split(
        whole, list(range(size, whole.shape[dim], size)), dim
    ),
    aten.split_with_sizes.default: lambda whole, sizes, dim=0: torch.tensor_split(
        whole, list(accumulate(sizes))[:-1], dim
    ),
}


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.pte` for 1 to LARGEST_BATCH rows."""
    # XNNPACK expects weights in the order in which PyTorch stores them unless told otherwise.
    module = load_module(run).to(memory_format=torch.contiguous_format)
    # The largest example there will be: with a smaller one the limit silently becomes 15,
    # whatever the dimension's `max` says.
    inputs = examples(run.signature(), rows=LARGEST_BATCH)
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    with capture():
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        exported = torch.export.export(module, inputs, dynamic_shapes=({0: batch},) * len(inputs))
        exported = exported.run_decompositions(AS_SLICES)
        edge = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
        program = edge.to_executorch()
    file = folder / "model.pte"
    file.write_bytes(program.buffer)
    outside = operators(program.exported_program().graph)
    details = {"max_batch": LARGEST_BATCH, "outside_xnnpack": outside}
    return Exported(models={precision: file.name}, details=details)


def operators(graph: torch.fx.Graph) -> list[str]:
    """Name the operators that XNNPACK leaves to ExecuTorch's own, slower kernels."""
    called: list[Any] = [node for node in graph.nodes if node.op == "call_function"]
    return sorted(
        {
            str(node.target)
            for node in called
            if hasattr(node.target, "_schema")
            and isinstance(node.meta.get("val"), torch.Tensor | list | tuple)
        }
    )
