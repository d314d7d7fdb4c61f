"""Choose the device, and make it compute the same numbers every time."""

import psutil
import torch

from .choices import available_cpus
from .errors import UserError
from .ranks import LOCAL_RANK, LOCAL_SIZE, SIZE
from .settings import HardwareSettings

LARGE = 2**20  # bytes of a batch: with less, threads wait for each other longer than they compute


def prepare(settings: HardwareSettings) -> torch.device:
    """Set up PyTorch by `[hardware]` and return the device; UserError when it is not there."""
    if settings.compile:
        torch.use_deterministic_algorithms(True)
    else:  # the same, without importing the compiler: that takes a second
        torch.set_deterministic_debug_mode("error")
    # Nothing here reads memory before writing it; filling it first costs 4 % of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_num_threads(settings.threads or 1)
    # Full float32 on every device: exports are compared to 1e-5, and TF32 keeps three digits.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if settings.device != "auto":
        device = named(settings.device)
    elif torch.cuda.is_available():
        device = torch.device("cuda")
    elif torch.backends.mps.is_available() and SIZE == 1:
        device = torch.device("mps")
    else:
        device = torch.device("cpu")
    if device.type == "cuda" and SIZE > 1:  # a GPU for each process of this computer
        device = named(f"cuda:{LOCAL_RANK}")
        torch.cuda.set_device(device)
    return device


def named(name: str) -> torch.device:
    """Return the device of a name; UserError when it is not there."""
    if name.lower().startswith(("tpu", "xla")):
        raise UserError("nothing here runs on TPUs; docs/scaling.md says what does")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"device {name!r} is not to be had: {reason}") from error
    return device


def choose_threads(batch: int) -> int:
    """Return the best number of CPU threads for batches of so many bytes."""
    return max(available_cpus() // LOCAL_SIZE, 1) if batch >= LARGE else 1


def memory(device: torch.device) -> int:
    """Return the bytes of the device's memory; of the computer's where it has none of its own.

    Several processes of a computer have a share each.
    """
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return int(psutil.virtual_memory().total) // LOCAL_SIZE


def fingerprint(settings: HardwareSettings, device: torch.device) -> dict[str, str]:
    """Name what the last bits of a result depend on; a resumed run warns when it differs."""
    return {
        "PyTorch": str(torch.__version__),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "CPU capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(settings.threads),
        "processes": str(SIZE),
    }
