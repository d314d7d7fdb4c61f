"""What the page of this target has of its own: engine.js, and these files from npm."""

TF = "@tensorflow/tfjs/dist/tf.es2017.min.js"
WASM = "@tensorflow/tfjs-backend-wasm/dist"
FILES = {TF: "engine/tf.es2017.min.js"} | {
    f"{WASM}/{name}": f"engine/{name}"
    for name in (
        "tf-backend-wasm.es2017.min.js",
        "tfjs-backend-wasm-simd.wasm",
        "tfjs-backend-wasm.wasm",  # for processors without SIMD
    )
}
IMPORTS: dict[str, str] = {}  # they are scripts, not modules
