// Messages from Python and back: a line of JSON, then the values of the tensors that the line lists, one
// after the other, row by row and little-endian. messages.py is the other side. The name ends in .mjs as
// Node takes it for a module then, in whatever folder it lies.

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
const ROUNDS = 25; // measured, of which the median counts
const ROUND_MS = 10; // browsers round their clock: many answers make one round

/** Computes what a message (Uint8Array) asks for; resolves to the answer's message. */
export async function answer(model, signature, message) {
  const { rows, measure, values } = decode(message);
  if (measure) return line({ median_ms: await medianMs(() => model.predict(values, rows)) });
  return encode(signature.outputs, await model.predict(values, rows));
}

/** Makes a message of a line alone. */
export const line = (head) => new TextEncoder().encode(`${JSON.stringify(head)}\n`);

function decode(message) {
  const end = message.indexOf("\n".charCodeAt());
  const head = JSON.parse(new TextDecoder().decode(message.subarray(0, end)));
  const values = {};
  let place = end + 1;
  for (const { name, dtype, length } of head.tensors) {
    const bytes = length * ARRAYS[dtype].BYTES_PER_ELEMENT;
    // In a buffer of its own: numbers may begin at multiples of their size only.
    values[name] = new ARRAYS[dtype](new Uint8Array(message.subarray(place, place + bytes)).buffer);
    place += bytes;
  }
  return { ...head, values };
}

function encode(tensors, values) {
  for (const { name, dtype } of tensors) {
    if (!(values[name] instanceof ARRAYS[dtype])) throw new Error(`the output ${name} is no ${dtype}`);
  }
  const entries = tensors.map(({ name, dtype }) => ({ name, dtype, length: values[name].length }));
  const parts = [line({ tensors: entries }), ...tensors.map(({ name }) => bytesOf(values[name]))];
  const message = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    message.set(part, place);
    place += part.length;
  }
  return message;
}

const bytesOf = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function medianMs(compute) {
  const started = performance.now();
  let calls = 0;
  while (performance.now() - started < 10 * ROUND_MS || calls < 3) {
    await compute(); // the first answers are slow: they warm up
    calls += 1;
  }
  const perRound = Math.ceil(calls / 10);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let call = 0; call < perRound; call += 1) await compute();
    rounds.push((performance.now() - start) / perRound);
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1];
}
