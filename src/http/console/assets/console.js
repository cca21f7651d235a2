// What every page does: the theme, selects that submit, forms that ask first. Loaded before the body is drawn, so
// that a page chosen to be dark is never light for a moment.

const KEY = "likeness-theme";

function applyTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}

applyTheme(localStorage.getItem(KEY));

function switchTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  localStorage.setItem(KEY, next);
  applyTheme(next);
}

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.addEventListener("click", switchTheme);
  }
  for (const select of document.querySelectorAll("select[data-submits]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  // Buttons for browsers without scripts.
  for (const button of document.querySelectorAll("[data-unscripted]")) button.hidden = true;
  for (const button of document.querySelectorAll("[data-back]")) {
    button.hidden = history.length < 2;
    button.addEventListener("click", () => history.back());
  }
  // Forms that cannot be taken back say so first.
  for (const form of document.querySelectorAll("form[data-asks]")) {
    form.addEventListener("submit", (event) => {
      if (!confirm(form.dataset.asks)) event.preventDefault();
    });
  }
  // A secret behind the sign goes into its field, and out of the address bar and the history.
  const taker = document.querySelector("form[data-takes-fragment]");
  if (taker && location.hash.length > 1) {
    taker.elements[0].value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    taker.requestSubmit();
  }
});
