// Keys, menus, dialogs and rows of every page. All of it works without script too, save the keys.
"use strict";

const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

const visible = (element) => element.offsetParent !== null;

// --- Keys: "/" searches, "g" and a letter go, "?" lists, arrows walk.
let going = 0;

function go(key) {
  const place = document.querySelector(`.rail a[data-key="${CSS.escape(key)}"]`);
  if (place) window.location.assign(place.href);
}

function walk(event) {
  const down = event.key === "ArrowDown";
  const found = [...document.querySelectorAll("#found a")].filter(visible);
  const inSearch = event.target.closest(".find");
  const rows = inSearch
    ? found
    : [...document.querySelectorAll("main table tbody tr")]
        .map((row) => row.querySelector("a[href]"))
        .filter((link) => link && visible(link));
  if (!rows.length || (typing(event.target) && !inSearch)) return;
  const at = rows.indexOf(document.activeElement);
  if (!inSearch && at < 0 && document.activeElement !== document.body) return;
  const next = rows[at + (down ? 1 : -1)];
  if (next) {
    next.focus();
    event.preventDefault();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return walk(event);
  if (event.key === "Escape") return closeMenus(null);
  if (typing(event.target)) return;
  if (going && Date.now() - going < 1500) {
    going = 0;
    go(event.key);
  } else if (event.key === "/") {
    document.getElementById("find")?.focus();
    event.preventDefault();
  } else if (event.key === "g") {
    going = Date.now();
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  }
});

// --- Menus close when one looks elsewhere; dialogs open by what names them.
function closeMenus(target) {
  for (const menu of document.querySelectorAll(".menu[open], .thumb details[open]")) {
    if (!target || !menu.contains(target)) menu.open = false;
  }
  const found = document.getElementById("found");
  if (found && !(target && target.closest(".find"))) found.replaceChildren();
}

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});

// --- A form is sent once: a second click would ask for the same thing again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 4000);
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// --- A choice that stands alone is taken at once where the form says so.
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-at-once]")) event.target.form.requestSubmit();
});
