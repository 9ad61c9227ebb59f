// What makes the dashboard quicker to use. Nothing needs it: every act is a link or a form.
"use strict";

// data-copy="text": puts the text on the clipboard and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy by hand";
  }
  setTimeout(() => { button.textContent = said; }, 1500);
});

// data-confirm="question": asks before the form is sent.
document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
});

// data-refresh-seconds="30" on an element with an id: takes its place from the same page, again and again, until the
// attribute is gone from it. Not while somebody types in it.
function refresh(element) {
  const seconds = Number(element.dataset.refreshSeconds);
  if (!(seconds >= 1)) return;
  setTimeout(async () => {
    let next = element;
    try {
      if (!document.hidden && !element.contains(document.activeElement)) {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById(element.id);
        if (fresh) {
          element.replaceWith(fresh);
          next = fresh;
        }
      }
    } catch {
      // Offline: the next round tries again.
    }
    refresh(next);
  }, seconds * 1000);
}
document.querySelectorAll("[data-refresh-seconds][id]").forEach(refresh);

// data-key="e" on a link, button or field: presses it, or goes to it, as it does to what decides (data-careful): that takes
// Enter as well. j and k walk through [data-row]; Enter opens the row.
function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (rows.length === 0) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const to = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)));
    const goal = rows[to].matches("a, button") ? rows[to] : rows[to].querySelector("a, button, summary");
    goal?.focus();
    goal?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    return;
  }
  const wanted = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("dialog")) wanted.showModal();
  else if (wanted.matches("input, textarea, select, details, [data-careful]")) wanted.focus();
  else wanted.click();
});
