"""Write tests/schemas/train_job.json, to which the TrainJob of rendered projects is held.

    uvx --with kubeflow-trainer-api==2.3.0 python tools/train_job_schema.py

It is made of the models of Kubeflow's own package, as a JSON schema. The models take a misspelt key
without a word; the schema refuses every key that they do not have.
"""

from __future__ import annotations

import json
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

PACKAGE = "kubeflow-trainer-api"
FILE = Path(__file__).resolve().parent.parent / "tests" / "schemas" / "train_job.json"
WORDS = ("description", "title", "default")  # for people, not for validation


def main() -> None:
    """Derive the schema from the package that is installed."""
    models = import_module("kubeflow_trainer_api.models")
    schema = strict(models.TrainerV1alpha1TrainJob.model_json_schema(by_alias=True))
    del schema["properties"]["status"]  # which the cluster writes
    schema["$defs"] = {name: schema["$defs"][name] for name in sorted(reached(schema))}
    schema["$comment"] = f"made by tools/{Path(__file__).name} from {PACKAGE} {version()}"
    schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
    schema["properties"]["apiVersion"] = {"const": "trainer.kubeflow.org/v1alpha1"}
    schema["properties"]["kind"] = {"const": "TrainJob"}
    FILE.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def version() -> str:
    """Return the version of the package that is installed."""
    return metadata.version(PACKAGE)


def strict(node: Any) -> Any:
    """Forbid further keys and null in a schema, and leave out what is meant for people."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "one_of_schemas" in node.get("properties", {}):  # a number or a text, such as 1 and "1Gi"
        parts = node["properties"].items()
        kinds = [part["anyOf"] for name, part in parts if name.endswith("_validator")]
        node = {"anyOf": [choice for kind in kinds for choice in kind]}
    if "anyOf" in node:
        choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        node = choices[0] if len(choices) == 1 else {"anyOf": choices}
    kept = {
        key: {name: strict(item) for name, item in value.items()}
        if key in ("properties", "$defs")
        else strict(value)
        for key, value in node.items()
        if key not in WORDS
    }
    if "properties" in kept:
        kept["additionalProperties"] = False
    return kept


def reached(schema: dict[str, Any]) -> set[str]:
    """Name the definitions that the schema uses, directly or through others."""
    found: set[str] = set()
    waiting = [json.dumps({key: value for key, value in schema.items() if key != "$defs"})]
    while waiting:
        names = {part.split('"')[0] for part in waiting.pop().split('"#/$defs/')[1:]} - found
        found |= names
        waiting += [json.dumps(schema["$defs"][name]) for name in names]
    return found


if __name__ == "__main__":
    main()
