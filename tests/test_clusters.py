"""The files for clusters: no cluster is here, so what reads them there is held against them.

Slurm: shellcheck (test_matrix), the options of sbatch's manual, and the script itself, run with
programs that stand in for Slurm's. Kubeflow: the schema that tools/train_job_schema.py makes of
Kubeflow's own models.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import harness
import pytest
import yaml

SCHEMAS = Path(__file__).parent / "schemas"
# The programs of a cluster of two computers, `first` and `second`.
SCONTROL = """#!/bin/bash
if [[ $1 == show ]]; then printf 'first\\nsecond\\n'; else echo "$@" >> requeued; fi
"""
SRUN = """#!/bin/bash
[[ $1 == --kill-on-bad-exit=1 ]] || exit 3
shift
export SLURM_PROCID
SLURM_PROCID=0 "$@" &
one=$!
SLURM_PROCID=1 "$@" &
other=$!
trap 'kill -TERM $one $other' TERM
wait $one $other
wait $one
"""
# What trains: it says how it was started, and saves what it has when it is told to end.
TRAINING = """#!/bin/bash
trap 'exit 143' TERM
printf '%s\\n' "$@" > "started-$SLURM_PROCID"
echo "${TF_CONFIG:-}" > "config-$SLURM_PROCID"
for _ in {1..400}; do [[ ! -e finished ]] || exit 0; sleep 0.02; done
exit 1
"""
TRAIN = ["train", "--name", "my-model", "--runs", "runs"]


@pytest.fixture(scope="module", params=["pytorch", "tensorflow"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers = {"framework": request.param, "cluster": ["slurm", "kubeflow"]}
    return harness.render(tmp_path_factory.mktemp("clusters") / request.param, answers)


def is_tensorflow(project: Path) -> bool:
    return project.name == "tensorflow"


def test_without_the_question_there_is_no_file_for_a_cluster(tmp_path: Path) -> None:
    folder = harness.render(tmp_path / "p")
    assert not [entry for entry in clusters().values() if (folder / entry["file"]).exists()]


def test_each_cluster_has_its_file_alone(tmp_path: Path) -> None:
    for name in clusters():
        folder = harness.render(tmp_path / name, {"cluster": [name]})
        found = [key for key, entry in clusters().items() if (folder / entry["file"]).exists()]
        assert found == [name]


def clusters() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = harness.catalog()["clusters"]
    return found


# --- Slurm -----------------------------------------------------------------------------------


def test_sbatch_knows_every_option(project: Path) -> None:
    known = (SCHEMAS / "sbatch.txt").read_text("utf-8").splitlines()[1:]
    text = (project / "deploy/slurm/train.sbatch").read_text("utf-8")
    used = re.findall(r"^#SBATCH (--[a-z-]+)", text, re.MULTILINE)
    assert len(used) == text.count("#SBATCH") > 8
    assert set(used) <= set(known)


class Job:
    """The sbatch file of a project, under way with programs that stand in for Slurm's."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.folder = folder
        binaries = folder / ".venv" / "bin"
        binaries.mkdir(parents=True)
        programs = {"scontrol": SCONTROL, "srun": SRUN, "python": TRAINING, "torchrun": TRAINING}
        for name, text in programs.items():
            (binaries / name).write_text(text, "utf-8")
            (binaries / name).chmod(0o755)
        variables = {
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "SLURM_JOB_ID": "7",
            "SLURM_JOB_NAME": "my-model",
            "SLURM_JOB_NODELIST": "first,second",
            "SLURM_JOB_NUM_NODES": "2",
            "SLURM_GPUS_ON_NODE": "4",
        }
        script = project / "deploy/slurm/train.sbatch"
        self.process = subprocess.Popen(["bash", script], cwd=folder, env=variables)
        end = time.monotonic() + 10
        while not all((folder / f"config-{rank}").exists() for rank in (0, 1)):
            assert time.monotonic() < end and self.process.poll() is None
            time.sleep(0.01)

    def started(self, rank: int) -> list[str]:
        return (self.folder / f"started-{rank}").read_text("utf-8").splitlines()

    def end(self) -> tuple[int, bool]:
        """Wait for the end: the exit code, and whether the job was put back into the queue."""
        code = self.process.wait(timeout=20)
        requeued = self.folder / "requeued"
        if requeued.exists():
            assert requeued.read_text("utf-8") == "requeue 7\n"
        return code, requeued.exists()


def test_a_job_starts_one_program_on_each_computer(project: Path, tmp_path: Path) -> None:
    job = Job(project, tmp_path)
    (tmp_path / "finished").touch()
    assert job.end() == (0, False)
    for rank in (0, 1):
        assert job.started(rank)[-7:] == ["-m", "my_model", *TRAIN]
        told = (tmp_path / f"config-{rank}").read_text("utf-8")
        if is_tensorflow(project):
            assert json.loads(told) == {
                "cluster": {"worker": ["first:29400", "second:29400"]},
                "task": {"type": "worker", "index": rank},
            }
        else:
            assert told.strip() == ""
            flags = job.started(rank)[:-7]
            given = dict(zip(flags[::2], flags[1::2], strict=True))
            assert given == {
                "--nnodes": "2",
                "--nproc-per-node": "4",
                "--max-restarts": "0",
                "--rdzv-backend": "c10d",
                "--rdzv-endpoint": "first:29400",
                "--rdzv-id": "7",
            }


def test_a_job_whose_time_is_over_is_queued_again(project: Path, tmp_path: Path) -> None:
    job = Job(project, tmp_path)
    job.process.send_signal(signal.SIGUSR1)
    assert job.end() == (143, True)


def test_a_job_that_failed_is_not(project: Path, tmp_path: Path) -> None:
    job = Job(project, tmp_path)
    subprocess.run(["pkill", "-TERM", "-P", str(job.process.pid)], check=True)  # srun, that is
    assert job.end() == (143, False)


# --- Kubeflow --------------------------------------------------------------------------------


def refused(file: Path) -> str:
    """What the schema says against a TrainJob."""
    program = Path(sys.executable).parent / "check-jsonschema"
    schema = SCHEMAS / "train_job.json"
    done = subprocess.run([program, "--schemafile", schema, file], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_train_job_fits_the_schema(project: Path) -> None:
    assert not refused(project / "deploy/kubeflow/train-job.yaml")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("numNodes: 2", "numNode: 2"),
        ("numNodes: 2", "numNodes: two"),
        ("numNodes: 2", "numNodes: 2\n    numProcPerNode: gpu"),
        ("mountPath: /runs", "mountPaht: /runs"),
        ("v1alpha1", "v1"),
    ],
)
def test_what_is_wrong_is_refused(project: Path, tmp_path: Path, right: str, wrong: str) -> None:
    text = (project / "deploy/kubeflow/train-job.yaml").read_text("utf-8")
    text = re.sub(r"\n    numProcPerNode: .*", "", text)
    assert text.count(right) == 1
    planted = tmp_path / "train-job.yaml"
    planted.write_text(text, "utf-8")
    assert not refused(planted)
    planted.write_text(text.replace(right, wrong), "utf-8")
    assert refused(planted)


def test_the_names_fit_together(project: Path) -> None:
    folder = project / "deploy/kubeflow"
    job = yaml.safe_load((folder / "train-job.yaml").read_text("utf-8"))
    trainer = job["spec"]["trainer"]
    recipe = (folder / "Dockerfile").read_text("utf-8")
    assert f"-t {trainer['image']} ." in recipe
    assert "--runs" in recipe and '"/runs"' in recipe
    [patch] = job["spec"]["runtimePatches"]
    [replicated] = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    pod = replicated["template"]["spec"]["template"]["spec"]
    [volume], [container] = pod["volumes"], pod["containers"]
    assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": "/runs"}]
    words = " ".join(trainer["command"]).replace("=", " ").replace("\\\n", " ").split()
    assert "train --name my-model --runs /runs" in " ".join(words)


def test_the_longest_name_leaves_room_for_the_pods(tmp_path: Path) -> None:
    """JobSet appends `-node-0-0` and five characters of its own to the name, 63 in all."""
    answers = {"project_name": "M" * 60, "cluster": ["kubeflow"]}
    folder = harness.render(tmp_path / "p", answers)
    job = yaml.safe_load((folder / "deploy/kubeflow/train-job.yaml").read_text("utf-8"))
    assert len(job["metadata"]["name"] + "-node-0-0-xxxxx") <= 63


def test_the_pods_tell_tensorflow_of_each_other(tmp_path: Path) -> None:
    answers = {"framework": "tensorflow", "cluster": ["kubeflow"]}
    project = harness.render(tmp_path / "p", answers)
    job = yaml.safe_load((project / "deploy/kubeflow/train-job.yaml").read_text("utf-8"))
    (tmp_path / "python").write_text('#!/bin/bash\necho "$TF_CONFIG"\n', "utf-8")
    (tmp_path / "python").chmod(0o755)
    variables = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "JOB_COMPLETION_INDEX": "1"}
    command = job["spec"]["trainer"]["command"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    name, size = job["metadata"]["name"], job["spec"]["trainer"]["numNodes"]
    assert told["cluster"]["worker"] == [f"{name}-node-0-{i}.{name}:29400" for i in range(size)]
    assert told["task"] == {"type": "worker", "index": 1}
