// Deliveries on the page: a field for each number and code, the answer in words. page.js says what it calls.

const ARRAYS = { float32: Float32Array, int32: Int32Array };
const euros = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

const form = document.getElementById("form");
let inputs;

export function start(manifest, { ask }) {
  inputs = manifest.signature.inputs;
  document.getElementById("input-title").textContent = "Describe a delivery";
  for (const { dtype, labels, low, high } of inputs) {
    for (const name of labels) {
      const field = document.createElement("input");
      Object.assign(field, { type: "number", name, required: true, step: dtype === "int32" ? 1 : "any" });
      Object.assign(field, { min: low ?? "", max: high ?? "" });
      const label = document.createElement("label");
      label.append(name, field);
      form.append(label);
    }
  }
  form.addEventListener("input", ask);
  show(null);
}

/** Gives the numbers and codes; null until every field is filled in rightly. */
export function read() {
  if (!form.checkValidity()) return null;
  const values = inputs.map(({ name, dtype, labels }) => {
    const numbers = labels.map((label) => form.elements[label].valueAsNumber);
    return [name, ARRAYS[dtype].from(numbers)];
  });
  return Object.fromEntries(values);
}

export function show(outputs) {
  const text = outputs
    ? `${euros.format(outputs.price[0])}, ${outputs.express[0] ? "express" : "not express"}`
    : "Fill in all fields";
  document.getElementById("answer").textContent = text;
}
