// One message of a chat, as its person sees it.

import { element, icon } from "./dom.js";
import { link, rich } from "./rich.js";
import { direction, hour, languageOf, size } from "./texts.js";

// `on` has: link(address) -> dealt with?, command(text), press(message, button), edit(message),
// copy(text). `reader` is the person's language code.
export function messageNode(message, botName, reader, on) {
  const mine = message.from === "person";
  const bubble = element(
    "div",
    { class: "bubble" },
    message.author
      ? element("bdi", { class: "small author" }, message.author)
      : element("span", { class: "hidden" }, mine ? "You wrote: " : `${botName}: `),
    message.pinned ? mark("pin", "Pinned") : null,
    attachment(message, on),
    message.text ? body(message, reader, on) : null,
    footer(message, on),
  );
  const node = element(
    "article",
    { class: `message ${message.from}`, "data-id": message.message_id, tabindex: "-1" },
    bubble,
    message.buttons.length ? keyboard(message, reader, on) : null,
  );
  node.classList.toggle("protected", message.protected);
  return node;
}

// Whether its person may change it: Telegram lets people edit their own words.
export const isOwnText = (message) =>
  message.from === "person" && message.text !== "" && !message.attachment;

function body(message, reader, on) {
  const lang = languageOf(message.text, reader);
  const text = element("div", { class: "text plain", dir: "auto", lang });
  text.append(rich(message.html, { onLink: on.link, onCommand: on.command }));
  return text;
}

function footer(message, on) {
  const at = new Date(message.date * 1000);
  return element(
    "footer",
    {},
    isOwnText(message)
      ? element(
          "button",
          { type: "button", class: "quiet", "aria-label": "Edit this message",
            onclick: () => on.edit(message) },
          "Edit",
        )
      : null,
    message.protected ? mark("lock", "Protected") : null,
    message.edited ? element("span", { class: "edited" }, "edited") : null,
    element("time", { datetime: at.toISOString() }, hour(at)),
  );
}

const mark = (name, words) =>
  element("span", { class: "mark" }, icon(name), element("span", {}, words));

// Telegram lays rows out from left to right in every language, and bots mirror them. Whoever
// reads from the right meets them from the right: the style turns the row back (message.css).
function keyboard(message, reader, on) {
  const rows = message.buttons.map((row) => {
    const keys = row.map((button) => key(message, button, reader, on));
    return element("div", { class: "row" }, ...(direction(reader) === "rtl" ? keys.reverse() : keys));
  });
  return element("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows);
}

function key(message, button, reader, on) {
  const lang = languageOf(button.text, reader);
  const words = element("span", { class: "plain", dir: "auto", lang }, button.text);
  if (button.url) {
    return link(button.url, [words, icon("out")], on.link, { class: "key" });
  }
  const node = element("button", { type: "button", class: "key" }, words);
  if (button.copy_text) {
    node.append(icon("copy"));
    node.addEventListener("click", () => on.copy(button.copy_text));
  } else {
    node.addEventListener("click", () => on.press(message, button, node));
  }
  return node;
}

function attachment(message, on) {
  const file = message.attachment;
  if (!file) return null;
  switch (file.kind) {
    case "photo":
      return element(
        "a",
        { href: file.url, target: "_blank", rel: "noopener", class: "picture" },
        element("img", { src: file.url, alt: `Picture: ${message.text || file.file_name}` }),
      );
    case "voice":
      return element("audio", { controls: true, preload: "metadata", src: file.url,
        "aria-label": "Voice message" });
    case "document":
      return element(
        "a",
        { href: file.url, download: file.file_name, class: "file" },
        icon("file"),
        element(
          "span",
          {},
          element("bdi", { class: "file-name" }, file.file_name),
          element("span", { class: "small" }, `Download, ${size(file.size)}`),
        ),
      );
    default:
      return place(file, on);
  }
}

function place(file, on) {
  const point = `${file.latitude}, ${file.longitude}`;
  return element(
    "div",
    { class: "file" },
    icon("place"),
    element(
      "span",
      {},
      element("bdi", { class: "file-name" }, file.title ?? "Location"),
      file.address ? element("bdi", { class: "small" }, file.address) : null,
      element("button", { type: "button", class: "quiet", title: "Copy the place",
        onclick: () => on.copy(point) }, element("bdi", { dir: "ltr" }, point)),
    ),
  );
}
