// The tree: loaded as it is opened, moved about in with the arrow keys, searched by name.

import { ask } from "./ask.js";
import { build, number, replace, shown } from "./build.js";
import { showNode } from "./node.js";

const by = (id) => document.getElementById(id);
let current = "/";
let attempt = (action) => action();

const below = (path, name) => (path === "/" ? `/${name}` : `${path}/${name}`);
const hash = (path) => `#tree:${encodeURIComponent(path)}`;

async function show(path, attemptOf) {
  if (attemptOf) attempt = attemptOf;
  current = path.startsWith("/") ? path : "/";
  by("below").textContent = shown(current);
  const node = await ask("node", { path: current });
  const root = by("nodes").querySelector("[role=treeitem]") ?? plant();
  await open(root);
  let item = root;
  let at = "";
  for (const name of current === "/" ? [] : current.slice(1).split("/")) {
    at = `${at}/${name}`;
    await open(item);
    const found = child(item, at);
    if (found === undefined) break; // beyond the children that are listed
    item = found;
  }
  if (item.dataset.path === current) {
    refresh(item, node);
    if (node.total) await open(item);
    select(item);
  }
  showNode(by("node"), node, { attempt, gone, changed });
}

function plant() {
  const root = leaf("/", "/", 1);
  root.tabIndex = 0;
  replace(by("nodes"), root);
  return root;
}

function leaf(path, name, children) {
  const count = children && path !== "/" ? build("span", { class: "count" }, ` ${number(children)}`) : "";
  const row = build("span", { class: "row" }, build("span", { class: "name" }, shown(name)), count);
  const item = build("li", { role: "treeitem", "aria-selected": "false" }, row);
  item.dataset.path = path;
  item.tabIndex = -1;
  if (children) item.setAttribute("aria-expanded", "false");
  return item;
}

const items = (item) => [...(item.querySelector(":scope > ul")?.children ?? [])].filter((e) => e.dataset.path !== undefined);
const child = (item, path) => items(item).find((each) => each.dataset.path === path);

async function open(item) {
  if (item.getAttribute("aria-expanded") === "true") return;
  const node = await ask("node", { path: item.dataset.path });
  item.setAttribute("aria-expanded", "true");
  item.querySelector(":scope > ul")?.remove();
  const list = build("ul", { role: "group" });
  item.append(list);
  add(list, node);
}

function add(list, node) {
  for (const [name, children] of node.children) list.append(leaf(below(node.path, name), name, children));
  const known = node.offset + node.children.length;
  if (known >= node.total) return;
  const more = build("button", {
    type: "button",
    click: () => attempt(async () => {
      const next = await ask("node", { path: node.path, offset: known });
      more.parentElement.remove();
      add(list, next);
    }),
  }, `${number(node.total - known)} more`);
  list.append(build("li", { role: "none" }, more));
}

function close(item) {
  if (item.hasAttribute("aria-expanded")) item.setAttribute("aria-expanded", "false");
  item.querySelector(":scope > ul")?.remove();
}

// A node may have got its first child, or lost its last one, since it was listed.
function refresh(item, node) {
  if (node.total && !item.hasAttribute("aria-expanded")) item.setAttribute("aria-expanded", "false");
  if (!node.total && item !== by("nodes").firstElementChild) {
    close(item);
    item.removeAttribute("aria-expanded");
  }
}

function select(item) {
  for (const each of by("nodes").querySelectorAll("[role=treeitem]")) {
    each.setAttribute("aria-selected", String(each === item));
    each.tabIndex = each === item ? 0 : -1;
  }
  item.querySelector(".row").scrollIntoView({ block: "nearest" });
}

// After a change: what is listed below a node is asked for again.
async function changed(path) {
  const item = [...by("nodes").querySelectorAll("[role=treeitem]")].find((e) => e.dataset.path === path);
  if (item !== undefined) {
    close(item);
    item.setAttribute("aria-expanded", "false");
  }
  await show(path);
}

async function gone(path) {
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  history.replaceState(null, "", hash(parent));
  await changed(parent);
}

by("nodes").addEventListener("click", (event) => {
  const item = event.target.closest("[role=treeitem]");
  if (item === null || event.target.closest("button") !== null) return;
  const again = item.dataset.path === current;
  if (again && item.getAttribute("aria-expanded") === "true") close(item);
  else if (again && item.hasAttribute("aria-expanded")) attempt(() => open(item));
  else location.hash = hash(item.dataset.path);
  focus(item);
});

function focus(item) {
  for (const each of by("nodes").querySelectorAll("[tabindex='0']")) each.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

by("nodes").addEventListener("keydown", (event) => {
  const item = event.target.closest("[role=treeitem]");
  if (item === null || event.target.tagName === "BUTTON") return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const all = [...by("nodes").querySelectorAll("[role=treeitem]")];
  const place = all.indexOf(item);
  const isOpen = item.getAttribute("aria-expanded") === "true";
  const steps = {
    ArrowDown: () => all[place + 1] && focus(all[place + 1]),
    ArrowUp: () => all[place - 1] && focus(all[place - 1]),
    Home: () => focus(all[0]),
    End: () => focus(all.at(-1)),
    ArrowRight: () => {
      if (isOpen) return items(item)[0] && focus(items(item)[0]);
      return item.hasAttribute("aria-expanded") && attempt(() => open(item));
    },
    ArrowLeft: () => {
      if (isOpen) return close(item);
      const parent = item.parentElement.closest("[role=treeitem]");
      return parent && focus(parent);
    },
    Enter: () => { location.hash = hash(item.dataset.path); },
  };
  if (!(event.key in steps)) return;
  event.preventDefault();
  steps[event.key]();
});

by("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = by("wanted").value;
  if (text) attempt(() => find(text));
});

async function find(text) {
  const found = await ask("search", { under: current, text });
  const lines = found.hits.map((path) =>
    build("li", {}, build("a", { href: hash(path), class: "path" }, shown(path))));
  const told = found.complete ? `${found.hits.length} found` : `${found.hits.length} found, not all: ${number(found.visited)} nodes were looked at`;
  replace(by("hits"), build("li", { class: "note" }, told), ...lines);
  by("hits").hidden = false;
  by("hits").querySelector("a")?.focus();
}

export const tree = { show };
