// Judges payloads with other people's code. Reads one JSON object a line, {judge, payload}, and
// answers each with one: {problems: [sentence], seen: "the words that a reader sees", …}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const judges = {
  // Microsoft's own renderer of Adaptive Cards.
  async teams() {
    const { JSDOM } = await import("jsdom");
    const file = createRequire(import.meta.url).resolve("adaptivecards/dist/adaptivecards.min.js");
    const { window } = new JSDOM("", { runScripts: "outside-only" });
    window.eval(readFileSync(file, "utf8"));
    const cards = window.AdaptiveCards;
    // jsdom lays nothing out, so it has no innerText of its own.
    Object.defineProperty(window.HTMLElement.prototype, "innerText", {
      set(text) {
        this.textContent = text;
      },
    });
    // As Teams does it, a TextBlock is Markdown: what is one must hold none.
    cards.AdaptiveCard.onProcessMarkdown = (text, result) => {
      result.outputHtml = text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
      result.didProcess = true;
    };
    return ({ card: payload, render }) => {
      const card = new cards.AdaptiveCard();
      const context = new cards.SerializationContext();
      card.parse(payload, context);
      const problems = [];
      for (let index = 0; index < context.eventCount; index++) {
        problems.push(context.getEventAt(index).message);
      }
      for (const failure of card.validateProperties().validationEvents) {
        problems.push(failure.message);
      }
      if (!render) return { problems };
      const rendered = card.render();
      return {
        problems,
        seen: rendered.textContent,
        links: [...rendered.querySelectorAll("a")].map((link) => link.getAttribute("href")),
        buttons: [...rendered.querySelectorAll("button")].map((button) => button.textContent),
      };
    };
  },

  // The request schema of Discord's own specification.
  async discord() {
    const { IncomingWebhookRequestPartialSchema } = await import("discord-api-spec/zod");
    return (payload) => {
      const result = IncomingWebhookRequestPartialSchema.safeParse(payload);
      const issues = result.success ? [] : result.error.issues;
      return { problems: issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) };
    };
  },

  // A reader of Discord's Markdown: the words, and the kinds of markup that it found.
  async discordMarkdown() {
    const { parse } = await import("discord-markdown-parser");
    return (payload) => {
      const kinds = new Set();
      const words = (nodes) =>
        [nodes]
          .flat()
          .map((node) => {
            if (node.type !== "text") kinds.add(node.type);
            if (node.type === "br") return "\n";
            if (node.type === "twemoji") return node.name;
            return Array.isArray(node.content) ? words(node.content) : (node.content ?? "");
          })
          .join("");
      const seen = words(parse(payload, "extended"));
      return { problems: [], seen, kinds: [...kinds].sort() };
    };
  },

  // A renderer of Block Kit.
  async slack() {
    const { createElement } = await import("react");
    const { renderToStaticMarkup } = await import("react-dom/server");
    const { JSDOM } = await import("jsdom");
    const { Message } = await import("slack-blocks-to-jsx");
    return (payload) => {
      const html = renderToStaticMarkup(
        createElement(Message, { blocks: payload, logo: "", name: "Vigilia", withoutWrapper: true }),
      );
      const { body } = new JSDOM(html).window.document;
      return {
        problems: [],
        seen: body.textContent,
        links: [...body.querySelectorAll("a")].map((link) => link.getAttribute("href")),
      };
    };
  },
};

const ready = {};
for await (const line of createInterface({ input: process.stdin })) {
  const { judge, payload } = JSON.parse(line);
  ready[judge] ??= await judges[judge]();
  process.stdout.write(`${JSON.stringify(ready[judge](payload))}\n`);
}
