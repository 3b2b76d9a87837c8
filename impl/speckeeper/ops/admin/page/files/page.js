// The frame: which view is shown, who has signed in, what went wrong.

import { ask, signIn } from "./ask.js";
import { shown } from "./build.js";
import { conformance } from "./conformance.js";
import { ensemble } from "./ensemble.js";
import { tree } from "./tree.js";

const EVERY_MS = 2000;
const by = (id) => document.getElementById(id);
const views = { ensemble, tree, conformance };
const names = Object.keys(views);

function problem(error) {
  const place = by("problem");
  place.hidden = error === null;
  place.textContent = error === null ? "" : shown(error.message);
}

async function attempt(action) {
  try {
    await action();
    problem(null);
  } catch (error) {
    problem(error);
  }
}

function wanted() {
  const [name, ...rest] = location.hash.slice(1).split(":");
  return [names.includes(name) ? name : "ensemble", rest.join(":")];
}

function show() {
  const [current, rest] = wanted();
  for (const name of names) {
    by(name).hidden = name !== current;
    const link = by(`to-${name}`);
    if (name === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let path = rest;
  try {
    path = decodeURIComponent(rest);
  } catch {
    // a hash that somebody typed
  }
  attempt(() => views[current].show(path, attempt));
}

async function turn() {
  const [current] = wanted();
  if (document.visibilityState === "visible" && views[current].turn) {
    await attempt(() => views[current].turn());
  }
  setTimeout(turn, EVERY_MS);
}

by("sign").addEventListener("submit", (event) => {
  event.preventDefault();
  const user = by("user").value;
  if (!user) return;
  signIn(`${user}:${by("password").value}`);
  by("password").value = "";
  signed(`Signed in as ${shown(user)}`, true);
});

by("sign-out").addEventListener("click", () => {
  signIn(null);
  signed("Nobody has signed in", false);
});

function signed(text, somebody) {
  by("who").textContent = text;
  by("sign-out").hidden = !somebody;
  show();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  const place = Number(event.key);
  if (place >= 1 && place <= names.length) {
    by(`to-${names[place - 1]}`).click();
    event.preventDefault();
  } else if (event.key === "/") {
    if (by("tree").hidden) by("to-tree").click();
    by("tree").hidden = false;
    by("wanted").focus();
    event.preventDefault();
  }
});

addEventListener("hashchange", show);
show();
attempt(async () => {
  const own = await ask("self");
  by("own").textContent = own.role === "standalone" ? "standalone" : `server ${own.server_id}`;
});
setTimeout(turn, EVERY_MS);
