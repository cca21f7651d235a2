// Where rules are written: what is wrong is said while somebody types, and words are put where the caret is.

const form = document.getElementById("rules-form");
const area = document.getElementById("rules-text");
const list = document.getElementById("rules-problems");
const state = document.getElementById("rules-state");

for (const part of document.querySelectorAll("[data-scripted]")) part.hidden = false;

// The caret at the start of a line, and the line in sight.
function goTo(line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = area.scrollHeight / Math.max(lines.length, 1);
  area.scrollTop = Math.max(0, (line - 3) * height);
}

function item(problem) {
  const element = document.createElement("li");
  if (problem.line) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "word";
    button.textContent = `Line ${problem.line}`;
    button.addEventListener("click", () => goTo(problem.line));
    element.append(button, ": ");
  }
  element.append(problem.reason);
  if (problem.place) {
    const code = document.createElement("code");
    code.textContent = problem.place;
    element.append(" ", code);
  }
  return element;
}

let running = null;

async function check() {
  running?.abort();
  running = new AbortController();
  const body = new URLSearchParams({ mark: form.elements.mark.value, text: area.value });
  try {
    const answer = await fetch("/console/rules/check", {
      method: "POST",
      body,
      redirect: "error",
      signal: running.signal,
    });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const { problems, conditions } = await answer.json();
    list.replaceChildren(...problems.map(item));
    if (problems.length === 0) {
      state.textContent = `Nothing is wrong with it. It asks for ${conditions} ${conditions === 1 ? "thing" : "things"}.`;
    } else {
      state.textContent = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    }
    area.setAttribute("aria-invalid", String(problems.length > 0));
  } catch (error) {
    if (error.name !== "AbortError") state.textContent = "It could not be checked just now; saving checks it too.";
  }
}

let timer = 0;
area.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(check, 400);
});
check();

const vocabulary = document.getElementById("vocabulary");

vocabulary.addEventListener("click", (event) => {
  const word = event.target.closest("[data-inserts]");
  if (!word) return;
  area.setRangeText(word.dataset.inserts, area.selectionStart, area.selectionEnd, "end");
  area.focus();
  area.dispatchEvent(new Event("input"));
});

document.getElementById("vocabulary-search").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const entry of vocabulary.querySelectorAll("li")) {
    entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
  }
});

// Who leaves with something unsaved is asked first.
const before = area.value;
let saving = false;
form.addEventListener("submit", () => { saving = true; });
window.addEventListener("beforeunload", (event) => {
  if (!saving && area.value !== before) event.preventDefault();
});
