// TensorFlow.js for a web page: the engine and the model lie beside this file, nothing else is loaded.

export const name = "TensorFlow.js";
export const backends = ["wasm", "webgl", "cpu"];

const here = (path) => new URL(path, import.meta.url).href;

// TensorFlow.js comes as scripts that share the global `tf`.
function script(path) {
  return new Promise((done, failed) => {
    const tag = document.createElement("script");
    tag.src = here(path);
    tag.onload = done;
    tag.onerror = () => failed(new Error(`${path} cannot be loaded`));
    document.head.append(tag);
  });
}

async function start(backend) {
  if (!globalThis.tf?.wasm) {
    await script("engine/tf.es2017.min.js");
    await script("engine/tf-backend-wasm.es2017.min.js");
  }
  const { tf } = globalThis;
  // Threads need headers that not every web server sends; small models are faster without them.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  tf.wasm.setWasmPaths(here("engine/"));
  if (!(await tf.setBackend(backend))) throw new Error(`${backend} does not work in this browser`);
  return tf;
}

export async function load(manifest, backend) {
  const tf = await start(backend);
  const model = await tf.loadGraphModel(here("model.json"));
  async function predict(values, shape) {
    const inputs = tf.tensor(values, shape, "float32");
    const outputs = model.predict(inputs);
    try {
      return await outputs.data();
    } finally {
      tf.dispose([inputs, outputs]); // memory of the graphics card is not collected
    }
  }
  // The first answer compiles shaders and fills buffers: nobody has to wait for that one.
  const one = [1, ...manifest.inputs[0].shape.slice(1)];
  await predict(new Float32Array(one.reduce((product, size) => product * size)), one);
  return { version: tf.version.tfjs, backend: tf.getBackend(), predict };
}
