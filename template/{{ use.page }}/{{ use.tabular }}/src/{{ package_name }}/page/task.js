// Rows of a table on the page: a field for each column, and the answer in bars or as a value. page.js says what it
// calls. columns.js prepares the texts as for the training, fields.js makes the fields.
import { percent, showBars } from "./bars.js";
import { encode } from "./columns.js";
import { makeField } from "./fields.js";

const LONG = 60; // characters of an example in the list

const FORM = `
<p class="about">Leave empty what is not known. Below a field is its range in the training data.</p>
<div class="controls">
<label for="example">Example</label>
<select id="example"><option value="">none</option></select>
<button id="clear" type="button" class="button" disabled>Clear</button>
</div>
<div id="fields"></div>`;
const ANSWER = `
<p id="best" aria-live="polite"></p>
<p id="hint">Fill in a field, or choose an example.</p>
<ol id="bars" class="bars" aria-label="Probabilities"></ol>`;

const at = (id) => document.getElementById(id);
const decimals = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });

let page, facts, output;
let fields = []; // { element, get, set } for each column
let touched = false; // whether there is anything to answer for

export function start(manifest, functions) {
  page = functions;
  facts = manifest.facts;
  [output] = manifest.signature.outputs;
  at("input-title").textContent = "Describe a row";
  at("result-title").textContent = `Answer: ${facts.target.name}`;
  at("form").innerHTML = FORM;
  at("form").autocomplete = "off"; // a page that is loaded again begins empty
  at("answer").innerHTML = ANSWER;
  fields = facts.columns.map(makeField);
  at("fields").append(...fields.map(({ element }) => element));
  at("example").append(...facts.examples.map((row, place) => new Option(summary(row, place), place)));
  at("bars").hidden = output.content !== "classes";
  at("fields").addEventListener("input", () => {
    at("example").value = "";
    change(true);
  });
  at("example").addEventListener("input", () => fill(facts.examples[at("example").value]));
  at("clear").addEventListener("click", () => fill());
  show(null);
}

/** Names an example in the list by its values. */
function summary(row, place) {
  const texts = facts.columns.map(({ name }) => row[name].trim()).filter(Boolean);
  const text = `${place + 1}: ${texts.join(", ") || "nothing is known"}`;
  return text.length > LONG ? `${text.slice(0, LONG)}…` : text;
}

/** Fills in a row; without one, clears all fields. */
function fill(row) {
  fields.forEach((field, place) => field.set(row ? row[facts.columns[place].name] : ""));
  if (!row) at("example").value = "";
  change(Boolean(row));
}

function change(filled) {
  touched = filled;
  at("clear").disabled = !filled;
  page.ask();
}

/** Gives the inputs for what the fields have; null before there is anything. */
export function read() {
  if (!touched) return null;
  const texts = facts.columns.map(({ name }, place) => [name, fields[place].get()]);
  return encode(facts.columns, Object.fromEntries(texts));
}

/** Shows the value, or the most probable class and a bar for each. */
export function show(outputs) {
  at("hint").hidden = Boolean(outputs);
  at("best").replaceChildren();
  const values = outputs ? [...outputs[output.name]] : [];
  if (output.content === "classes") showClasses(values);
  else if (outputs) at("best").append(exact(values[0], decimals, "value"));
}

function showClasses(probabilities) {
  const best = showBars(at("bars"), output.labels, probabilities);
  if (best >= 0) at("best").append(output.labels[best], " ", exact(probabilities[best], percent, "share"));
}

/** Writes a number for people, and as it is for programs. */
function exact(value, format, className) {
  return Object.assign(document.createElement("data"), { value, className, textContent: format.format(value) });
}
