// From a table to the model's inputs: the end of each of its series, as series.py and windows.py make it.
import { encode, textOf, toNumber } from "./columns.js";
import { findForm, later, placeOf, toTimes, writeTime } from "./times.js";

const LEAST = 0.5; // share of a history that must be known
const LARGEST = 1e15; // of values
const SPARSE = 50; // places of a grid for each row, where something is wrong with the times

/** Fills what is missing (NaN) in a straight line between neighbours; at the ends the nearest value counts. */
export function fill(values) {
  const known = [];
  values.forEach((value, place) => Number.isNaN(value) || known.push(place));
  if (known.length === values.length) return values;
  let next = 0;
  return values.map((value, place) => {
    if (!Number.isNaN(value)) {
      next += 1;
      return value;
    }
    const left = known[next - 1] ?? known[next];
    const right = known[next] ?? left;
    if (left === undefined) return 0;
    const share = (place - left) / Math.max(right - left, 1);
    return values[left] + share * (values[right] - values[left]);
  });
}

/** Groups the rows of a table by the names of their series; without names there is one series. */
function group(cells, count) {
  const groups = new Map();
  for (let row = 0; row < count; row += 1) {
    const name = cells ? cells[row].trim() : "series";
    if (!name) throw new Error(`row ${row + 1} does not name its series`);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return groups;
}

function readValues(cells, name, { decimal, missing_numbers: missing = [] }) {
  const texts = cells.map(textOf);
  const written = texts.filter(Boolean);
  const unread = (mark) => written.filter((text) => Number.isNaN(toNumber(text, mark))).length;
  const other = decimal === "." ? "," : ".";
  const mark = unread(other) < unread(decimal) ? other : decimal;
  const values = texts.map((text) => toNumber(text, mark));
  if (values.some((value) => Math.abs(value) > LARGEST)) throw new Error(`${name} has values above 1e15`);
  if (unread(mark) === written.length) throw new Error(`the column ${name} has no numbers`);
  return values.map((value) => (missing.includes(value) ? NaN : value));
}

/** Puts the rows of one series into a grid: { name, values, rows, last }. */
function toGrid(name, rows, moments, values, frequency) {
  const ordered = [...rows].sort((a, b) => moments[a] - moments[b]);
  const phase = moments[ordered[0]];
  const taken = new Map();
  for (const row of ordered) {
    const place = placeOf(moments[row], frequency, phase);
    if (taken.has(place)) {
      const before = taken.get(place);
      const same = moments[row] === moments[before];
      if (same && Object.is(values[row], values[before])) continue;
      const moment = writeTime(moments[row], frequency);
      throw new Error(`series ${name} has two ${same ? "" : `${frequency} `}values ${same ? "for" : "near"} ${moment}`);
    }
    taken.set(place, row);
  }
  const places = [...taken.keys()];
  const first = places[0];
  const end = places[places.length - 1] + 1;
  if (end - first > SPARSE * taken.size + 1000) {
    throw new Error(`series ${name} has ${taken.size} rows in ${end - first} ${frequency} steps; is a time wrong?`);
  }
  const at = Array.from({ length: end - first }, (_, step) => taken.get(first + step) ?? -1);
  const found = at.map((row) => (row < 0 ? NaN : values[row]));
  const start = found.findIndex((value) => !Number.isNaN(value));
  if (start < 0) return null;
  const stop = found.findLastIndex((value) => !Number.isNaN(value)) + 1;
  return { name, values: found.slice(start, stop), rows: at.slice(start), last: moments[at[stop - 1]] };
}

/** Makes the numbers of further columns in one row of a table. */
function knownOf(columns, table, row) {
  const cells = Object.fromEntries(columns.map(({ name }) => [name, table.get(name)[row]]));
  const { numbers, codes } = encode(columns, cells);
  const found = [...numbers];
  let place = 0;
  for (const column of columns) {
    if (column.kind !== "category" && !column.flag) continue;
    const size = column.kind === "category" ? column.values.length : 1;
    for (let code = 1; code <= size; code += 1) found.push(codes[place] === code ? 1 : 0);
    place += 1;
  }
  return found;
}

/** Gives the rows of the steps to forecast, as many as there are; -1 where one is missing. */
const rowsAhead = (one, horizon) => one.rows.slice(one.values.length, one.values.length + horizon);

/** Makes the numbers of further columns along a history and its future, [length + horizon] rows of them. */
function alongSeries(one, columns, table, { length, horizon }) {
  const rows = [...one.rows.slice(0, one.values.length).slice(-length), ...rowsAhead(one, horizon)];
  const found = rows.map((row) => (row < 0 ? null : knownOf(columns, table, row)));
  const width = found.find(Boolean).length;
  const columnsOf = Array.from({ length: width }, (_, place) =>
    fill(found.map((row) => Math.fround(row ? row[place] : NaN))),
  );
  const missing = length + horizon - rows.length;
  const steps = Array.from({ length: length + horizon }, (_, step) => Math.max(step - missing, 0));
  return Float32Array.from(steps.flatMap((step) => columnsOf.map((values) => values[step])));
}

/**
 * Makes the inputs of each series of a table (a Map from names to texts) that has enough values, and rows ahead where
 * further columns count; says of how many that is not so: { series: [{ name, inputs, seen, end }], short, lacking }.
 */
export function histories(table, facts) {
  const { names, time, length, horizon, columns } = facts;
  for (const name of [names.time, names.value, ...columns.map((column) => column.name)]) {
    if (!table.has(name)) throw new Error(`there is no column ${name}, but ${[...table.keys()].join(", ").slice(0, 200)}`);
  }
  const texts = table.get(names.time).map(textOf);
  if (texts.includes("")) throw new Error(`row ${texts.indexOf("") + 1} has no time in the column ${names.time}`);
  const form = findForm(texts, time.form);
  if ((form === "step") !== (time.frequency === "steps")) {
    throw new Error(`the times are ${form}, which does not go with ${time.frequency}`);
  }
  const moments = toTimes(texts, form, time.frequency);
  const values = readValues(table.get(names.value), names.value, facts);
  const found = [...group(table.get(names.id), texts.length)]
    .map(([name, rows]) => toGrid(name, rows, moments, values, time.frequency))
    .filter(Boolean);
  const enough = ({ values: own }) => own.slice(-length).filter((value) => !Number.isNaN(value)).length >= LEAST * length;
  const whole = (one) => {
    const ahead = rowsAhead(one, horizon);
    return !columns.length || (ahead.length === horizon && !ahead.includes(-1));
  };
  const usable = found.filter(enough);
  const series = usable.filter(whole).map((one) => {
    const seen = [...Array(Math.max(length - one.values.length, 0)).fill(NaN), ...one.values.slice(-length)];
    const history = Float32Array.from(fill(seen.map(Math.fround)));
    const inputs = columns.length ? { history, known: alongSeries(one, columns, table, facts) } : { history };
    return { name: one.name, inputs, seen, end: one.last };
  });
  if (!usable.length) {
    const needed = Math.ceil(LEAST * length);
    throw new Error(`no series has the ${needed} values in its last ${length} ${time.frequency} steps that a forecast needs`);
  }
  if (!series.length) {
    throw new Error(`a series needs a row for each of the next ${horizon} steps, with the further columns and no value`);
  }
  return { series, short: found.length - usable.length, lacking: usable.length - series.length };
}

/** Says when each value to forecast will be. */
export const comingTimes = ({ end }, { time, horizon }) =>
  Array.from({ length: horizon }, (_, step) => writeTime(later(end, step + 1, time.frequency), time.frequency));
