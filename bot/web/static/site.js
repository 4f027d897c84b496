// What a page does by itself: counts down, names the days of the year's picture, shows what is being
// sent. Without it every page works all the same.
"use strict";
(() => {
  const language = document.documentElement.lang;
  const began = performance.now();
  const { now, speed } = document.body.dataset;
  const clock = () => Date.parse(now) + (performance.now() - began) * Number(speed);
  const numbers = new Intl.NumberFormat(language);
  const days = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const dates = new Intl.DateTimeFormat({ en: "en-GB", fr: "fr-CA", es: "es-MX" }[language], {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23", timeZone: document.body.dataset.zone,
  });
  const two = (n) => String(n).padStart(2, "0");

  // countdowns: days are left to the server, hours tick
  const tick = () => {
    let passed = false;
    for (const time of document.querySelectorAll("time[data-count]")) {
      const left = Math.floor((Date.parse(time.dateTime) - clock()) / 1000);
      if (left <= 0) { passed = passed || time.dataset.count !== "0"; time.dataset.count = "0"; time.textContent = "00:00:00"; continue; }
      const text = left >= 172800
        ? days.format(Math.floor(left / 86400), "day")
        : `${two(Math.floor(left / 3600))}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
      if (time.textContent !== text) time.textContent = text;
    }
    const shown = document.querySelector("[data-clock]");
    if (shown) {
      shown.textContent = dates.format(clock());
    }
    if (passed) setTimeout(refresh, 1500);
  };

  // the year: whose day is it?
  const caption = document.getElementById("caption");
  const tell = (event) => {
    const square = event.target.closest && event.target.closest(".picture a");
    if (square && caption) caption.textContent = square.getAttribute("aria-label");
  };
  document.addEventListener("pointerover", tell);
  document.addEventListener("focusin", tell);

  // parts of the page that are shown anew when something changed; never under somebody's hands
  let refreshing = false, again = false;
  const refresh = async () => {
    if (refreshing) { again = true; return; }
    const parts = [...document.querySelectorAll("[data-live]")];
    if (!parts.length) return;
    refreshing = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of parts) {
          const other = fresh.getElementById(part.id);
          if (!other || other.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
          const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 160;
          part.replaceChildren(...other.childNodes);
          if (part.hasAttribute("data-follow") && atEnd) scrollTo({ top: document.body.scrollHeight });
        }
        tick();
      }
    } catch { /* the service may be starting anew; the next change tries again */ }
    setTimeout(() => { refreshing = false; if (again) { again = false; refresh(); } }, 1500);
  };

  // what is being sent
  const sending = document.getElementById("sending");
  if (sending) {
    const bar = sending.querySelector("progress");
    const label = sending.querySelector("label");
    const told = document.getElementById("told");
    let mark = null, under = false;
    const events = new EventSource(sending.dataset.liveFrom);
    events.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.progress) {
        const { done, total } = said.progress;
        label.textContent = sending.dataset.words
          .replace("{done}", numbers.format(done)).replace("{total}", numbers.format(total));
        bar.max = total;
        bar.value = done;
        sending.hidden = false;
        if (!under) told.textContent = label.textContent;
        under = true;
      } else if (under) {
        under = false;
        told.textContent = sending.dataset.ended;
        bar.value = bar.max;
        setTimeout(() => { if (!under) sending.hidden = true; }, 1200);
      }
      if (mark !== null && said.mark !== mark) refresh();
      mark = said.mark;
    };
    addEventListener("pagehide", () => events.close());
  }

  // a second press must not send twice; the service would refuse it, but say so less kindly
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    const button = event.submitter;
    if (button) setTimeout(() => { button.disabled = true; }, 0);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });

  if (document.querySelector("[data-follow]")) scrollTo({ top: document.body.scrollHeight });
  tick();
  setInterval(tick, 1000);
})();
