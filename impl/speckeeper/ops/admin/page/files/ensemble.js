// All servers in a table, and how latencies and traffic went since the page was opened.

import { ask } from "./ask.js";
import { build, number, replace, shown } from "./build.js";
import { plots } from "./plots.js";

const by = (id) => document.getElementById(id);
let paused = false;

const text = (value) => (value === null ? "\u2013" : shown(String(value)));
const mean = (sum, count) => (count ? `${(sum / count).toFixed(2)}` : "\u2013");

const COLUMNS = [
  ["Server", (s) => String(s.id)],
  ["Role", (s) => text(s.role ?? "no answer")],
  ["State", (s) => text(s.state)],
  // Accepted and current; of others than SpecKeeper only the zxid tells.
  ["Epochs", (s) => `${number(s.accepted_epoch)} / ${number(s.current_epoch ?? epoch(s.zxid))}`, true],
  ["Zxid", (s) => text(s.zxid), true],
  ["Lag", lag, true],
  ["Sessions", (s) => number(s.sessions), true],
  ["Connections", (s) => number(s.connections), true],
  ["Watches", (s) => number(s.watches), true],
  ["Nodes", (s) => number(s.nodes), true],
  ["Outstanding", (s) => number(s.outstanding), true],
  ["Reads ms", (s) => mean(s.reads_ms, s.reads), true],
  ["Writes ms", (s) => mean(s.writes_ms, s.writes), true],
  ["Up", (s) => duration(s.uptime_ms), true],
  ["Clients", (s) => text(s.address)],
  ["Version", (s) => text(s.version === null ? null : s.version.split(",")[0])],
];

function epoch(zxid) {
  if (zxid === null || !/^0x[0-9a-f]{1,16}$/.test(zxid)) return null;
  return Number(BigInt(zxid) >> 32n);
}

function lag(server) {
  if (server.lag !== null) return number(server.lag);
  return server.zxid !== null && server.leads_nobody ? "an epoch behind" : "\u2013";
}

function duration(ms) {
  if (ms === null) return "\u2013";
  const seconds = Math.floor(ms / 1000);
  const units = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  const [size, unit] = units.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}

function row(server, own) {
  const classes = [server.id === own ? "own" : "", server.role === "leader" ? "leader" : ""];
  const cells = COLUMNS.map(([name, show, right]) =>
    build("td", { class: right ? "number" : null, "data-name": name }, show(server)));
  const rows = [build("tr", { class: classes.join(" "), "data-id": server.id }, ...cells)];
  if (server.error !== null) {
    rows.push(build("tr", {}, build("td", { colspan: COLUMNS.length, class: "bad" }, text(server.error))));
  }
  return rows;
}

async function turn() {
  if (paused) return;
  const view = await ask("ensemble");
  const leads = view.servers.some((s) => s.role === "leader" && s.zxid !== null);
  for (const server of view.servers) server.leads_nobody = leads && server.error === null;
  const heads = COLUMNS.map(([name, , right]) => build("th", { scope: "col", class: right ? "number" : null }, name));
  replace(document.querySelector("#servers thead"), build("tr", {}, ...heads));
  replace(document.querySelector("#servers tbody"), ...view.servers.flatMap((s) => row(s, view.own)));
  by("asked").textContent = `As of ${new Date(view.asked_ms).toLocaleTimeString()}.`;
  by("to-tree").hidden = view.level === "ensemble";
  plots.take(view);
  replace(by("plots"), ...plots.draw());
}

by("pause").addEventListener("click", () => {
  paused = !paused;
  by("pause").setAttribute("aria-pressed", String(paused));
  by("pause").textContent = paused ? "Go on" : "Pause";
});

export const ensemble = { show: turn, turn };
