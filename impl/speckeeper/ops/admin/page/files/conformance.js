// How the trace that is being followed stands, as the follower tells it.

import { ask } from "./ask.js";
import { build, number, replace, shown } from "./build.js";

const GOOD = ["conforms", "conforms so far"];

async function turn() {
  const answer = await ask("conformance");
  const place = document.getElementById("state");
  if (answer.state === null) {
    replace(place, build("p", { class: "note" }, shown(answer.why)));
    return;
  }
  const { verdict, ...rest } = answer.state;
  const told = verdict === undefined ? "no verdict" : shown(String(verdict));
  const parts = Object.entries(rest).flatMap(([name, value]) => [
    build("dt", {}, shown(name)),
    build("dd", {}, shape(value)),
  ]);
  replace(place,
    build("p", { class: `verdict ${GOOD.includes(told.toLowerCase()) ? "good" : "bad"}`, id: "verdict" }, told),
    build("p", { class: "note" }, `Told ${number(answer.age_s)} s ago`),
    build("dl", {}, ...parts));
}

function shape(value) {
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return shown(value);
  return build("pre", {}, JSON.stringify(value, null, 2));
}

export const conformance = { show: turn, turn };
