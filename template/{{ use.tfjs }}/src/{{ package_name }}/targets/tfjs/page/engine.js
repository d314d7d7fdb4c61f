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

/** The shape of some rows; a length that may differ (null) follows from the number of values. */
function shapeOf({ shape }, length, rows) {
  const known = shape.reduce((product, size) => product * (size ?? 1), rows);
  return [rows, ...shape.map((size) => size ?? length / known)];
}

/**
 * Loads engine and model. `predict(inputs, rows)` takes the manifest's inputs, { name: TypedArray }, and resolves
 * to its outputs: Float32Array, Int32Array, or Uint8Array for bool, row by row.
 */
export async function load(manifest, backend) {
  const tf = await start(backend);
  const model = await tf.loadGraphModel(here("model.json"));
  const { inputs, outputs } = manifest.signature;
  const nodes = outputs.map(({ name }) => model.modelSignature.outputs[name].name);

  async function compute(tensorOf) {
    const found = tf.tidy(() => {
      const fed = inputs.map((input) => [input.name, tensorOf(input)]);
      return [model.execute(Object.fromEntries(fed), nodes)].flat(); // of one output it is no array
    });
    try {
      const arrays = await Promise.all(found.map((tensor) => tensor.data()));
      return Object.fromEntries(outputs.map((output, place) => [output.name, arrays[place]]));
    } finally {
      tf.dispose(found); // memory of the graphics card is not collected
    }
  }

  const predict = (values, rows) =>
    compute((input) => {
      const own = values[input.name];
      return tf.tensor(own, shapeOf(input, own.length, rows), input.dtype);
    });

  // The first answer compiles shaders and fills buffers: nobody has to wait for that one.
  await compute(({ shape, dtype }) => tf.zeros([1, ...shape.map((size) => size ?? 1)], dtype));
  return { version: tf.version.tfjs, backend: tf.getBackend(), predict };
}
