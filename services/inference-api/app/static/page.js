// The page: asks for /status every two seconds, and for /form when the version has changed.

import { call, Refused, useKey } from "./api.js";
import { ago, bars, byId, definitions, element, number } from "./dom.js";
import { body, build, FieldError, mark, reset } from "./form.js";

const EVERY_MILLISECONDS = 2000;
let shownVersion = null;

function pill(text, tone) {
  const state = byId("state");
  if (state.textContent !== text) state.textContent = text;
  state.className = `pill ${tone}`;
}

function notice(text) {
  const shown = byId("notice");
  if (shown.textContent !== text) shown.textContent = text;
  shown.hidden = !text;
}

function followed(role) {
  const rows = [];
  if (role.failed_version) rows.push([`version ${role.failed_version}`, `refused: ${role.failed_reason}`, role.failed_message]);
  if (role.registry_silent) rows.push(["registry", `silent since ${ago(role.last_answer)}`, role.registry_error]);
  // No challenger is the usual case; a champion that serves without its alias is not.
  else if (role.registry_error && role.role === "champion") rows.push(["alias", "not there", role.registry_error]);
  if (role.from_cache) rows.push(["loaded", "from the cache"]);
  return rows;
}

function showServing(champion) {
  const info = champion.info;
  byId("version").textContent = info ? info.version : "–";
  byId("alias").textContent = champion.alias;
  if (!info) {
    definitions(byId("serving"), followed(champion));
    return;
  }
  byId("name").textContent = info.name;
  document.title = `${info.name} ${info.version} – inference-api`;
  const rows = [
    ["since", ago(champion.since), new Date(champion.since * 1000).toISOString()],
    ["run", info.run_id.slice(0, 8), info.run_id],
    ["digest", info.digest.slice(0, 12), info.digest],
    ["runs on", info.provider.replace("ExecutionProvider", "")],
  ];
  if (info.month) rows.push(["decided by", info.month]);
  definitions(byId("serving"), [...rows, ...followed(champion)]);
}

function showTraffic({ latency, queue }) {
  byId("rate").textContent = number(latency.per_second);
  const milliseconds = (value) => (value === null ? "–" : `${number(value)} ms`);
  definitions(byId("traffic"), [
    ["p50", milliseconds(latency.p50_ms)],
    ["p95", milliseconds(latency.p95_ms)],
    ["rows in the queue", `${queue.rows} of ${queue.limit}`],
  ]);
}

function showMetrics(metrics) {
  const rows = Object.entries(metrics).slice(0, 8).map(([name, value]) => [name.replaceAll("_", " "), number(value, 4)]);
  definitions(byId("metrics"), rows.length ? rows : [["none", "the version has no tag mlops.evaluation"]]);
}

function showChallenger(challenger, shadow) {
  if (!challenger) {
    definitions(byId("challenger"), [["none", "not followed"]]);
    return;
  }
  const rows = [["version", challenger.info ? challenger.info.version : "none at the moment"]];
  const { true: same = 0, false: other = 0 } = shadow;
  if (challenger.info) rows.push(["since", ago(challenger.since)]);
  if (challenger.info && same + other > 0) {
    rows.push(["decides as the champion", `${number((100 * same) / (same + other))} % of ${number(same + other)} rows`]);
  }
  definitions(byId("challenger"), [...rows, ...followed(challenger)]);
}

function showDrift(drift) {
  const shown = byId("drift");
  const key = JSON.stringify(drift);
  if (shown.dataset.key === key) return;
  shown.dataset.key = key;
  if (!drift.length) {
    shown.replaceChildren(element("p", { className: "quiet" }, "Not enough rows yet."));
    return;
  }
  const scale = { max: 0.5, low: 0.1, high: 0.2, optimum: 0 };
  const name = (one) => (one.side === "output" ? `${one.name} (answer)` : one.name);
  shown.replaceChildren(bars(drift.slice(0, 25).map((one) => [name(one), one.psi]), scale));
}

async function refresh() {
  try {
    const { content } = await call("/status");
    byId("key-form").hidden = true;
    if (content.draining) pill("draining", "warn");
    else if (content.ready) pill("ready", "good");
    else pill("not ready", "bad");
    notice(content.ready ? "" : content.why_not ?? "");
    showServing(content.champion);
    showTraffic(content);
    showMetrics(content.metrics);
    showChallenger(content.challenger, content.shadow);
    showDrift(content.drift);
    const version = content.champion.info?.version ?? null;
    if (version !== null && version !== shownVersion) {
      build((await call("/form")).content);
      shownVersion = version;
    }
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 401) {
      pill("locked", "warn");
      notice("This service asks for an API key.");
      byId("key-form").hidden = false;
    } else {
      pill("no answer", "bad");
      notice(error instanceof Refused ? error.message : "The service does not answer.");
    }
  }
}

function prediction(value) {
  if (Array.isArray(value) && value.length <= 100 && value.every((one) => typeof one === "number")) {
    const highest = Math.max(...value);
    return [bars(value.map((one, i) => [String(i), one]), { max: Math.max(1, highest) })];
  }
  if (typeof value === "number") {
    const shown = [element("p", { className: "big" }, element("strong", {}, number(value, 4)))];
    if (value >= 0 && value <= 1 && !Number.isInteger(value)) shown.push(element("meter", { min: 0, max: 1, value, "aria-label": "prediction" }));
    return shown;
  }
  if (value === null) return [element("p", { className: "big" }, "not a number")];
  if (typeof value === "string") return [element("p", { className: "big" }, element("strong", {}, value))];
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, one]) => [element("h3", {}, name), ...prediction(one)]);
  }
  return [element("pre", {}, JSON.stringify(value, null, 1))];
}

// Of a tensor answer {name: [rows…]} or a list of rows, the first row.
function firstRow(predictions) {
  if (Array.isArray(predictions)) return predictions[0];
  return Object.fromEntries(Object.entries(predictions).map(([name, rows]) => [name, rows[0]]));
}

function answer(children, failed) {
  const shown = byId("answer");
  shown.className = failed ? "answer failed" : "answer";
  shown.replaceChildren(...children);
  shown.hidden = false;
}

async function predict(event) {
  event.preventDefault();
  byId("predict").disabled = true;
  try {
    const { content, headers, milliseconds } = await call("/invocations", body());
    mark([]);
    const by = `version ${headers.get("x-model-version")}, ${number(milliseconds)} ms, request ${headers.get("x-request-id")}`;
    answer([...prediction(firstRow(content.predictions)), element("p", { className: "quiet" }, by)], false);
  } catch (error) {
    const errors = error instanceof FieldError ? error.errors : error.problem?.errors ?? [];
    const left = mark(errors).map((one) => element("li", {}, `${one.pointer || "the body"}: ${one.reason}`));
    const title = error.problem?.title ?? (errors.length ? "The input does not fit the model" : "The service does not answer");
    const detail = errors.length ? "See the marked fields." : error.message;
    const list = left.length ? [element("ul", {}, ...left)] : [element("p", {}, detail)];
    answer([element("p", { className: "big" }, title), ...list], true);
  } finally {
    byId("predict").disabled = false;
  }
}

byId("try").addEventListener("submit", predict);
byId("reset").addEventListener("click", reset);
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value);
  refresh();
});
// Nobody looks at a hidden tab, and it need not ask.
setInterval(() => document.hidden || refresh(), EVERY_MILLISECONDS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
