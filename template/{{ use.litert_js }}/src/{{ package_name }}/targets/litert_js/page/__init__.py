"""What the page needs of npm: LiteRT.js and its WebAssembly, with relaxed SIMD and without.

That with JSPI, by which WebAssembly waits for a GPU, is loaded for WebGPU only.
"""

FILES = {
    "@litertjs/core/dist/index.js": "engine/litert.js",
    "@litertjs/wasm-utils/dist/index.js": "engine/wasm_utils.js",
    "@litertjs/core/wasm/litert_wasm_internal.js": "engine/litert_wasm_internal.js",
    "@litertjs/core/wasm/litert_wasm_internal.wasm": "engine/litert_wasm_internal.wasm",
    "@litertjs/core/wasm/litert_wasm_jspi_internal.js": "engine/litert_wasm_jspi_internal.js",
    "@litertjs/core/wasm/litert_wasm_jspi_internal.wasm": "engine/litert_wasm_jspi_internal.wasm",
    "@litertjs/core/wasm/litert_wasm_compat_internal.js": "engine/litert_wasm_compat_internal.js",
    "@litertjs/core/wasm/litert_wasm_compat_internal.wasm": (
        "engine/litert_wasm_compat_internal.wasm"
    ),
}
IMPORTS = {"@litertjs/wasm-utils": "./wasm_utils.js"}
