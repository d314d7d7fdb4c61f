"""PyTorch to ExecuTorch, through torch.export and XNNPACK."""

from pathlib import Path
from typing import Any

import torch

from ...inference import load_network
from ...model import Answer
from ...runs import Run
from .. import Exported
from ...manifest import Tensor
from ...capture import capture

LARGEST_BATCH = 64  # rows in one call; the program keeps room for so many


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.pte` for 1 to LARGEST_BATCH rows; returns what goes in and what comes out."""
    answer = Answer(load_network(run)).eval()
    shape, classes = run.card()["input_shape"], run.card()["classes"]
    # The largest example there will be: with a smaller one the limit silently becomes 15,
    # whatever the dimension's `max` says.
    example = torch.zeros(LARGEST_BATCH, *shape)
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    with capture():
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        exported = torch.export.export(answer, (example,), dynamic_shapes=({0: batch},))
        edge = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
        program = edge.to_executorch()
    file = folder / "model.pte"
    file.write_bytes(program.buffer)
    return Exported(
        inputs=(Tensor("images", "float32", (None, *shape)),),
        outputs=(Tensor("probabilities", "float32", (None, len(classes))),),
        models={precision: file.name},
        details={
            "max_batch": LARGEST_BATCH,
            "outside_xnnpack": operators(program.exported_program().graph),
        },
    )


def operators(graph: torch.fx.Graph) -> list[str]:
    """Name the operators that XNNPACK leaves to ExecuTorch's own, slower kernels."""
    called: list[Any] = [node for node in graph.nodes if node.op == "call_function"]
    return sorted(
        {
            str(node.target)
            for node in called
            if hasattr(node.target, "_schema") and isinstance(node.meta.get("val"), torch.Tensor)
        }
    )
