"""The Kubernetes manifests fit the API's schemas, and a scanner for unsafe settings agrees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import harness
import pytest
import yaml

# Each in an environment of its own, which uv makes once: checkov alone brings a hundred packages.
UVX = (str(Path(sys.executable).parent / "uv"), "tool", "run", "--quiet")
SCHEMAS = (*UVX, "--from", "kubernetes-validate==1.37.0", "kubernetes-validate", "--strict")
SCANNER = (*UVX, "--from", "checkov==3.3.30", "checkov", "--framework=kubernetes", "--compact")
# What is not held against the manifests, and why.
SKIPPED = {
    "CKV_K8S_11": "a limit of the CPU slows answers down while the node has time to spare",
    "CKV_K8S_21": "the namespace is chosen by who applies the file: kubectl --namespace",
    "CKV_K8S_43": "the image gets its digest when it is pushed; a comment asks for it",
}
KINDS = ["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"]
TARGETS: dict[str, dict[str, str]] = {
    "onnx": {"framework": "pytorch"},
    "tf_serving": {"framework": "tensorflow"},
    "gguf": {"framework": "pytorch", "task": "language_model"},
}


@pytest.fixture(scope="module", params=TARGETS)
def manifest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = str(request.param)
    answers = TARGETS[target] | {"targets": [target]}
    folder = harness.render(tmp_path_factory.mktemp("kubernetes") / "project", answers)
    return folder / "deploy" / target / "kubernetes.yaml"


def check_schemas(file: Path) -> str:
    """Validate a file against the API's schemas, unknown fields included; return what is wrong."""
    done = subprocess.run([*SCHEMAS, file], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def scan(file: Path) -> str:
    """Look for unsafe settings; return those that are found."""
    options = ("--quiet", "--skip-download", "--skip-check", ",".join(SKIPPED), "--file")
    done = subprocess.run([*SCANNER, *options, file], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_manifest_is_valid_and_safe(manifest: Path) -> None:
    found = [part["kind"] for part in yaml.safe_load_all(manifest.read_text("utf-8"))]
    assert found == KINDS
    assert not check_schemas(manifest)
    assert not scan(manifest)


def test_a_rolling_restart_waits_long_enough(manifest: Path) -> None:
    """Requests still come for some seconds, and SIGTERM gives eight to those in flight."""
    deployment = next(yaml.safe_load_all(manifest.read_text("utf-8")))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert waits >= 5 and waits + 8 < pod["terminationGracePeriodSeconds"]
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_names_fit_together(manifest: Path) -> None:
    """What schemas cannot know: selectors find the pods, and ports by name exist."""
    parts = {part["kind"]: part for part in yaml.safe_load_all(manifest.read_text("utf-8"))}
    pod = parts["Deployment"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    ports = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
    specs = {kind: part["spec"] for kind, part in parts.items()}
    assert specs["Deployment"]["selector"]["matchLabels"] == labels
    assert specs["Service"]["selector"] == labels
    assert specs["PodDisruptionBudget"]["selector"]["matchLabels"] == labels
    assert specs["NetworkPolicy"]["podSelector"]["matchLabels"] == labels
    (spread,) = pod["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == labels
    scaled = specs["HorizontalPodAutoscaler"]["scaleTargetRef"]["name"]
    assert scaled == parts["Deployment"]["metadata"]["name"]
    assert {port["targetPort"] for port in specs["Service"]["ports"]} == ports
    (rule,) = specs["NetworkPolicy"]["ingress"]
    assert {port["port"] for port in rule["ports"]} == ports


def test_an_unknown_field_is_named(manifest: Path, tmp_path: Path) -> None:
    planted = plant(manifest, tmp_path, "failureThreshold: 60", "failureTreshold: 60")
    assert "'failureTreshold' was unexpected" in check_schemas(planted)


def test_an_unsafe_setting_is_named(manifest: Path, tmp_path: Path) -> None:
    planted = plant(
        manifest, tmp_path, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"
    )
    assert "CKV_K8S_22" in scan(planted)


def plant(manifest: Path, folder: Path, right: str, wrong: str) -> Path:
    """Copy a manifest with one mistake in it."""
    text = manifest.read_text("utf-8")
    assert text.count(right) == 1
    planted = folder / "kubernetes.yaml"
    planted.write_text(text.replace(right, wrong), "utf-8")
    return planted
