// A session's page: frames and video follow one another, one magnifier over both faces, decisions by keyboard, a case
// kept while somebody looks at it, and the seconds in which a decision can be undone.

const video = document.querySelector("#video");
const timeline = document.querySelector(".timeline svg");
const playhead = document.querySelector("#playhead");
const figures = [...document.querySelectorAll("[data-frame-figure]")];
let shown = -1;

// Frames are fetched when they are looked at, the neighbours with them: every picture handed out is on record.
function load(figure) {
  const image = figure?.querySelector("image[data-href]");
  if (!image) return;
  image.setAttribute("href", image.dataset.href);
  delete image.dataset.href;
}

function showFrame(index, { seek = true } = {}) {
  const at = figures.findIndex((figure) => figure.dataset.frameFigure === String(index));
  if (at < 0 || at === shown) return;
  shown = at;
  figures.forEach((figure, number) => { figure.hidden = number !== at; });
  load(figures[at]);
  for (const link of document.querySelectorAll("[data-frame]")) {
    link.toggleAttribute("data-current", link.dataset.frame === String(index));
  }
  const { face, words, time } = figures[at].dataset;
  const chosen = document.querySelector("#chosen-face");
  if (chosen && face) {
    if (chosen.getAttribute("src") !== face) chosen.src = face;
    document.querySelector("#chosen-words").textContent = words;
  }
  if (seek && video) video.currentTime = Number(time) / 1000;
  movePlayhead(Number(time));
}

function movePlayhead(milliseconds) {
  if (!playhead) return;
  const { length, left, width } = timeline.dataset;
  const x = Number(left) + Number(width) * Math.min(1, milliseconds / Number(length));
  playhead.setAttribute("x1", x);
  playhead.setAttribute("x2", x);
}

function step(by) {
  const next = figures[Math.max(0, Math.min(figures.length - 1, shown + by))];
  if (next) showFrame(next.dataset.frameFigure);
}

if (figures.length) {
  for (const link of document.querySelectorAll("[data-frame]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      showFrame(link.dataset.frame);
    });
  }
  const best = document.querySelector("#chosen-words")?.textContent;
  const first = figures.find((figure) => figure.dataset.words === best) ?? figures[0];
  showFrame(first.dataset.frameFigure, { seek: false });
  // A click beside the points moves the video there.
  timeline?.addEventListener("click", (event) => {
    if (event.target.closest("[data-frame]") || !video) return;
    const box = timeline.getBoundingClientRect();
    const { length, left, width } = timeline.dataset;
    const x = ((event.clientX - box.left) / box.width) * timeline.viewBox.baseVal.width;
    video.currentTime = (Math.max(0, Math.min(1, (x - Number(left)) / Number(width))) * Number(length)) / 1000;
  });
}

if (video) {
  video.addEventListener("timeupdate", () => {
    const now = video.currentTime * 1000;
    movePlayhead(now);
    // While it plays, the frame that was sampled last is the one shown.
    const passed = figures.filter((figure) => Number(figure.dataset.time) <= now + 40);
    const last = passed.at(-1);
    if (!video.paused && last) showFrame(last.dataset.frameFigure, { seek: false });
  });
  video.addEventListener("error", () => {
    const words = document.createElement("p");
    words.className = "warning";
    words.textContent = "This browser cannot play the video, or its address is over: load the page anew. The sampled frames show it either way.";
    video.replaceWith(words);
  }, { once: true });
}

// One magnifier: both faces are enlarged around the same place.
const lenses = [...document.querySelectorAll(".lens")];
const magnify = document.querySelector("[data-magnify]");
let isMagnified = false;

function look(x, y) {
  for (const lens of lenses) {
    const image = lens.querySelector("img");
    if (!image) continue;
    image.style.transformOrigin = `${x * 100}% ${y * 100}%`;
    image.style.transform = isMagnified ? "scale(3)" : "";
  }
}

function toggleMagnifier() {
  isMagnified = !isMagnified;
  magnify.setAttribute("aria-pressed", String(isMagnified));
  look(0.5, 0.4);
}

magnify?.addEventListener("click", toggleMagnifier);
for (const lens of lenses) {
  lens.addEventListener("pointermove", (event) => {
    if (!isMagnified) return;
    const box = lens.getBoundingClientRect();
    look((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  });
  lens.addEventListener("click", () => toggleMagnifier());
}

// Deciding.
const decide = document.querySelector("#decide");

function groups() {
  return decide ? [...decide.querySelectorAll(".reasons-of")] : [];
}

function choose(kind) {
  const radio = decide?.querySelector(`input[name=kind][data-key="${CSS.escape(kind)}"]`);
  if (!radio) return false;
  radio.checked = true;
  follow();
  radio.focus();
  return true;
}

// Of the reasons only those for what is chosen are there, and only they are sent.
let followed = null;

function follow() {
  const kind = decide.querySelector("input[name=kind]:checked")?.value;
  const isNew = kind !== followed;
  followed = kind;
  for (const group of groups()) {
    const isOpen = group.dataset.kind === kind;
    group.hidden = !isOpen;
    for (const box of group.querySelectorAll("input")) {
      box.disabled = !isOpen;
      if (isOpen && isNew && box.hasAttribute("data-first") && !group.querySelector("input:checked")) box.checked = true;
    }
  }
  const why = decide.querySelector(".why");
  if (why) why.hidden = !groups().some((group) => !group.hidden);
}

function toggleReason(digit) {
  const open = groups().find((group) => !group.hidden);
  const box = open?.querySelector(`input[data-digit="${CSS.escape(digit)}"]`);
  if (!box) return false;
  box.checked = !box.checked;
  return true;
}

if (decide) {
  decide.addEventListener("change", follow);
  follow();
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.repeat && !target.matches("textarea, input")) return;
  if (target.matches("textarea")) {
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) decide?.requestSubmit();
    if (key === "Escape") target.blur();
    return;
  }
  if (target.matches("input:not([type=radio]):not([type=checkbox]), select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const did = (() => {
    if (/^[1-9]$/.test(key)) return toggleReason(key);
    if (key === "Enter" && decide && decide.querySelector("input[name=kind]:checked") && !target.closest("a, button, summary, video")) {
      decide.requestSubmit();
      return true;
    }
    if (key === "m" && magnify) { toggleMagnifier(); return true; }
    if (key === ",") { step(-1); return true; }
    if (key === ".") { step(1); return true; }
    if (key === "p" && video) { if (video.paused) video.play(); else video.pause(); return true; }
    if (key === "n") {
      const chosen = choose("n");
      if (chosen) decide.querySelector("textarea").focus();
      return chosen;
    }
    return choose(key);
  })();
  if (did) event.preventDefault();
});

// A case is kept for as long as its page is looked at.
const keeper = document.querySelector("form[data-renew]");
if (keeper) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(keeper.dataset.renew, {
      method: "POST",
      headers: { "X-By-Itself": "1" },
      body: new URLSearchParams(new FormData(keeper)),
    });
    if (answer.status === 204 || document.querySelector("#lost")) return;
    // What was typed stays where it is.
    const words = document.createElement("p");
    words.id = "lost";
    words.className = "problem";
    words.setAttribute("role", "alert");
    words.textContent = "You do not hold this case any more. Copy what you wrote, and load the page anew.";
    document.querySelector("#panel").prepend(words);
  }, 60_000);
}

// The seconds in which a decision can be undone.
const undo = document.querySelector("form[data-due-in]");
if (undo) {
  const due = performance.now() + Number(undo.dataset.dueIn);
  const ticking = setInterval(() => {
    const left = due - performance.now();
    undo.querySelector("[data-seconds]").textContent = Math.max(0, Math.ceil(left / 1000));
    if (left < -1500) {
      clearInterval(ticking);
      location.reload();
    }
  }, 250);
}
