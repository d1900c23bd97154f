// The server's HTML of a message, rebuilt from an allow-list: nothing else gets into the page.

import { element, leave } from "./dom.js";
import { moment } from "./texts.js";

const PLAIN = new Set(["b", "i", "u", "s", "code"]);
const BLOCKS = new Set(["pre", "blockquote"]);

// `onLink(address)` answers whether it has dealt with a link; `onCommand(text)` sends a command.
export function rich(html, { onLink, onCommand }) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const copy = (parent) => [...parent.childNodes].map(one);

  function one(node) {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    const tag = node.localName;
    if (PLAIN.has(tag)) return element(tag, {}, ...copy(node));
    if (BLOCKS.has(tag)) return element(tag, { dir: "auto" }, ...copy(node));
    if (tag === "a") return link(node.getAttribute("href") ?? "", copy(node), onLink);
    if (tag === "time") return time(node.getAttribute("datetime"), copy(node));
    if (tag === "span" && node.className === "spoiler") return spoiler(copy(node));
    if (tag === "span" && node.className === "command") {
      const text = node.textContent;
      return element(
        "button",
        { type: "button", class: "command", dir: "ltr", onclick: () => onCommand(text) },
        text,
      );
    }
    return document.createTextNode(node.textContent);
  }

  const fragment = document.createDocumentFragment();
  fragment.append(...copy(parsed.body));
  return fragment;
}

export function link(address, content, onLink, attributes = {}) {
  if (!/^(https?|tg|mailto):/i.test(address)) return element("span", attributes, ...content);
  return element(
    "a",
    {
      href: address,
      target: "_blank",
      rel: "noopener noreferrer",
      ...attributes,
      onclick: (event) => {
        if (onLink(address)) event.preventDefault();
      },
    },
    ...content,
  );
}

function time(datetime, content) {
  const at = new Date(datetime);
  if (Number.isNaN(at.getTime())) return element("span", {}, ...content);
  return element("time", { datetime, title: `${moment(at)}, your time` }, ...content);
}

function spoiler(content) {
  const words = element("span", { hidden: true, tabindex: "-1" }, ...content);
  const cover = element("button", { type: "button", class: "spoiler" }, "Show hidden text");
  cover.addEventListener("click", () => {
    words.hidden = false;
    leave(cover, words);
    cover.remove();
  });
  return element("span", {}, cover, words);
}
