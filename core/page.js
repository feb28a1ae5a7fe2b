"use strict";
// Lays the pictures of a group over each other, two at a time, with a slider between them; the figures stay below.
function choice(figures, chosen, what, changed) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", what);
  figures.forEach((figure, index) => select.add(new Option(figure.querySelector("b").textContent, index)));
  select.selectedIndex = chosen;
  select.addEventListener("change", changed);
  return select;
}

for (const group of document.querySelectorAll(".compare")) {
  const figures = [...group.querySelector(".views").querySelectorAll("figure")];
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, value: 50 });
  slider.setAttribute("aria-label", "where the left picture gives way to the right one, in per cent");
  const [below, above] = [new Image(), new Image()];
  const show = () => {
    [above, below].forEach((image, side) => {
      const source = figures[[left, right][side].selectedIndex].querySelector("img");
      if (image.src !== source.src) Object.assign(image, { src: source.src, alt: source.alt });
    });
    stage.style.setProperty("--at", `${slider.value}%`);
    above.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`;
  };
  const left = choice(figures, 0, "picture on the left", show);
  const right = choice(figures, Math.min(1, figures.length - 1), "picture on the right", show);
  const stage = Object.assign(document.createElement("div"), { className: "stage" });
  stage.append(below, above);
  const names = document.createElement("p");
  names.append(left, right);
  const widget = Object.assign(document.createElement("div"), { className: "compared" });
  widget.append(names, stage, slider);
  slider.addEventListener("input", show);
  group.prepend(widget);
  show();
}
