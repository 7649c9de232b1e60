// The form, built from the signature. A wide model gets one field of JSON in place of hundreds.

import { byId, element } from "./dom.js";
import { drawing, sides } from "./drawing.js";

const MOST_FIELDS = 40;
const RECORD = "record";
const NUMBERS = ["integer", "long", "float", "double"];

let current = null;
let readers = new Map();

function select(id, field) {
  const values = field.type === "boolean" ? ["true", "false"] : [...field.options];
  const example = field.example === null || field.example === undefined ? null : String(field.example);
  if (example !== null && !values.includes(example)) values.unshift(example);
  const options = values.map((value) => element("option", { value, selected: value === example }, value || "(empty)"));
  if (!field.required) options.unshift(element("option", { value: "\u0000", selected: example === null }, "(missing)"));
  const control = element("select", { id, name: field.name }, ...options);
  const read = () => {
    if (control.value === "\u0000") return null;
    return field.type === "boolean" ? control.value === "true" : control.value;
  };
  return { control, read };
}

function text(id, field) {
  const isNumber = NUMBERS.includes(field.type);
  const whole = field.type === "integer" || field.type === "long";
  const control = element("input", {
    id,
    name: field.name,
    type: isNumber ? "number" : "text",
    step: isNumber ? (whole ? "1" : "any") : null,
    value: field.example ?? "",
    autocomplete: "off",
  });
  const read = () => {
    if (!isNumber) return control.value;
    return control.value === "" ? null : Number(control.value);
  };
  return { control, read };
}

function json(id, name, example) {
  const control = element("textarea", { id, name, spellcheck: false });
  control.value = JSON.stringify(example);
  return { control, read: () => JSON.parse(control.value) };
}

function tensor(id, field) {
  const made = json(id, field.name, field.example);
  const size = sides(field.shape, field.example);
  if (!size) return { ...made, wide: true };
  const shown = drawing(id, field.name, field.shape, size, field.example, made.control);
  return { ...made, shown, wide: true };
}

function field(description, index) {
  const id = `field-${index}`;
  let made;
  if (description.type === "tensor") made = tensor(id, description);
  else if (description.type === RECORD) made = { ...json(id, "record", description.example), wide: true };
  else if (description.type === "boolean" || description.options?.length) made = select(id, description);
  else made = text(id, description);
  made.control.setAttribute("aria-describedby", `${id}-wrong`);
  const shape = description.shape?.length ? ` [${description.shape.join(", ")}]` : "";
  const hint = `${description.type}${shape}${description.required ? "" : ", optional"}`;
  readers.set(description.name, made);
  return element(
    "div",
    { className: made.wide ? "field wide" : "field" },
    element("label", { htmlFor: id }, description.name, " ", element("span", {}, hint)),
    made.shown ?? made.control,
    element("p", { id: `${id}-wrong`, className: "wrong", hidden: true }),
  );
}

// Builds the form anew. `form` is the content of /form.
export function build(form) {
  current = form;
  readers = new Map();
  const wide = form.layout !== "tensors" && form.fields.length > MOST_FIELDS;
  const example = Object.fromEntries(form.fields.map((one) => [one.name, one.example ?? null]));
  const described = wide ? [{ name: RECORD, type: RECORD, required: true, example }] : form.fields;
  byId("fields").replaceChildren(...described.map(field));
  byId("predict").disabled = byId("reset").disabled = false;
}

export function reset() {
  if (current) build(current);
}

// Returns the body of /invocations. Throws Refused-like faults for JSON that cannot be read: {pointer, reason}.
export function body() {
  const values = {};
  for (const [name, { read }] of readers) {
    try {
      values[name] = read();
    } catch {
      throw new FieldError(name, "is not JSON");
    }
  }
  if (readers.has(RECORD) && current.layout !== "tensors") return { dataframe_records: [values[RECORD]] };
  if (current.layout !== "tensors") return { dataframe_records: [values] };
  return { inputs: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]])) };
}

export class FieldError extends Error {
  constructor(name, reason) {
    super(`${name}: ${reason}`);
    this.errors = [{ pointer: `/0/${name}`, reason }];
  }
}

const unescape = (part) => part.replaceAll("~1", "/").replaceAll("~0", "~");

// Puts each fault beside its field; returns those that belong to none.
export function mark(errors) {
  const left = [];
  for (const { control } of readers.values()) {
    control.removeAttribute("aria-invalid");
    byId(`${control.id}-wrong`).hidden = true;
  }
  for (const error of errors) {
    const named = error.pointer.split("/").map(unescape).find((part) => readers.has(part));
    if (!named) {
      left.push(error);
      continue;
    }
    const { control } = readers.get(named);
    control.setAttribute("aria-invalid", "true");
    const note = byId(`${control.id}-wrong`);
    note.textContent = error.reason;
    note.hidden = false;
  }
  return left;
}
