// Series on the page: a CSV that is pasted or chosen, and its forecast as a line with a band. page.js says what it
// calls. delimited.js reads the CSV, histories.js prepares its series as for the training, chart.js draws.
import { draw } from "./chart.js";
import { parse } from "./delimited.js";
import { comingTimes, histories } from "./histories.js";
import { writeTime } from "./times.js";

const FORM = `
<p class="about" id="about"></p>
<div class="controls">
<label for="example">Example</label>
<select id="example"><option value="">none</option></select>
<label class="button">Choose a file<input id="file" type="file" accept=".csv,.tsv,.txt,text/csv"></label>
<button id="clear" type="button" class="button" disabled>Clear</button>
</div>
<label for="text" class="caption">CSV</label>
<textarea id="text" rows="12" spellcheck="false" autocomplete="off"></textarea>
<div class="controls" id="chooser" hidden>
<label for="series">Series</label>
<select id="series"></select>
</div>
<p id="note" class="about" hidden></p>`;
const ANSWER = `
<p id="hint">Paste a CSV, choose a file, or choose an example.</p>
<figure id="chart" hidden></figure>
<details id="numbers" hidden><summary>The numbers</summary>
<div class="scroll"><table><thead><tr><th>time</th><th>low</th><th>median</th><th>high</th></tr></thead>
<tbody id="rows"></tbody></table></div></details>`;

const at = (id) => document.getElementById(id);
const decimals = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 5 });

let page, facts;
let found = null; // { series, short, lacking } of the text

export function start(manifest, functions) {
  page = functions;
  facts = manifest.facts;
  const { id, time, value } = facts.names;
  const further = facts.columns.map(({ name }) => name);
  at("input-title").textContent = "Give a history";
  at("result-title").textContent = `The next ${facts.horizon} ${facts.time.frequency.replace("_", " ")} values`;
  at("form").innerHTML = FORM;
  at("form").autocomplete = "off"; // a page that is loaded again begins empty
  at("answer").innerHTML = ANSWER;
  const more = further.length ? `, and ${further.join(", ")} also for the next ${facts.horizon} steps` : "";
  at("about").textContent =
    `Columns ${time} and ${value}, with several series also ${id}${more}. The last ${facts.length} steps count.`;
  at("text").placeholder = `${[id, time, value, ...further].join(",")}\n…`;
  at("example").append(...facts.examples.map((text, place) => new Option(summary(text, place), place)));
  at("example").addEventListener("input", () => put(facts.examples[at("example").value] ?? ""));
  at("file").addEventListener("change", readFile);
  at("text").addEventListener("input", () => {
    at("example").value = "";
    change();
  });
  at("clear").addEventListener("click", () => {
    at("example").value = "";
    put("");
  });
  at("series").addEventListener("input", () => page.ask());
  show(null);
}

/** Names an example in the list by its first series. */
function summary(text, place) {
  const [one] = histories(parse(text), facts).series;
  return `${place + 1}: ${one.name}`.slice(0, 60);
}

function put(text) {
  at("text").value = text;
  change();
}

async function readFile() {
  const [file] = at("file").files;
  if (!file) return;
  at("example").value = "";
  at("file").value = ""; // the same file can be chosen again
  put(await file.text());
}

/** Reads the text anew. */
function change() {
  const text = at("text").value;
  at("clear").disabled = !text;
  found = null;
  let wrong = "";
  try {
    if (text.trim()) found = histories(parse(text), facts);
  } catch (error) {
    wrong = `This CSV is of no use here: ${error.message}.`;
  }
  const names = found?.series.map(({ name }) => name) ?? [];
  at("series").replaceChildren(...names.map((name, place) => new Option(name, place)));
  at("chooser").hidden = names.length < 2;
  at("note").textContent = remark();
  at("note").hidden = !at("note").textContent;
  page.ask();
  if (wrong) page.say(wrong);
}

/** Says what was left out or filled in. */
function remark() {
  if (!found) return "";
  const gaps = found.series.filter(({ seen }) => seen.some(Number.isNaN)).length;
  const short = found.short ? `${found.short} series have too few values for a forecast. ` : "";
  const lacking = found.lacking ? `${found.lacking} series lack rows for the steps ahead. ` : "";
  return short + lacking + (gaps ? `${gaps} series have gaps, or fewer steps, which are filled in straight lines.` : "");
}

const chosen = () => found?.series[Number(at("series").value)];

/** Gives the inputs of the series that is chosen; null where there is none. */
export function read() {
  return chosen()?.inputs ?? null;
}

/** Shows the forecast. */
export function show(outputs) {
  const one = outputs && chosen();
  at("hint").hidden = Boolean(one);
  at("chart").hidden = at("numbers").hidden = !one;
  if (!one) return;
  const take = (place) => Array.from({ length: facts.horizon }, (_, step) => outputs.quantiles[3 * step + place]);
  const [low, median, high] = [0, 1, 2].map(take);
  const coming = comingTimes(one, facts);
  const ends = [writeTime(one.end, facts.time.frequency), coming[coming.length - 1]];
  const last = decimals.format(median[median.length - 1]);
  const words = `${one.name}: the median goes to ${last} at ${ends[1]}`;
  const caption = document.createElement("figcaption");
  caption.append(one.name, ": the line is the median, and eight of ten values should lie in the band.");
  at("chart").replaceChildren(draw(one.seen, { low, median, high }, ends, words), caption);
  at("rows").replaceChildren(...coming.map((time, step) => row(time, [low[step], median[step], high[step]])));
}

/** Makes a row of the table: numbers for people, and as they are for programs. */
function row(time, values) {
  const made = document.createElement("tr");
  made.append(Object.assign(document.createElement("th"), { scope: "row", textContent: time }));
  for (const value of values) {
    const cell = document.createElement("td");
    cell.append(Object.assign(document.createElement("data"), { value, textContent: decimals.format(value) }));
    made.append(cell);
  }
  return made;
}
