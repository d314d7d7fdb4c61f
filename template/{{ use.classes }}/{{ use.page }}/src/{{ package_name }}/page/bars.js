// A bar for each class, in a list of the form <ol class="bars">; bars.css has their looks.
const FEW = 12; // classes that keep their order; more are sorted by probability

export const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** Shows the classes' bars in a list; without probabilities, their names alone. Returns the number of the best one. */
export function showBars(list, labels, probabilities) {
  const many = labels.length > FEW;
  list.classList.toggle("many", many);
  if (many) list.tabIndex = 0; // it scrolls
  const best = probabilities.indexOf(Math.max(...probabilities));
  const rows = labels.map((name, number) => ({ name, number, p: probabilities[number] }));
  if (many && best >= 0) rows.sort((a, b) => b.p - a.p);
  list.replaceChildren(...rows.map((row) => bar(row, row.number === best)));
  return best;
}

function bar({ name, p }, isBest) {
  const row = document.createElement("li");
  row.classList.toggle("best", isBest);
  row.style.setProperty("--p", p ?? 0);
  for (const [kind, text] of [["name", name], ["bar", ""], ["value", p === undefined ? "" : percent.format(p)]]) {
    row.append(Object.assign(document.createElement("span"), { className: kind, textContent: text }));
  }
  return row;
}
