// What has to work while the server's pages are busy or gone: Stop, the picture, the skeleton. Plain requests, no library.
"use strict";
(() => {
  // --- Stop: the form works without this; with it the page stays where it is ---
  const words = () => JSON.parse(document.querySelector("form[data-stop]")?.dataset.words || "{}");
  const said = (text, kind) => document.querySelectorAll("[data-stop-said]").forEach((place) => {
    place.textContent = text;
    place.className = `said ${kind}`;
  });
  let stopping = false;
  async function stop(form) {
    if (stopping) return;
    stopping = true;
    const tell = words();
    said(tell.sent, "");
    // One key a press: sent again after a lost answer it is still one Stop.
    const body = new URLSearchParams({ key: `stop-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` });
    let answer = null;
    for (let tries = 0; tries < 5 && !answer; tries++) {
      try {
        const got = await fetch("/stop", { method: "POST", priority: "high", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(2500) });
        if (got.status === 401) { location.href = `/login?to=${location.pathname}`; return; }
        answer = await got.json();
      } catch { said(tell.again, "bad"); }
    }
    stopping = false;
    if (!answer) { if (form) form.submit(); return; }
    if (answer.status === "applied") said(tell.applied.replace("{frame}", answer.frame), "good");
    else if (answer.status === "unanswered") said(tell.unanswered, "bad");
    else said(tell.refused.replace("{reason}", answer.reason), "bad");
    document.dispatchEvent(new CustomEvent("stopped", { detail: answer }));
  }
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-stop]")) return;
    event.preventDefault();
    stop(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; return; }
    stop(document.querySelector("form[data-stop]"));
  });

  // --- light and dark ---
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      localStorage.setItem("theme", theme);
    }
    const menu = document.querySelector("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });
})();
