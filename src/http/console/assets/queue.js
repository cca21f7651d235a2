// The queue keeps itself up to date: when the server says that it changed, the list is fetched anew and put in place.

const cases = document.querySelector("#cases[data-live]");

async function refresh() {
  const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } });
  if (answer.redirected || !answer.ok) return location.reload();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["cases", "counts"]) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) {
      const focused = document.activeElement?.getAttribute("href");
      old.innerHTML = fresh.innerHTML;
      // Who was about to open a case still is.
      if (focused) old.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}

if (cases) {
  let seen = null;
  const events = new EventSource(cases.dataset.live);
  events.addEventListener("revision", (event) => {
    if (seen !== null && seen !== event.data) refresh();
    seen = event.data;
  });
  // Ages grow without anything happening.
  setInterval(refresh, 60_000);
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input:not([type=radio]):not([type=checkbox]), select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  // A key that is held down does its work once.
  if (event.repeat) return;
  const button = document.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button) {
    event.preventDefault();
    button.form.requestSubmit(button);
  }
});
