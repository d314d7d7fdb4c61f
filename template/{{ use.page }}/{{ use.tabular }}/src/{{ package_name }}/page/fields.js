// A field of the form for each column. get() gives its text as tables have it, set(text) shows such a text.
//
// Numbers are typed as texts: a browser's own field for numbers would hide what it cannot read, and what the
// model takes for missing. Below each field stands what the training data have, or what is odd about the text.
import { numberOf, textFor, textOf, toDays } from "./columns.js";

const FEW = 12; // values of a category that make a list to choose from; more are typed
const DAY = 86400 * 1000; // milliseconds

/** Makes the field of a column: { element, get, set }. `number` tells it from the others. */
export function makeField(column, number) {
  const id = `field-${number}`;
  const made = KINDS[kindOf(column)](column, id);
  const { control, more = [], get = () => control.value, set = (text) => (control.value = text) } = made;
  const note = create("small", { id: `${id}-note` });
  control.id = id;
  control.setAttribute("aria-describedby", note.id);
  const check = () => {
    const odd = oddity(column, textFor(column, get()));
    note.textContent = odd || usual(column);
    note.classList.toggle("odd", Boolean(odd));
  };
  const label = create("label", { htmlFor: id, textContent: column.name });
  const element = create("div", { className: "field" });
  element.append(label, control, note, ...more);
  control.addEventListener("input", check);
  check();
  return {
    element,
    get,
    set: (text) => {
      set(text);
      check();
    },
  };
}

const kindOf = ({ kind, values }) => (kind === "category" && values.length <= FEW ? "choice" : kind);

const KINDS = {
  number({ median, low, decimal }) {
    const inputMode = low < 0 ? "text" : "decimal"; // keyboards for decimals may lack a minus
    return { control: create("input", { inputMode, autocomplete: "off", placeholder: shown(median, decimal) }) };
  },
  date({ format }) {
    const type = format.includes("%H") ? "datetime-local" : "date";
    const control = create("input", { type, min: "0001-01-01", max: "9999-12-31" });
    if (format.includes("%H")) Object.assign(control, { min: "0001-01-01T00:00", max: "9999-12-31T23:59:59" });
    if (format.includes("%S")) control.step = 1;
    return {
      control,
      get: () => written(control.value, format),
      set: (text) => (control.value = isoOf(toDays(textOf(text), format), format)),
    };
  },
  choice({ values }) {
    const control = create("select");
    control.append(new Option("other or unknown", ""), ...values.map((value) => new Option(value, value)));
    return { control, set: (text) => (control.value = values.includes(textOf(text)) ? textOf(text) : "") };
  },
  category({ values }, id) {
    const list = create("datalist", { id: `${id}-values` });
    list.append(...values.map((value) => new Option(value, value)));
    const control = create("input", { autocomplete: "off", placeholder: "unknown" });
    control.setAttribute("list", list.id);
    return { control, more: [list] };
  },
};

/** Says what is odd about a text; "" where nothing is. */
function oddity(column, text) {
  if (!text) return "";
  if (column.kind === "category") {
    return column.values.includes(text) ? "" : "not in the training data: counts as unknown";
  }
  const number = numberOf(column, text);
  if (Number.isNaN(number)) {
    const wanted = column.kind === "date" ? "date" : `number such as 1${column.decimal}5`;
    return `not a ${wanted}: counts as missing`;
  }
  const { low, high } = column;
  return number < low || number > high ? `beyond the training data: ${usual(column)}` : "";
}

/** Says what the training data have. */
function usual(column) {
  if (column.kind === "category") return column.values.length > FEW ? `${column.values.length} known values` : "";
  const ends = [column.low, column.high];
  const texts = column.kind === "date"
    ? ends.map((days) => written(isoOf(days, column.format), column.format))
    : ends.map((end) => shown(end, column.decimal));
  return texts.join(" to ");
}

const shown = (number, decimal) => String(Number(number.toPrecision(6))).replace(".", decimal);

/** Days since 1970 as a field for dates has them; "" where there are none. */
function isoOf(days, format) {
  if (Number.isNaN(days)) return "";
  const text = new Date(Math.round(days * DAY)).toISOString();
  return text.slice(0, format.includes("%S") ? 19 : format.includes("%H") ? 16 : 10);
}

/** What a field for dates has, in a column's format. */
function written(value, format) {
  if (!value) return "";
  const [year, month, day, hour, minute, second = "00"] = value.split(/[-T:]/);
  const parts = { "%Y": year, "%m": month, "%d": day, "%H": hour, "%M": minute, "%S": second.slice(0, 2) };
  return format.replace(/%\w/g, (code) => parts[code]);
}

const create = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
