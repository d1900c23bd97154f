// What a person writes and sends: words, files, a place, a command; and words changed afterwards.

import { api } from "./api.js";
import { ask, attempt, disclose, element, icon, iconButton, $ } from "./dom.js";
import { languageOf } from "./texts.js";

export class Composer {
  // `lastOwn()` is the message that the arrow up brings back for a change.
  constructor(person, { lastOwn }) {
    this.id = person.id;
    this.reader = person.language_code;
    this.lastOwn = lastOwn;
    this.editing = null;
    this.field = element("textarea", { rows: "1", dir: "auto", enterkeyhint: "send" });
    this.field.placeholder = "Message";
    this.field.addEventListener("keydown", (event) => this.#key(event));
    const picker = this.#picker();
    this.node = element(
      "form",
      { class: "composer" },
      this.#editNote(),
      this.#commands(),
      iconButton("clip", "Attach a file", { onclick: () => picker.click() }),
      iconButton("place", "Share a location", { onclick: () => this.#shareLocation() }),
      picker,
      this.field,
      element(
        "button",
        { class: "icon-button send", "aria-label": "Send", title: "Send" },
        icon("send"),
      ),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  say(text) {
    return attempt(() => api.say(this.id, text).then(() => true));
  }

  // Takes one of the person's own messages back into the field.
  edit(message) {
    this.editing = message.message_id;
    this.note.hidden = false;
    this.field.value = message.text;
    this.field.focus();
  }

  #stopEditing() {
    if (this.editing) this.field.value = "";
    this.editing = null;
    this.note.hidden = true;
    this.field.focus();
  }

  async #send() {
    const text = this.field.value.trim();
    if (!text) return;
    const edited = this.editing;
    const done = edited
      ? await attempt(() => api.edit(this.id, edited, text).then(() => true))
      : await this.say(text);
    if (!done) return;
    this.field.value = "";
    this.#stopEditing();
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape" && this.editing) {
      this.#stopEditing();
    } else if (event.key === "ArrowUp" && !this.field.value) {
      const own = this.lastOwn();
      if (own) this.edit(own);
    }
  }

  #editNote() {
    this.note = element(
      "p",
      { class: "editing", dir: "ltr", hidden: true },
      element("span", {}, "You are changing a message."),
      element(
        "button",
        { type: "button", class: "quiet", onclick: () => this.#stopEditing() },
        "Cancel",
      ),
    );
    return this.note;
  }

  #picker() {
    const picker = element("input", { type: "file", hidden: true, multiple: true });
    picker.addEventListener("change", async () => {
      const files = [...picker.files];
      picker.value = "";
      for (const file of files) await this.#sendFile(file);
    });
    return picker;
  }

  async #sendFile(file) {
    let kind = "document";
    let seconds = 1;
    if (file.type.startsWith("image/")) {
      const given = await ask($("#picture"));
      if (!given) return;
      kind = given.kind;
    } else if (file.type.startsWith("audio/")) {
      kind = "voice";
      seconds = await lengthOf(file);
    }
    await attempt(() => api.file(this.id, kind, file, seconds));
  }

  async #shareLocation() {
    const given = await ask($("#location"));
    if (!given) return;
    await attempt(() => api.location(this.id, Number(given.latitude), Number(given.longitude)));
  }

  #commands() {
    const button = iconButton("slash", "Commands");
    this.list = element("div", { class: "menu commands" });
    this.closeList = disclose(button, this.list, { onOpen: () => this.#fillCommands() });
    return element("div", { class: "anchor" }, button, this.list);
  }

  async #fillCommands() {
    const commands = (await attempt(() => api.commands(this.id))) ?? [];
    this.list.replaceChildren(...commands.map((command) => this.#command(command)));
    if (!commands.length) {
      this.list.append(
        element("p", { class: "small", dir: "ltr" }, "The bot has set no commands."),
      );
    }
    $("button", this.list)?.focus();
  }

  #command({ command, description }) {
    const choose = () => {
      this.closeList(false);
      this.field.focus();
      this.say(`/${command}`);
    };
    return element(
      "button",
      { type: "button", onclick: choose },
      element("bdi", { class: "command-name", dir: "ltr" }, `/${command}`),
      element(
        "span",
        { class: "plain", dir: "auto", lang: languageOf(description, this.reader) },
        description,
      ),
    );
  }
}

// How many seconds of sound are in a file; 1 if the browser cannot tell.
function lengthOf(file) {
  const address = URL.createObjectURL(file);
  const sound = new Audio(address);
  return new Promise((resolve) => {
    sound.onloadedmetadata = () => resolve(sound.duration);
    sound.onerror = () => resolve(1);
  }).then((seconds) => {
    URL.revokeObjectURL(address);
    return Number.isFinite(seconds) ? Math.max(1, Math.round(seconds)) : 1;
  });
}
