// Formula boxes: words in colour behind the text, names to complete, examples to put in.
// Without script they are plain boxes; the server checks them either way.
"use strict";

const WORD = /"(?:[^"]|"")*"?|[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)?|\d+(?:\.\d+)?%?|[^\s]/gu;

function offers() {
  const holder = document.getElementById("names");
  try {
    return JSON.parse(holder?.dataset.names || "[]");
  } catch {
    return [];
  }
}

// --- Colours: a layer behind the box shows the same text, word by word.
function kinds() {
  const found = new Map();
  for (const offer of offers()) {
    const key = offer.n.toLowerCase();
    if (!found.has(key)) found.set(key, offer.k);
  }
  return found;
}

function paint(box, layer) {
  const known = kinds();
  const pieces = document.createDocumentFragment();
  let at = 0;
  for (const match of box.value.matchAll(WORD)) {
    pieces.append(box.value.slice(at, match.index));
    const piece = document.createElement("span");
    const kind = kindOf(match[0], box.value.slice(match.index + match[0].length), known);
    if (kind) piece.className = `f-${kind}`;
    piece.textContent = match[0];
    pieces.append(piece);
    at = match.index + match[0].length;
  }
  pieces.append(`${box.value.slice(at)}\n`);
  layer.replaceChildren(pieces);
  layer.scrollTop = box.scrollTop;
  layer.scrollLeft = box.scrollLeft;
}

function kindOf(word, rest, known) {
  if (word.startsWith('"')) return "text";
  if (/^\d/.test(word)) return "number";
  if (!/^[\p{L}_]/u.test(word)) return "";
  if (/^\s*\(/.test(rest)) return known.get(word.toLowerCase()) === "function" ? "function" : "unknown";
  return known.get(word.toLowerCase()) || "unknown";
}

// --- Completion: the names that begin with, or hold, the word before the caret.
const MOST = 8;
let open = null;

function wordBefore(box) {
  const before = box.value.slice(0, box.selectionStart);
  const match = before.match(/[\p{L}_][\p{L}\p{N}_.]*$/u);
  if (!match || (before.split('"').length - 1) % 2) return "";
  return match[0];
}

function fitting(word) {
  const wanted = word.toLowerCase();
  const named = offers().filter((offer) => offer.n.toLowerCase().includes(wanted));
  const rank = (offer) => (offer.n.toLowerCase().startsWith(wanted) ? 0 : 2) + (offer.k === "function" ? 1 : 0);
  return named.sort((a, b) => rank(a) - rank(b) || a.n.localeCompare(b.n)).slice(0, MOST);
}

function complete(box) {
  const word = wordBefore(box);
  const found = word ? fitting(word) : [];
  const alone = found.length === 1 && found[0].n.toLowerCase() === word.toLowerCase();
  if (!found.length || alone) return shut();
  shut();
  const list = document.createElement("ul");
  list.className = "offers";
  list.id = `${box.id}-offers`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Names and functions");
  found.forEach((offer, number) => list.append(option(box, offer, number)));
  box.parentElement.append(list);
  box.setAttribute("aria-controls", list.id);
  open = { box, list, found, at: -1 };
  tell(`${found.length} names fit. Arrow down chooses one, Enter takes it.`);
}

function option(box, offer, number) {
  const item = document.createElement("li");
  item.id = `${box.id}-offer-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const name = document.createElement("strong");
  name.textContent = offer.n;
  const kind = document.createElement("span");
  kind.className = "kind";
  kind.textContent = offer.k;
  const help = document.createElement("span");
  help.className = "soft";
  help.textContent = offer.h;
  item.append(name, kind, help);
  item.addEventListener("mousedown", (event) => {
    event.preventDefault();
    take(number);
  });
  return item;
}

function choose(number) {
  const items = [...open.list.children];
  open.at = (number + items.length) % items.length;
  items.forEach((item, place) => item.setAttribute("aria-selected", String(place === open.at)));
  items[open.at].scrollIntoView({ block: "nearest" });
  open.box.setAttribute("aria-activedescendant", items[open.at].id);
  tell(`${open.found[open.at].n}, ${open.found[open.at].k}. ${open.found[open.at].h}`);
}

function take(number) {
  const { box, found } = open;
  const word = wordBefore(box);
  const start = box.selectionStart - word.length;
  shut();
  write(box, found[number].i, start, box.selectionStart);
}

function shut() {
  if (!open) return;
  open.box.removeAttribute("aria-activedescendant");
  open.box.removeAttribute("aria-controls");
  open.list.remove();
  open = null;
}

function tell(text) {
  const said = document.getElementById("formula-says");
  if (said) said.textContent = text;
}

function write(box, text, start, end) {
  box.focus();
  box.setRangeText(text, start, end, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function pressed(event) {
  const box = event.target;
  if ((event.ctrlKey || event.metaKey) && event.key === " ") {
    event.preventDefault();
    return complete(box);
  }
  if (!open || open.box !== box) return;
  if (event.key === "ArrowDown") choose(open.at + 1);
  else if (event.key === "ArrowUp") choose(open.at - 1);
  else if (event.key === "Escape") shut();
  else if ((event.key === "Enter" || event.key === "Tab") && open.at >= 0) take(open.at);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// --- Each box gets its layer.
function light(box) {
  const layer = document.createElement("pre");
  layer.className = "layer";
  layer.setAttribute("aria-hidden", "true");
  box.before(layer);
  box.setAttribute("aria-autocomplete", "list");
  box.parentElement.classList.add("lit");
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  };
  box.repaint = () => {
    grow();
    paint(box, layer);
  };
  box.addEventListener("input", () => {
    grow();
    paint(box, layer);
    if (document.activeElement === box) complete(box);
  });
  box.addEventListener("scroll", () => paint(box, layer));
  box.addEventListener("keydown", pressed);
  box.addEventListener("blur", shut);
  box.addEventListener("focus", () => { last = box; });
  grow();
  paint(box, layer);
}

let last = null;

document.addEventListener("DOMContentLoaded", () => {
  const boxes = [...document.querySelectorAll("textarea[data-formula]")];
  boxes.forEach(light);
  last = boxes[0] || null;
  const said = document.createElement("p");
  said.id = "formula-says";
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.querySelector("main")?.append(said);
  // The outline scrolls by itself: show where one is.
  const outline = document.querySelector(".outline");
  const here = outline?.querySelector("[aria-current]");
  if (here) outline.scrollTop = here.offsetTop - outline.offsetTop - outline.clientHeight / 2;
  // A folded box has no height: it is measured when it is unfolded.
  for (const aside of document.querySelectorAll("details")) {
    aside.addEventListener("toggle", () => {
      for (const box of aside.querySelectorAll("textarea[data-formula]")) box.repaint?.();
    });
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button || !last) return;
  const text = button.dataset.insert;
  if (last.value.trim()) write(last, text, last.selectionStart, last.selectionEnd);
  else write(last, text, 0, last.value.length);
});

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.target.id !== "names" && event.detail?.target?.id !== "names") return;
  for (const box of document.querySelectorAll("textarea[data-formula]")) box.repaint?.();
});
