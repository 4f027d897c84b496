// Draws the card of a Teams posting with Microsoft's own renderer. Without it the plain words stay.
"use strict";
(() => {
  const { light, dark } = document.currentScript.dataset;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const open = (action) => {
    if (/^https?:\/\//.test(action.url || "")) window.open(action.url, "_blank", "noopener,noreferrer");
  };
  // No text of our cards is Markdown: it is shown letter for letter.
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (_text, result) => { result.didProcess = false; };
  const draw = async () => {
    const answer = await fetch(prefersDark.matches ? dark : light, { credentials: "same-origin" });
    const config = await answer.json();
    for (const place of document.querySelectorAll(".teams[data-cards]")) {
      place.replaceChildren(...JSON.parse(place.dataset.cards).map((content) => {
        const card = new AdaptiveCards.AdaptiveCard();
        card.hostConfig = new AdaptiveCards.HostConfig(config);
        card.onExecuteAction = open;
        card.parse(content);
        return card.render();
      }));
      place.classList.add("drawn");
    }
  };
  prefersDark.addEventListener("change", draw);
  draw();
})();
