"""vLLM: the merged model for a server with GPUs, with the files in deploy/vllm that start it.

vLLM itself pins other versions of PyTorch and Transformers and wants a GPU, so it is not run here:
`verify` computes with the folder in Transformers, and its output says so.
"""

from .. import FLOAT32, Limits

ENGINE = "vLLM was not run; Transformers"
PACKAGE = "transformers"
LIMITS = {"bfloat16": Limits(1.0, 0.05, 0.9, 0.05), "float32": FLOAT32}
