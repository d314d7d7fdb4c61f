// Histories scaled before a model of few bits, and forecasts scaled back after it: the same as scaling.py.

const MOST = 80; // of a logarithm: exp of it is still a float32

/** Returns the values of one row, or their logarithms, with their mean and their spread. */
function measure(row, { log, scale }) {
  const values = Array.from(row, (value) => (log ? Math.log(Math.max(value, scale.floor)) : value));
  const level = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - level) ** 2, 0) / values.length;
  return { values, level, spread: Math.sqrt(variance + scale.least ** 2) };
}

function rowsOf(array, rows) {
  const size = array.length / rows;
  return Array.from({ length: rows }, (_, row) => array.subarray(row * size, (row + 1) * size));
}

/** Scales the histories; further inputs are scaled already. */
export function before(inputs, rows, facts) {
  const scaled = rowsOf(inputs.history, rows).flatMap((row) => {
    const { values, level, spread } = measure(row, facts);
    return values.map((value) => (value - level) / spread);
  });
  return { ...inputs, history: Float32Array.from(scaled) };
}

/** Scales forecasts back; `inputs` are those before the scaling. */
export function after(outputs, inputs, rows, facts) {
  const histories = rowsOf(inputs.history, rows);
  const found = rowsOf(outputs.quantiles, rows).flatMap((row, place) => {
    const { level, spread } = measure(histories[place], facts);
    const back = (value) => value * spread + level;
    const limit = (value) => Math.exp(Math.min(Math.max(value, -MOST), MOST));
    return Array.from(row, (value) => (facts.log ? limit(back(value)) : back(value)));
  });
  return { quantiles: Float32Array.from(found) };
}
