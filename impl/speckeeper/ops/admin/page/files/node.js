// One node: its data, its Stat, its ACL, and what whoever has signed in may do to it.

import { signedIn, tell } from "./ask.js";
import { build, number, replace, shown } from "./build.js";

const PER_LINE = 16;
// Beyond tabs and ends of lines, controls say that this is no text.
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Show a node in a place; `attempt` runs what may fail, `changed` and `gone` follow a change. */
export function showNode(place, node, { attempt, changed, gone }) {
  const bytes = node.data === null ? null : Uint8Array.from(atob(node.data), (c) => c.charCodeAt(0));
  const text = bytes === null ? null : decoded(bytes);
  replace(place,
    build("h2", {}, build("span", { class: "path", id: "path" }, shown(node.path))),
    ...data(node, bytes, text),
    ...edit(node, text, attempt, changed, gone),
    build("h2", {}, "Stat"), stat(node),
    build("h2", {}, "ACL"), acl(node));
}

function decoded(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return NO_TEXT.test(text) ? null : text;
  } catch {
    return null;
  }
}

function data(node, bytes, text) {
  if (bytes === null || bytes.length === 0) return [build("p", { class: "note" }, bytes === null ? "No data (null)" : "No data")];
  const what = `${number(node.size)} bytes${node.cut ? `, the first ${number(bytes.length)} of them` : ""}${text === null ? ", not text" : ""}`;
  return [build("p", { class: "note" }, what), build("pre", { id: "data", tabindex: "0" }, text === null ? hex(bytes) : text)];
}

function hex(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const part = [...bytes.subarray(at, at + PER_LINE)];
    const codes = part.map((b) => b.toString(16).padStart(2, "0")).join(" ");
    const letters = part.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${codes.padEnd(PER_LINE * 3)} ${letters}`);
  }
  return lines.join("\n");
}

function edit(node, text, attempt, changed, gone) {
  const { may } = node;
  if (!may.set && !may.create && !may.delete) {
    return [build("p", { class: "note" }, signedIn() ? "You may not change this node." : "Read-only: nobody has signed in.")];
  }
  const parts = [];
  if (may.set) parts.push(...setting(node, text, attempt, changed));
  if (may.create) parts.push(creating(node, attempt, changed));
  if (may.delete) parts.push(deleting(node, attempt, gone));
  return parts;
}

function setting(node, text, attempt, changed) {
  // A text area has one end of line only, and what is not text cannot be typed.
  const value = node.size === 0 ? "" : text;
  if (node.cut || value === null || value.includes("\r")) return [build("p", { class: "note" }, "This data cannot be edited here.")];
  const area = build("textarea", { id: "new-data", "aria-label": "Data", spellcheck: "false" });
  area.value = value;
  return [build("form", {
    id: "set",
    submit: (event) => {
      event.preventDefault();
      attempt(async () => {
        await tell("node", { op: "set", path: node.path, data: encoded(area.value), version: node.stat.version });
        await changed(node.path);
      });
    },
  }, build("h2", {}, "Change the data"), area, build("button", {}, "Save"))];
}

function creating(node, attempt, changed) {
  const name = build("input", { id: "new-name", autocomplete: "off", spellcheck: "false" });
  const value = build("input", { id: "new-value", autocomplete: "off", spellcheck: "false" });
  return build("form", {
    id: "create",
    submit: (event) => {
      event.preventDefault();
      attempt(async () => {
        const path = `${node.path === "/" ? "" : node.path}/${name.value}`;
        await tell("node", { op: "create", path, data: encoded(value.value) });
        await changed(node.path);
      });
    },
  }, build("h2", {}, "Create a child"), build("label", {}, "Name ", name), " ", build("label", {}, "Data ", value), " ",
  build("button", {}, "Create"), build("p", { class: "note" }, "It is persistent and has the ACL of this node."));
}

function deleting(node, attempt, gone) {
  const sure = build("button", {
    type: "button",
    id: "delete-sure",
    hidden: true,
    click: () => attempt(async () => {
      await tell("node", { op: "delete", path: node.path, version: node.stat.version });
      await gone(node.path);
    }),
  }, "Delete it, for good");
  const first = build("button", {
    type: "button",
    id: "delete",
    click: () => {
      sure.hidden = false;
      sure.focus();
    },
  }, "Delete");
  return build("p", {}, first, " ", sure);
}

function encoded(text) {
  const bytes = new TextEncoder().encode(text);
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

function stat(node) {
  const parts = Object.entries(node.stat).flatMap(([name, value]) => {
    const told = name === "ctime" || name === "mtime" ? new Date(value).toISOString() : String(value);
    return [build("dt", {}, name), build("dd", {}, told)];
  });
  return build("dl", { id: "stat" }, ...parts);
}

function acl(node) {
  if (!node.acl.length) return build("p", { class: "note" }, "Not shown to you, or open");
  return build("ul", {}, ...node.acl.map((entry) => build("li", { class: "path" }, shown(entry))));
}
