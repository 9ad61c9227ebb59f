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

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

// data-refresh-seconds="30" on an element with an id: takes its place from the same page, again and again, until the
// attribute is gone from it. With data-refresh-by="/path" that form is sent, and the page it leads to is taken. Not while
// something is typed in it; a page that is not looked at waits, and whoever comes back to it does not.
function due(seconds) {
  return new Promise((resolve) => {
    setTimeout(() => {
      if (document.hidden) document.addEventListener("visibilitychange", resolve, { once: true });
      else resolve();
    }, seconds * 1000);
  });
}
async function latest(element) {
  const by = element.dataset.refreshBy;
  const how = by ? { method: "POST", body: new URLSearchParams() } : {};
  const answer = await fetch(by ?? location.href, { ...how, headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return answer.ok ? page.getElementById(element.id) : null;
}
function isTypedIn(element) {
  const changed = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  const active = document.activeElement;
  return (element.contains(active) && isTyping(active)) || [...element.querySelectorAll("input, textarea")].some(changed);
}
// What was open stays open, and what had the focus keeps it.
function replace(element, fresh) {
  const title = (details) => details.querySelector("summary")?.textContent;
  const opened = new Set([...element.querySelectorAll("details[open]")].map(title));
  for (const details of fresh.querySelectorAll("details")) details.open ||= opened.has(title(details));
  const active = element.contains(document.activeElement) ? document.activeElement.cloneNode(false) : null;
  element.replaceWith(fresh);
  const same = active && [...fresh.querySelectorAll(active.localName)].find((one) => one.cloneNode(false).isEqualNode(active));
  same?.focus({ preventScroll: true });
}
async function refresh(element) {
  let shown = element;
  while (Number(shown.dataset.refreshSeconds) >= 1) {
    await due(Number(shown.dataset.refreshSeconds));
    try {
      const fresh = await latest(shown);
      if (!fresh || fresh.isEqualNode(shown) || isTypedIn(shown)) continue;
      replace(shown, fresh);
      shown = fresh;
    } catch {
      // Offline: the next round tries again.
    }
  }
}
document.querySelectorAll("[data-refresh-seconds][id]").forEach(refresh);

// data-key="e" on a link, button or field: presses it, or goes to it, as it does to what decides (data-careful): that takes
// Enter as well. j and k walk through [data-row]; Enter opens the row.
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
