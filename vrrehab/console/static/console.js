// What has to work while the server's pages are busy or gone: Stop, the picture, the skeleton. Plain requests, no library.
"use strict";
(() => {
  // --- Stop: the form works without this; with it the page stays where it is ---
  const words = () => JSON.parse(document.querySelector("form[data-stop]")?.dataset.words || "{}");
  const said = (text, kind) => document.querySelectorAll("[data-stop-said]").forEach((place) => {
    place.textContent = text;
    place.className = `said ${kind}`;
  });
  // As long as it takes to start a console again that has ended, and longer than a network is away for a moment.
  const TRY_FOR_MS = 15000, AGAIN_MS = 250;
  let stopping = false;
  async function stop() {
    if (stopping) return;
    stopping = true;
    const tell = words();
    said(tell.sent, "");
    // One key a press: sent again after a lost answer it is still one Stop.
    const body = new URLSearchParams({ key: `stop-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` });
    let answer = null;
    const until = Date.now() + TRY_FOR_MS;
    while (!answer && Date.now() < until) {
      try {
        const got = await fetch("/stop", { method: "POST", priority: "high", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(2500) });
        if (got.status === 401) { location.href = `/login?to=${location.pathname}`; return; }
        answer = await got.json();
      } catch {
        said(tell.again, "bad");
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
    stopping = false;
    if (!answer) { said(tell.unanswered, "bad"); return; }
    if (answer.status === "applied") said(answer.reason || tell.applied.replace("{frame}", answer.frame), "good");
    else if (answer.status === "unanswered") said(tell.unanswered, "bad");
    else said(tell.refused.replace("{reason}", answer.reason), "bad");
    document.dispatchEvent(new CustomEvent("stopped", { detail: answer }));
  }
  // A browser closes a connection that it has not used for a while, and a new one takes Stop a moment, more with TLS.
  setInterval(() => fetch("/in-force").catch(() => {}), 45000);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-stop]")) return;
    event.preventDefault();
    stop();
  });
  const escaped = (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    stop();
  };
  document.addEventListener("keydown", escaped);
  // Whoever reads a report on a page is on that page: Esc stops there too, and one sees that the focus is there.
  document.addEventListener("load", ({ target }) => {
    if (!target.matches?.("iframe")) return;
    target.contentDocument?.addEventListener("keydown", escaped);
    for (const what of ["focus", "blur"]) target.contentWindow?.addEventListener(what, () => target.toggleAttribute("data-read", what === "focus"));
  }, true);

  // What NiceGUI says when the page has lost its server, in the reader's language.
  addEventListener("DOMContentLoaded", () => document.querySelectorAll("#popup span").forEach((line, i) => {
    line.textContent = words().cut_off?.[i] || line.textContent;
  }));

  // --- light and dark ---
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      localStorage.setItem("theme", theme);
    }
  });
  // The menu closes when it is left, by whatever means: while it is open, Esc is for it.
  for (const left of ["click", "focusin"]) document.addEventListener(left, (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  // --- by keyboard alone ---
  for (const [what, by] of [["keydown", "keys"], ["pointerdown", "pointer"]])
    document.addEventListener(what, () => { document.documentElement.dataset.by = by; }, true);
  // One Tab goes to what belongs together, at what is chosen of it, and one on; arrows go from one to the next.
  const GROUPS = "[role=radiogroup], [role=toolbar], [role=tablist]";
  const KEYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  const together = (group) => [...group.querySelectorAll("button:not(:disabled, [hidden])")];
  document.addEventListener("focusin", (event) => {
    const group = event.target.matches("button") && event.target.closest(GROUPS);
    if (!group) return;
    const chosen = group.querySelector("[aria-checked=true], [aria-selected=true]");
    const came = !group.contains(event.relatedTarget) && event.target.matches(":focus-visible");
    if (came && chosen && chosen !== event.target) { chosen.focus(); return; }
    for (const each of together(group)) each.tabIndex = each === event.target ? 0 : -1;
  });
  document.addEventListener("keydown", (event) => {
    const group = event.target.closest?.(GROUPS), all = group ? together(group) : [];
    const now = all.indexOf(event.target), ends = { Home: 0, End: all.length - 1 }[event.key];
    if (now < 0 || (ends === undefined && !KEYS[event.key])) return;
    event.preventDefault();
    const next = all[ends ?? (now + KEYS[event.key] + all.length) % all.length];
    next.focus();
    if (group.matches("[role=tablist]")) next.click();
  });
  // What is made anew loses the focus; who was there is there again.
  let was = "";
  document.addEventListener("focusin", (event) => { was = event.target.dataset?.kept || ""; });
  document.addEventListener("focusout", ({ target }) => setTimeout(() => {
    if (target.isConnected && document.activeElement === document.body) was = "";
  }));
  new MutationObserver(() => {
    if (was && document.activeElement === document.body) document.querySelector(`[data-kept="${CSS.escape(was)}"]`)?.focus();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
