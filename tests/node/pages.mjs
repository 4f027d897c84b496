// Makes a page of each payload, with a renderer that somebody else wrote. Reads {platform: payload}
// from standard input and writes {platform: html}. A page needs no network.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { parse } from "discord-markdown-parser";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const require = createRequire(import.meta.url);
const file = (name) => readFileSync(require.resolve(name), "utf8");
const escaped = (words) =>
  words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const inScript = (value) => JSON.stringify(value).replace(/</g, "\\u003c");

const page = (body, { style = "", head = "" } = {}) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><style>
body { margin: 0; background: #fff; font-family: "Liberation Sans", Arial, sans-serif; }
main { padding: 20px; }
${style}</style>${head}</head><body><main>${body}</main></body></html>`;

// A square in the quiet blue of a day.
const avatar = "data:image/gif;base64,R0lGODlhAQABAIAAAEpqjwAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==";

// slack-blocks-to-jsx takes a verbatim text for one without any markup; Slack, for one in which it
// looks for no addresses and names of its own.
function slack({ blocks }) {
  const shown = JSON.parse(JSON.stringify(blocks), (key, value) =>
    key === "verbatim" ? undefined : value,
  );
  const message = createElement(Message, {
    blocks: shown,
    logo: avatar,
    name: "Vigilia",
    time: new Date("2026-12-09T09:00:00"),
    theme: "light",
  });
  const style = readFileSync(
    require.resolve("slack-blocks-to-jsx").replace(/index\.\w+$/, "style.css"),
    "utf8",
  );
  return page(renderToStaticMarkup(message), { style });
}

function teams({ attachments: [{ content }] }) {
  const host = file("adaptivecards-designer/lib/hostConfigs/microsoft-teams-light.json");
  const style = `
body { background: #f5f5f5; }
#card { background: #fff; border-radius: 6px; box-shadow: 0 1px 4px #0003; overflow: hidden; }
.ac-pushButton { background: #fff; border: 1px solid #d1d1d1; border-radius: 4px; color: #242424;
  font: 600 14px "Liberation Sans", sans-serif; padding: 6px 12px; }
a { color: #6264a7; }`;
  const script = `<script>${file("adaptivecards/dist/adaptivecards.min.js")}</script><script>
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  const words = document.createElement("div");
  words.textContent = text;
  result.outputHtml = words.innerHTML;
  result.didProcess = true;
};
const card = new AdaptiveCards.AdaptiveCard();
card.hostConfig = new AdaptiveCards.HostConfig(${host});
card.parse(${inScript(content)});
document.querySelector("#card").append(card.render());
</script>`;
  return page(`<div id="card"></div>${script}`, { style });
}

// The reader of Markdown knows no lists: their hyphens stay, which Discord shows as bullets.
async function discord({ embeds }) {
  const bundled = await build({
    stdin: { contents: 'import "@skyra/discord-components-core";', resolveDir: import.meta.dirname },
    bundle: true,
    format: "iife",
    minify: true,
    write: false,
  });
  const elements = {
    strong: "discord-bold",
    em: "discord-italic",
    inlineCode: "discord-code",
    blockQuote: "discord-quote",
  };
  const shown = (nodes) =>
    [nodes]
      .flat()
      .map((node) => {
        if (node.type === "br") return "<br>";
        const inner = Array.isArray(node.content) ? shown(node.content) : escaped(node.content ?? "");
        if (node.type === "link" || node.type === "url") {
          return `<discord-link href="${escaped(node.target)}">${inner}</discord-link>`;
        }
        const element = elements[node.type];
        return element ? `<${element}>${inner}</${element}>` : inner;
      })
      .join("");
  const embed = ({ title = "", description, color, footer }) => `
<discord-embed slot="embeds" embed-title="${escaped(title)}"
  color="#${color.toString(16).padStart(6, "0")}">
<discord-embed-description slot="description">${shown(parse(description, "extended"))}</discord-embed-description>
${footer ? `<discord-embed-footer slot="footer">${escaped(footer.text)}</discord-embed-footer>` : ""}
</discord-embed>`;
  const body = `<discord-messages><discord-message author="Vigilia" bot
avatar="${avatar}" timestamp="9 December 2026, 09:00">${embeds.map(embed).join("")}</discord-message></discord-messages>
<script>${bundled.outputFiles[0].text.replace(/<\/script/g, "<\\/script")}</script>`;
  return page(body, { style: "body { background: #313338; } main { padding: 0; }" });
}

const makers = { slack, teams, discord };
const pages = {};
for (const [platform, payload] of Object.entries(JSON.parse(await text(process.stdin)))) {
  pages[platform] = await makers[platform](payload);
}
process.stdout.write(JSON.stringify(pages));
