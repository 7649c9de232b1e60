// A tensor of h x w numbers that can be painted with a pointer or the keyboard. The numbers stay in a textarea beside it.

import { element } from "./dom.js";

// The sides of a drawing for a tensor whose row has this shape, or null if it is no picture.
export function sides(shape, example) {
  const flat = Array.isArray(example) ? example.flat(Infinity) : [];
  if (!flat.length || flat.some((value) => typeof value !== "number")) return null;
  const dimensions = shape.filter((size) => size !== 1);
  if (dimensions.length === 2 && Math.max(...dimensions) <= 32 && Math.min(...dimensions) > 1) return dimensions;
  const side = Math.sqrt(dimensions[0]);
  return dimensions.length === 1 && Number.isInteger(side) && side > 2 && side <= 32 ? [side, side] : null;
}

function reshape(flat, shape) {
  if (shape.length <= 1) return flat;
  const step = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => reshape(flat.slice(i * step, (i + 1) * step), shape.slice(1)));
}

export function drawing(id, label, shape, [rows, columns], example, textarea) {
  const SCALE = 28;
  const canvas = element("canvas", {
    width: columns * SCALE,
    height: rows * SCALE,
    tabIndex: 0,
    role: "application",
    "aria-label": `${label}: a drawing of ${rows} by ${columns}. Arrow keys move, space paints, delete clears a cell.`,
  });
  const brush = Math.max(...example.flat(Infinity), 1e-9);
  let cells = example.flat(Infinity);
  let cursor = [0, 0];
  let painting = null;

  function draw() {
    const style = getComputedStyle(canvas);
    const context = canvas.getContext("2d");
    context.globalAlpha = 1;
    context.fillStyle = style.getPropertyValue("--ground");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = style.getPropertyValue("--text");
    cells.forEach((value, i) => {
      context.globalAlpha = Math.min(1, Math.max(0, value / brush));
      context.fillRect((i % columns) * SCALE, Math.floor(i / columns) * SCALE, SCALE, SCALE);
    });
    context.globalAlpha = 1;
    if (document.activeElement === canvas) {
      context.strokeStyle = style.getPropertyValue("--accent");
      context.lineWidth = 3;
      context.strokeRect(cursor[1] * SCALE + 1.5, cursor[0] * SCALE + 1.5, SCALE - 3, SCALE - 3);
    }
  }

  function set([row, column], value) {
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    cells[row * columns + column] = value;
    textarea.value = JSON.stringify(reshape(cells, shape));
    draw();
  }

  function cell(event) {
    const box = canvas.getBoundingClientRect();
    return [
      Math.floor(((event.clientY - box.top) / box.height) * rows),
      Math.floor(((event.clientX - box.left) / box.width) * columns),
    ];
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    cursor = cell(event);
    painting = cells[cursor[0] * columns + cursor[1]] > brush / 2 ? 0 : brush;
    set(cursor, painting);
  });
  canvas.addEventListener("pointermove", (event) => painting !== null && set(cell(event), painting));
  canvas.addEventListener("pointerup", () => (painting = null));
  canvas.addEventListener("pointercancel", () => (painting = null));
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = moves[event.key];
    if (move) {
      cursor = [(cursor[0] + move[0] + rows) % rows, (cursor[1] + move[1] + columns) % columns];
      draw();
    } else if (event.key === " ") {
      set(cursor, cells[cursor[0] * columns + cursor[1]] > brush / 2 ? 0 : brush);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      set(cursor, 0);
    } else return;
    event.preventDefault();
  });
  textarea.addEventListener("input", () => {
    try {
      const flat = JSON.parse(textarea.value).flat(Infinity);
      if (flat.length === rows * columns && flat.every((value) => typeof value === "number")) {
        cells = flat;
        draw();
      }
    } catch {
      // Half-typed JSON: the service will say what is wrong with it.
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  requestAnimationFrame(draw);

  const blank = element("button", { type: "button" }, "Blank");
  blank.addEventListener("click", () => {
    cells = cells.map(() => 0);
    set([0, 0], 0);
  });
  return element("div", {}, element("div", { className: "drawing" }, canvas, textarea), element("p", {}, blank));
}
