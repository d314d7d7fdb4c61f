"""Choose the device, and make it compute the same numbers every time."""

import contextlib
import shutil
import subprocess

import psutil
import tensorflow as tf

from .errors import UserError
from .ranks import LOCAL_SIZE, SIZE
from .settings import HardwareSettings


def prepare(settings: HardwareSettings) -> str:
    """Set up TensorFlow by `[hardware]` and return the device; UserError when it is not there."""
    if settings.device.lower().startswith(("tpu", "xla")):
        raise UserError("nothing here runs on TPUs; docs/scaling.md says what does")
    set_threads(settings)
    there = [name.rpartition("device:")[2] for name in devices()]  # CPU:0, GPU:0, ...
    if any(name.startswith("GPU") for name in there):
        tf.config.experimental.enable_op_determinism()
        # Full float32: exports are compared to 1e-5, and TF32 keeps three digits.
        tf.config.experimental.enable_tensor_float_32_execution(False)
    if settings.device == "auto":
        return next((name for name in there if name.startswith("GPU")), "CPU:0")
    wanted = settings.device.upper()
    wanted = wanted if ":" in wanted else f"{wanted}:0"
    if wanted not in there:
        raise UserError(f"there is no device {settings.device!r}; there are {', '.join(there)}")
    return wanted


def set_threads(settings: HardwareSettings) -> None:
    """Set the number of CPU threads."""
    # Threads cannot be changed once TensorFlow computes, as it may already in a notebook.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(settings.threads or 1)
        tf.config.threading.set_inter_op_parallelism_threads(settings.threads or 1)


def devices() -> list[str]:
    """List TensorFlow's devices by name, such as `/device:CPU:0`."""
    return [device.name for device in tf.config.list_logical_devices()]


def choose_threads(batch: int) -> int:
    """Return the number of CPU threads, whatever the bytes of a batch: one.

    With several, the sums of large convolutions differ in their last bits from run to run.
    """
    return 1


def memory(device: str) -> int:
    """Return the bytes of the device's memory; of the computer's where it has none of its own.

    Several processes of a computer have a share each.
    """
    program = shutil.which("nvidia-smi")
    if not device.startswith("GPU") or program is None:
        return int(psutil.virtual_memory().total) // LOCAL_SIZE
    # TensorFlow tells how much of a GPU's memory is used, but not how much there is.
    query = ["--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    number = device.partition(":")[2]
    done = subprocess.run([program, *query, "-i", number], capture_output=True, text=True)
    return int(done.stdout) * 2**20 if done.returncode == 0 else 0


def fingerprint(settings: HardwareSettings, device: str) -> dict[str, str]:
    """Name what the last bits of a result depend on; a resumed run warns when it differs."""
    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return {
        "TensorFlow": tf.__version__,
        "device": details.get("device_name", device),
        "threads": str(settings.threads),
        "processes": str(SIZE),
    }
