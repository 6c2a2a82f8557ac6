// Sliders: each moves the number beside it, and the number moves the slider; the form asks the server.
"use strict";

for (const range of document.querySelectorAll(".slider input[type=range]")) {
  const number = document.getElementById(range.dataset.moves);
  range.hidden = false;
  range.addEventListener("input", () => {
    number.value = range.value;
  });
  number.addEventListener("input", () => {
    range.value = number.value;
  });
}
