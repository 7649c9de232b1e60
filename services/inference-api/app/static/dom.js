// Small helpers to build the document. Text is always set as text, never as markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Writes rows of [term, text, title] into a <dl>, and leaves it alone if nothing has changed.
export function definitions(list, rows) {
  const key = JSON.stringify(rows);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...rows.flatMap(([term, text, title]) => [element("dt", {}, term), element("dd", { title: title ?? "" }, text)]),
  );
}

export function number(value, digits = 3) {
  if (typeof value !== "number") return "–";
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(digits)));
}

export function ago(seconds) {
  if (!seconds) return "never";
  const past = Math.max(0, Date.now() / 1000 - seconds);
  if (past < 60) return `${Math.floor(past)} s ago`;
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  if (past < 86400) return `${Math.floor(past / 3600)} h ago`;
  return `${Math.floor(past / 86400)} days ago`;
}

// Labelled bars on one scale, from [name, value] pairs.
export function bars(pairs, scale) {
  return element("div", { className: "bars" }, ...pairs.map(([name, value]) => bar(name, value, scale)));
}

function bar(name, value, { max, low, high, optimum }) {
  return element(
    "div",
    { className: "bar" },
    element("span", { title: name }, name),
    element("meter", { min: 0, max, value, "aria-label": name, low, high, optimum }),
    element("span", {}, number(value)),
  );
}
