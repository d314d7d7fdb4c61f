// Texts on the page: a box to write into, and a bar for each class. page.js says what it calls; tokens.js prepares the
// text as for the training.
import { percent, showBars } from "./bars.js";
import { encode, toBytes } from "./tokens.js";

const LONG = 60; // characters of an example in the list
const BLANK = /^[\p{White_Space}\x1c-\x1f]*$/u; // what Python takes for space, and nothing else

const FORM = `
<label for="text" class="about">The answer follows as you write.</label>
<textarea id="text" rows="6" dir="auto" spellcheck="false"></textarea>
<p id="read" aria-live="polite"></p>
<div class="controls">
<label for="example">Example</label>
<select id="example"><option value="">none</option></select>
<button id="clear" type="button" class="button" disabled>Clear</button>
</div>`;
const NO_FORM = `
<p class="about">This model reads the tokens of a pretrained encoder, and this page has no tokenizer for them.
Ask a server of the model: it takes texts.</p>`;
const ANSWER = `
<p id="best" aria-live="polite"></p>
<p id="hint">Write a text, or choose an example.</p>
<ol id="bars" class="bars" aria-label="Probabilities"></ol>`;

const at = (id) => document.getElementById(id);
const integer = new Intl.NumberFormat();

let page, facts, output;
let given = ""; // the text; of an example, with what a box does not keep, such as a carriage return

export function start(manifest, functions) {
  page = functions;
  facts = manifest.facts;
  [output] = manifest.signature.outputs;
  at("input-title").textContent = "Write a text";
  at("result-title").textContent = `Answer: ${facts.label}`;
  at("form").innerHTML = facts.encoder ? NO_FORM : FORM;
  at("form").autocomplete = "off"; // a page that is loaded again begins empty
  at("answer").innerHTML = ANSWER;
  if (facts.encoder) return;
  at("example").append(...facts.examples.map((text, place) => new Option(summary(text, place), place)));
  at("text").addEventListener("input", () => {
    at("example").value = "";
    change(at("text").value);
  });
  at("example").addEventListener("input", () => fill(facts.examples[at("example").value] ?? ""));
  at("clear").addEventListener("click", () => {
    at("example").value = "";
    fill("");
  });
  show(null);
}

/** Names an example in the list by its beginning. */
function summary(text, place) {
  const line = `${place + 1}: ${text.trim().replace(/\s+/g, " ")}`;
  return line.length > LONG ? `${line.slice(0, LONG)}…` : line;
}

function fill(text) {
  at("text").value = text;
  change(text);
}

/** Says how much of the text is read, and asks for the answer. */
function change(text) {
  given = text;
  const size = toBytes(given).length;
  at("clear").disabled = size === 0;
  at("read").classList.toggle("cut", size > facts.length);
  at("read").textContent = size > facts.length ? cut(size) : "";
  page.ask();
}

const cut = (size) =>
  `The text has ${integer.format(size)} bytes. The first ${integer.format(facts.length)} are read, and no more.`;

/** Gives the inputs for the text; null where there is none. */
export function read() {
  return facts.encoder || BLANK.test(given) ? null : { tokens: encode(given, facts.length) };
}

/** Shows the most probable class, and a bar for each. */
export function show(outputs) {
  at("hint").hidden = Boolean(outputs);
  at("best").replaceChildren();
  const probabilities = outputs ? [...outputs[output.name]] : [];
  const best = showBars(at("bars"), output.labels, probabilities);
  if (best < 0) return;
  const share = { value: probabilities[best], className: "share", textContent: percent.format(probabilities[best]) };
  at("best").append(output.labels[best], " ", Object.assign(document.createElement("data"), share));
}
