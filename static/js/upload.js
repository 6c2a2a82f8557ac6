// The drop zone: a file that is dropped goes into the ordinary file field; sending shows how far it is.
"use strict";

const size = (bytes) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function show(zone, file) {
  const chosen = zone.querySelector(".chosen");
  const over = file && file.size > Number(zone.dataset.limit);
  chosen.hidden = !file;
  if (!file) return;
  chosen.textContent = over
    ? `${file.name} has ${size(file.size)}, more than is taken in here. Split it by month or by team.`
    : `${file.name}, ${size(file.size)}`;
  chosen.classList.toggle("poor-text", over);
  zone.closest("form").querySelector("[type=submit]").disabled = over;
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest(".drop");
  if (zone) show(zone, event.target.files[0]);
});

for (const kind of ["dragover", "dragenter"]) {
  document.addEventListener(kind, (event) => {
    const zone = document.querySelector(".drop");
    if (!zone || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("over");
  });
}

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.querySelector(".drop")?.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  const zone = document.querySelector(".drop");
  if (!zone || !event.dataTransfer?.files.length) return;
  event.preventDefault();
  zone.classList.remove("over");
  const input = zone.querySelector("input[type=file]");
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  input.files = one.files;
  show(zone, input.files[0]);
  zone.closest("form").querySelector("[type=submit]").focus();
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const sending = event.target.querySelector?.(".sending");
  if (!sending || !event.detail.lengthComputable) return;
  sending.hidden = false;
  const bar = sending.querySelector("progress");
  bar.max = event.detail.total;
  bar.value = event.detail.loaded;
  const done = event.detail.loaded >= event.detail.total;
  sending.querySelector("label").textContent = done
    ? "Sent. The site is keeping it."
    : `Sending: ${size(event.detail.loaded)} of ${size(event.detail.total)}`;
});

document.addEventListener("htmx:sendError", (event) => {
  const sending = event.target.querySelector?.(".sending");
  if (sending) sending.querySelector("label").textContent = "The connection broke. Send it again.";
});
