// Buttons that copy what stands elsewhere on the page.

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = "Copied";
    } catch {
      // Without leave to write to the clipboard it is marked, to be copied by hand.
      getSelection().selectAllChildren(source);
    }
  });
}
