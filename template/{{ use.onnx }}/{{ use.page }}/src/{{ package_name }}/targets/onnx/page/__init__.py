"""What the page needs of npm: ONNX Runtime Web, with WebAssembly and with WebGPU."""

FILES = {
    "onnxruntime-web/dist/ort.wasm.bundle.min.mjs": "engine/ort.wasm.bundle.min.mjs",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm": "engine/ort-wasm-simd-threaded.wasm",
    "onnxruntime-web/dist/ort.jspi.bundle.min.mjs": "engine/ort.jspi.bundle.min.mjs",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm": (
        "engine/ort-wasm-simd-threaded.jspi.wasm"
    ),
}
IMPORTS: dict[str, str] = {}
REQUIRED = False  # the server answers without it
