// The text of a CSV as columns of texts: the same as delimited.py reads of a table with several columns.

const DELIMITERS = [",", ";", "\t", "|"];
const SAMPLE = 2 ** 16; // characters that are looked at to tell the delimiter

/** Reads the rows of a CSV; in `strict`, broken quotes are an error. Empty lines are left out. */
function readRows(text, delimiter, strict) {
  const rows = [];
  let row = [];
  let field = "";
  let state = "start"; // of a field; then "plain", "quoted", or "closed" behind a quote in one
  const endField = () => {
    row.push(field);
    field = "";
    state = "start";
  };
  const endRow = () => {
    if (row.length || field || state !== "start") {
      endField();
      rows.push(row);
    }
    row = [];
  };
  for (const character of text) {
    if (state === "quoted") {
      if (character === '"') state = "closed";
      else field += character;
    } else if (state === "closed" && character === '"') {
      field += '"';
      state = "quoted";
    } else if (character === delimiter) {
      endField();
      state = "next";
    } else if (character === "\n" || character === "\r") {
      endRow();
      state = "start";
    } else if (character === '"' && (state === "start" || state === "next")) {
      state = "quoted";
    } else {
      if (state === "closed" && strict) throw new Error("its quotes are broken");
      field += character;
      state = "plain";
    }
  }
  if (state === "quoted" && strict) throw new Error("its quotes are broken");
  endRow();
  return rows;
}

/** Counts the rows with as many values as the first line, where these are several; and them. */
function fitting(text, delimiter) {
  const rows = readRows(text.slice(0, SAMPLE), delimiter, false);
  const width = rows.length ? rows[0].length : 0;
  return [width > 1 ? rows.filter((row) => row.length === width).length : 0, width];
}

function findDelimiter(text) {
  let best = DELIMITERS[0];
  let most = [-1, -1];
  for (const delimiter of DELIMITERS) {
    const found = fitting(text, delimiter);
    if (found[0] > most[0] || (found[0] === most[0] && found[1] > most[1])) [best, most] = [delimiter, found];
  }
  return best;
}

/** Reads a CSV whose first line names the columns: a Map from names to texts. */
export function parse(given) {
  const text = given.replace(/^\ufeff/, "");
  if (text.includes("\0")) throw new Error("it has NUL characters, so it is no CSV");
  const [first = [], ...rows] = readRows(text, findDelimiter(text), true);
  const names = first.map((name, place) => name.trim() || `column ${place + 1}`);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  const wrong = rows.findIndex((row) => row.length !== names.length);
  if (wrong >= 0) {
    throw new Error(`row ${wrong + 1} has ${rows[wrong].length} values for ${names.length} columns`);
  }
  if (!rows.length) throw new Error("it must have a line of names and a line for each row");
  if (twice !== undefined) throw new Error(`it has two columns named ${twice}`);
  return new Map(names.map((name, place) => [name, rows.map((row) => row[place])]));
}
