// Lines over the last minutes: what happened between one answer and the next, a line a server.

import { build, draw } from "./build.js";

const POINTS = 150;
const WIDTH = 300;
const HEIGHT = 100;
const COLOURS = 7;

const KINDS = [
  ["Reads: mean ms", (now, past) => rate(now.reads_ms, past.reads_ms, now.reads, past.reads)],
  ["Writes: mean ms", (now, past) => rate(now.writes_ms, past.writes_ms, now.writes, past.writes)],
  ["Requests a second", (now, past, s) => (now.received === null || past.received === null || now.received < past.received ? null : (now.received - past.received) / s)],
];

// By server: {past, at, values: one list for each kind}.
const servers = new Map();

function rate(sum, oldSum, count, oldCount) {
  if ([sum, oldSum, count, oldCount].includes(null) || count <= oldCount) return null;
  return Math.max(sum - oldSum, 0) / (count - oldCount);
}

function take(view) {
  for (const server of view.servers) {
    const known = servers.get(server.id);
    if (known === undefined) {
      servers.set(server.id, { past: server, at: view.asked_ms, values: KINDS.map(() => []) });
    } else if (view.asked_ms > known.at) {
      const seconds = (view.asked_ms - known.at) / 1000;
      KINDS.forEach(([, value], i) => {
        known.values[i].push(value(server, known.past, seconds));
        known.values[i].splice(0, known.values[i].length - POINTS);
      });
      known.past = server;
      known.at = view.asked_ms;
    }
  }
}

function plot([title], kind) {
  const lines = [...servers].map(([id, known], i) => [id, known.values[kind], `s${i % COLOURS}`]);
  const all = lines.flatMap(([, values]) => values).filter((v) => v !== null);
  const top = nice(Math.max(...all, 0));
  const y = (v) => HEIGHT - (v / top) * (HEIGHT - 14) - 2;
  const shapes = lines.flatMap(([, values, colour]) => pieces(values).map((piece) => shape(piece, y, colour)));
  const told = lines.map(([id, values]) => `server ${id}: ${spoken(values.at(-1))}`).join(", ");
  return build("figure", {},
    build("figcaption", {}, title),
    draw("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}; ${told}` },
      draw("line", { x1: 0, x2: WIDTH, y1: y(top), y2: y(top) }), ...shapes),
    build("div", { class: "legend note" }, `0 to ${top}; `,
      ...lines.map(([id, , colour]) => build("span", { class: colour }, `\u2501 ${id}`))));
}

function pieces(values) {
  const found = [];
  let open = null;
  values.forEach((value, i) => {
    if (value === null) open = null;
    else if (open === null) found.push((open = [[i, value]]));
    else open.push([i, value]);
  });
  return found.map((piece) => piece.map(([i, value]) => [((i + POINTS - values.length) / (POINTS - 1)) * WIDTH, value]));
}

function shape(piece, y, colour) {
  if (piece.length === 1) return draw("circle", { cx: piece[0][0], cy: y(piece[0][1]), r: 1.5, class: colour });
  const points = piece.map(([x, value]) => `${x.toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return draw("polyline", { points, class: colour });
}

function spoken(value) {
  return value === null || value === undefined ? "nothing" : value.toPrecision(3);
}

// The next of 1, 2, 5 times a power of ten.
function nice(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 5, 10].find((each) => each * power >= most) ?? 10;
  return Number((step * power).toPrecision(1));
}

export const plots = { take, draw: () => KINDS.map(plot) };
