// Dates and times, and their places on a grid: the same as times.py. A time is whole seconds since 1970, or a whole
// number of steps.

const DAY = 86400;
const SECONDS = {
  "1_minute": 60,
  "5_minutes": 300,
  "10_minutes": 600,
  "15_minutes": 900,
  "30_minutes": 1800,
  hourly: 3600,
  daily: DAY,
  weekly: 7 * DAY,
  steps: 1,
};
const MONTHS = { monthly: 1, quarterly: 3, yearly: 12 };

const CLOCK = "([T ]+(?<hour>\\d{1,2}):(?<minute>\\d\\d)(:(?<second>\\d\\d)([.,]\\d+)?)?)?";
const ZONE = "( ?(?<zone>Z|UTC|[+-]\\d\\d:?\\d\\d))?";
const YEAR = "(?<year>[1-4]\\d{3})";
const MONTH = "(?<month>\\d{1,2})";
const DATE = "(?<day>\\d{1,2})";
// Where several fit all texts, the first one counts.
const FORMS = {
  "year-month-day": `${YEAR}[-/]${MONTH}([-/]${DATE}${CLOCK}${ZONE})?`,
  quarter: `${YEAR}[- ]?[Qq](?<quarter>[1-4])`,
  "day.month.year": `${DATE}\\.${MONTH}\\.${YEAR}${CLOCK}${ZONE}`,
  "month/day/year": `${MONTH}/${DATE}/${YEAR}${CLOCK}${ZONE}`,
  "day/month/year": `${DATE}[/-]${MONTH}[/-]${YEAR}${CLOCK}${ZONE}`,
  year: YEAR,
  yearmonthday: "(?<year>[1-4]\\d{3})(?<month>\\d\\d)(?<day>\\d\\d)",
  step: "(?<step>-?\\d{1,9})(\\.0+)?",
};
const PATTERNS = Object.fromEntries(Object.entries(FORMS).map(([name, form]) => [name, new RegExp(`^(?:${form})$`)]));

/** Reads a time: [local seconds, seconds ahead of UTC]; null where it is none. */
export function parseTime(text, form) {
  const found = PATTERNS[form].exec(text);
  if (!found) return null;
  const parts = found.groups;
  if (parts.step !== undefined) return [Number(parts.step), 0];
  const { year, hour = 0, minute = 0, second = 0, zone = "" } = parts;
  const month = parts.quarter ? 3 * parts.quarter - 2 : Number(parts.month ?? 1);
  const day = Number(parts.day ?? 1);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const exists = month >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() >= 1;
  if (!exists || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  let ahead = 0;
  if (/^[+-]/.test(zone)) {
    const digits = zone.slice(1).replace(":", "");
    ahead = (3600 * digits.slice(0, 2) + 60 * digits.slice(2)) * (zone[0] === "-" ? -1 : 1);
  }
  return [date.getTime() / 1000, ahead];
}

/** Tells in which form texts are; an error with one that is in no form of the others. */
export function findForm(texts, preferred) {
  const different = [...new Set(texts)];
  const order = [...(preferred in PATTERNS ? [preferred] : []), ...Object.keys(PATTERNS)];
  let best = order[0];
  let most = -1;
  for (const form of order) {
    const fits = different.filter((text) => parseTime(text, form)).length;
    if (fits > most) [best, most] = [form, fits];
  }
  if (most < different.length) {
    const bad = different.find((text) => !parseTime(text, best));
    const why = most ? `the others are ${best}` : "no date, time or number of a step";
    throw new Error(`“${bad.slice(0, 40)}” cannot be read as a time; ${why}`);
  }
  return best;
}

export function toTimes(texts, form, frequency) {
  return texts.map((text) => {
    const [local, ahead] = parseTime(text, form);
    return isClock(frequency) ? local - ahead : local;
  });
}

const isClock = (frequency) => frequency in SECONDS && SECONDS[frequency] > 1 && SECONDS[frequency] < DAY;

const monthsOf = (date) => 12 * date.getUTCFullYear() + date.getUTCMonth();

/** Returns the nearest place on the grid of a frequency; `phase` is a time that lies on it. */
export function placeOf(time, frequency, phase) {
  if (frequency in SECONDS) {
    const step = SECONDS[frequency];
    return Math.floor((time - phase + Math.floor(step / 2)) / step) + Math.floor(phase / step);
  }
  return Math.floor(monthsOf(new Date(1000 * time)) / MONTHS[frequency]);
}

/** Returns the time some steps later; the last day of a month is followed by last days. */
export function later(time, steps, frequency) {
  if (frequency in SECONDS) return time + steps * SECONDS[frequency];
  const date = new Date(1000 * time);
  const daysIn = (months) => new Date(Date.UTC(Math.floor(months / 12), (months % 12) + 1, 0)).getUTCDate();
  const last = date.getUTCDate() === daysIn(monthsOf(date));
  const months = monthsOf(date) + steps * MONTHS[frequency];
  const day = last ? daysIn(months) : Math.min(date.getUTCDate(), daysIn(months));
  const clock = time - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) / 1000;
  return Date.UTC(Math.floor(months / 12), months % 12, day) / 1000 + clock;
}

/** Writes a time as answers have it: a date, or a time in UTC where hours count. */
export function writeTime(time, frequency) {
  if (frequency === "steps") return String(time);
  const text = new Date(1000 * time).toISOString();
  return isClock(frequency) ? `${text.slice(0, 19)}Z` : text.slice(0, 10);
}
