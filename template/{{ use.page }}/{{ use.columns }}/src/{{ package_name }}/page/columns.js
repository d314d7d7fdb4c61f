// From texts to the model's inputs: the same numbers and codes as columns.py makes.

const MISSING = new Set(["", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "#n/a", "<na>"]);
// By what stands before the decimals.
const NUMBERS = {
  ".": /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/,
  ",": /^[+-]?((\d{1,3}(\.\d{3})+|\d+)(,\d*)?|,\d+)([eE][+-]?\d+)?$/,
};
const LARGEST = 3e38; // of what float32 can hold
const FARTHEST = 10; // scales from the mean: a number that is farther counts as that far
const PARTS = {
  "%Y": "(?<year>\\d{4})",
  "%m": "(?<month>\\d{1,2})",
  "%d": "(?<day>\\d{1,2})",
  "%H": "(?<hour>\\d{1,2})",
  "%M": "(?<minute>\\d{1,2})",
  "%S": "(?<second>\\d{1,2})",
};
// What Python's str.strip takes for space; String.trim has U+FEFF besides, and lacks some.
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");

/** Returns a text without the space around it; empty where the value is missing. */
export function textOf(cell) {
  const text = cell.replace(AROUND, "");
  return MISSING.has(text.toLowerCase()) ? "" : text;
}

/** Reads a number; NaN where there is none, or none that float32 can hold. */
export function toNumber(text, decimal) {
  if (!NUMBERS[decimal].test(text)) return NaN;
  const number = Number(decimal === "," ? text.replaceAll(".", "").replace(",", ".") : text);
  return Math.abs(number) < LARGEST ? number : NaN;
}

/** Reads a date as days since 1970; NaN where there is none. */
export function toDays(text, format) {
  const pattern = format.replaceAll(".", "\\.").replace(/%\w/g, (code) => PARTS[code]);
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (!found) return NaN;
  const { year, month, day, hour, minute, second } = { hour: 0, minute: 0, second: 0, ...found.groups };
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = year > 0 && date.getUTCMonth() === month - 1; // the 31st of February is in March
  if (!exists || hour > 23 || minute > 59 || second > 59) return NaN;
  return date.setUTCHours(hour, minute, second) / 1000 / 86400;
}

/** Reads what a column of numbers or dates has; NaN where the value is missing. */
export function numberOf(column, text) {
  return column.kind === "date" ? toDays(text, column.format) : toNumber(text, column.decimal);
}

/** Returns the text of a column's value; empty where it is missing. */
export function textFor(column, cell) {
  const text = textOf(cell);
  const { missing_numbers: numbers, missing_texts: texts = [] } = column;
  return (numbers ? numbers.includes(toNumber(text, column.decimal)) : texts.includes(text)) ? "" : text;
}

/** Turns a row, { column: text }, into the inputs `numbers`, Float32Array, and `codes`, Int32Array. */
export function encode(columns, row) {
  const numbers = [];
  const codes = [];
  for (const column of columns) {
    if (!Object.hasOwn(row, column.name)) throw new Error(`the row has no column ${column.name}`);
    const text = textFor(column, row[column.name]);
    if (column.kind === "category") {
      codes.push(column.values.indexOf(text) + 1); // 0 is for others
      continue;
    }
    const number = numberOf(column, text);
    const scaled = ((Number.isNaN(number) ? column.median : number) - column.mean) / column.scale;
    numbers.push(Math.min(Math.max(scaled, -FARTHEST), FARTHEST));
    if (column.flag) codes.push(Number.isNaN(number) ? 1 : 0);
  }
  return { numbers: Float32Array.from(numbers), codes: Int32Array.from(codes) };
}
