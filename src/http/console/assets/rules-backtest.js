// A backtest while it runs: a bar and a sentence, then the table and the sessions that change.

const form = document.getElementById("backtest-form");
const running = document.getElementById("backtest-running");
const bar = document.getElementById("backtest-progress");
const state = document.getElementById("backtest-state");
const result = document.getElementById("backtest-result");
const changes = document.getElementById("backtest-changes");
const most = Number(changes.dataset.most);

function cell(...parts) {
  const element = document.createElement("td");
  element.append(...parts);
  return element;
}

function badge(outcome) {
  const element = document.createElement("span");
  element.className = `badge ${outcome}`;
  element.textContent = outcome;
  return element;
}

function showChange(change) {
  if (changes.children.length >= most) return;
  const row = document.createElement("tr");
  const link = document.createElement("a");
  link.className = "row";
  link.href = `/console/sessions/${encodeURIComponent(change.session_id)}`;
  link.textContent = change.session_id;
  const why = [...change.failed_conditions, ...change.failed_refer_conditions].join("; ");
  row.append(cell(link), cell(badge(change.before)), cell(badge(change.after)), cell(why));
  changes.append(row);
}

function showProgress({ done, at_most }) {
  bar.max = Math.max(at_most, 1);
  bar.value = done;
  state.textContent = `${done} of at most ${at_most} sessions judged again`;
}

function showResult(end) {
  for (const [before, counts] of Object.entries(end.table)) {
    for (const [after, count] of Object.entries(counts)) {
      result.querySelector(`[data-cell="${before}-${after}"]`).textContent = count;
    }
  }
  document.getElementById("backtest-summary").textContent =
    `${end.sessions} sessions judged again in ${end.took_ms} ms, ${end.changed} would change; ` +
    `${end.skipped} have no signals any more.`;
  state.textContent = "Done.";
  result.hidden = false;
}

function showLine(line) {
  if (line.change) showChange(line.change);
  if (line.progress) showProgress(line.progress);
  if (line.result) showResult(line.result);
  if (line.error) state.textContent = `It broke off: ${line.error.message}.`;
}

async function readLines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) showLine(JSON.parse(line));
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  running.hidden = false;
  result.hidden = true;
  changes.replaceChildren();
  bar.removeAttribute("value");
  state.textContent = "Running …";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { accept: "application/x-ndjson" },
      redirect: "error",
    });
    const isLines = answer.headers.get("content-type")?.startsWith("application/x-ndjson");
    if (!answer.ok || !isLines) throw new Error(`answered ${answer.status}`);
    await readLines(answer.body);
  } catch {
    state.textContent = "It could not be run to its end. Load the page anew and try again.";
  } finally {
    button.disabled = false;
  }
});
