// One person's chat with the bot.

import { api } from "./api.js";
import { Composer } from "./composer.js";
import {
  attempt, disclose, element, icon, iconButton, leave, notify, show, $,
} from "./dom.js";
import { isOwnText, messageNode } from "./message.js";
import { day, direction, fullName, languageName, languageOf, startPayload } from "./texts.js";

const TYPING_LASTS = 5000;
const TOAST_LASTS = 5000;
const NEAR_END = 120;

export class Panel {
  // `on` has: hide(panel), focus(panel).
  constructor(person, bot, on) {
    this.person = person;
    this.bot = bot;
    this.on = on;
    this.items = new Map();
    this.heard = 0;
    this.last = 0;
    this.top = 0;
    this.follows = true;
    this.#build();
    this.update(person, bot);
  }

  #build() {
    // What was said before the page was opened is not read out; sync() turns the voice on.
    this.log = element("div", { class: "log", role: "log", "aria-live": "off", tabindex: "0" });
    this.name = element("h2", { dir: "auto" });
    this.about = element("p", { class: "small", dir: "ltr" });
    this.typing = element("p", { class: "typing", dir: "ltr", hidden: true });
    this.toasts = element("div", { class: "toasts", role: "status" });
    this.newer = element(
      "button",
      { type: "button", class: "newer", hidden: true, onclick: () => this.#toEnd() },
      "New messages",
      icon("down"),
    );
    this.empty = element(
      "div",
      { class: "empty", dir: "ltr" },
      element("p", {}, "No messages yet."),
      element(
        "button",
        { type: "button", class: "button primary", onclick: () => this.start("") },
        "Start the bot",
      ),
    );
    this.composer = new Composer(this.person, { lastOwn: () => this.#lastOwn() });
    this.field = this.composer.field;
    this.node = element(
      "section",
      { class: "panel", "data-person": this.person.id },
      this.#header(),
      element("div", { class: "chat" }, this.log, this.empty, this.newer, this.toasts),
      this.typing,
      this.composer.node,
      this.#blockedNote(),
    );
    this.node.addEventListener("focusin", () => this.on.focus(this));
    this.log.addEventListener("scroll", () => {
      // Only going up is leaving the end; what grows below it is not.
      const { scrollTop } = this.log;
      if (this.#atEnd()) this.#follow();
      else if (scrollTop < this.top) this.follows = false;
      this.top = scrollTop;
    });
    // Pictures arrive later than their messages, and panels change their size.
    const follow = () => this.follows && this.#toEnd();
    this.log.addEventListener("load", follow, true);
    new ResizeObserver(follow).observe(this.log);
  }

  #header() {
    const more = iconButton("more", "More");
    this.blocking = element("button", { type: "button", onclick: () => this.#toggleBlock() });
    const menu = element(
      "div",
      { class: "menu", dir: "ltr" },
      this.blocking,
      element("button", { type: "button", onclick: () => this.#deactivate() }, "Delete the account"),
      element("button", { type: "button", onclick: () => this.#remove() }, "Remove from this page"),
    );
    const toggle = disclose(more, menu);
    // Before the choice acts: a dialog gives the focus back to where it was when it opened.
    menu.addEventListener("click", () => toggle(false), true);
    this.avatar = element("span", { class: "avatar", "aria-hidden": "true" });
    return element(
      "header",
      {},
      this.avatar,
      element("div", { class: "who" }, this.name, this.about),
      element("div", { class: "anchor" }, more, menu),
      iconButton("close", "Hide", { class: "icon-button hide", onclick: () => this.on.hide(this) }),
    );
  }

  #blockedNote() {
    this.blockedWords = element("p", {});
    this.unblocking = element(
      "button",
      { type: "button", class: "button", onclick: () => this.#toggleBlock() },
      "Unblock",
    );
    this.blocked = element(
      "div",
      { class: "blocked", dir: "ltr", hidden: true },
      this.blockedWords,
      this.unblocking,
    );
    return this.blocked;
  }

  // What the emulator says about the person and the bot.
  update(person, bot) {
    this.person = person;
    this.bot = bot;
    const name = fullName(person);
    this.node.dir = direction(person.language_code);
    this.node.setAttribute("aria-label", `${name}, ${languageName(person.language_code)}`);
    this.log.setAttribute("aria-label", `Messages of ${name}`);
    this.field.setAttribute("aria-label", `Message from ${name}`);
    this.name.textContent = name;
    this.name.lang = languageOf(name, person.language_code);
    this.avatar.textContent = [...name][0] ?? "?";
    this.avatar.dataset.tone = String(person.id % 6);
    const about = [person.note, languageName(person.language_code)];
    this.about.textContent = about.filter(Boolean).join(" · ");
    this.blocking.textContent = person.blocked ? "Unblock the bot" : "Block the bot";
    this.#showWhether(person.blocked || person.deactivated);
    if (person.deactivated) leave(this.unblocking, this.log);
    this.unblocking.hidden = person.deactivated;
    this.blockedWords.textContent = person.deactivated
      ? `${name} has deleted the account.`
      : `${name} has blocked the bot.`;
  }

  // Writing, or the note that it is not possible.
  #showWhether(away) {
    const [shown, going] = away
      ? [this.blocked, this.composer.node]
      : [this.composer.node, this.blocked];
    shown.hidden = false;
    leave(going, away ? this.unblocking : this.field, this.log);
    going.hidden = true;
  }

  // Fetch the chat; once more if something arrived meanwhile, so that nothing newer is undone.
  async sync() {
    let seen;
    let messages;
    do {
      seen = this.heard;
      messages = await attempt(() => api.messages(this.person.id));
      if (!messages) return;
    } while (seen !== this.heard);
    for (const message of messages) this.#put(message);
    const known = new Set(messages.map((message) => message.message_id));
    for (const id of this.items.keys()) if (!known.has(id)) this.#drop(id);
    this.#settle();
    setTimeout(() => this.log.setAttribute("aria-live", "polite"), 500);
  }

  // Something happened in this chat.
  hear(event) {
    this.heard += 1;
    switch (event.type) {
      case "message":
      case "edit":
        this.#put(event.message);
        if (event.message.from === "bot") this.typing.hidden = true;
        this.#settle(event);
        break;
      case "delete":
        this.#drop(event.message_id);
        this.#settle();
        break;
      case "toast":
        this.#tell(event);
        break;
      case "action":
        this.#showTyping(event.action);
        break;
    }
    this.#release();
  }

  // Messages

  #put(message) {
    const { message_id: id } = message;
    if (message.deleted) return this.#drop(id);
    const known = this.items.get(id);
    const said = JSON.stringify(message);
    if (known?.said === said) return undefined;
    const node = messageNode(message, this.bot.first_name, this.person.language_code, {
      link: (address) => this.openLink(address),
      command: (text) => this.composer.say(text),
      press: (pressed, button, key) => this.#press(pressed, button, key),
      edit: (own) => this.composer.edit(own),
      copy: (text) => this.#copy(text),
    });
    const date = new Date(message.date * 1000);
    if (known) {
      this.#replace(known.node, node);
    } else {
      const later = id > this.last ? [] : [...this.items.keys()].filter((other) => other > id);
      const next = later.length ? this.items.get(Math.min(...later)).node : null;
      this.log.insertBefore(node, next);
      this.last = Math.max(this.last, id);
    }
    this.items.set(id, { message, said, node, day: day(date) });
    return undefined;
  }

  // A bot often edits the message whose button was just pressed: the focus must stay.
  #replace(old, node) {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused ? [...old.querySelectorAll(".key")].indexOf(focused) : -1;
    old.replaceWith(node);
    if (!focused) return;
    const keys = node.querySelectorAll(".key");
    (keys[Math.min(Math.max(place, 0), keys.length - 1)] ?? node).focus({ preventScroll: true });
  }

  #drop(id) {
    const item = this.items.get(id);
    if (!item) return;
    if (item.node.contains(document.activeElement)) this.log.focus({ preventScroll: true });
    item.node.remove();
    this.items.delete(id);
  }

  // Day marks, the invitation to start, and the place in the list.
  #settle(event = null) {
    let before = "";
    for (const node of this.log.children) {
      if (!node.dataset.id) continue;
      const item = this.items.get(Number(node.dataset.id));
      const mark = item.day === before ? null : item.day;
      const shown = $(".day", node);
      if (mark && shown?.textContent !== mark) {
        shown?.remove();
        node.prepend(element("p", { class: "day", dir: "ltr" }, mark));
      } else if (!mark) shown?.remove();
      before = item.day;
    }
    if (this.items.size) leave(this.empty, this.field, this.log);
    this.empty.hidden = this.items.size > 0;
    const arrived = event?.type === "message";
    if (this.follows || (arrived && event.message.from === "person")) this.#toEnd();
    else if (arrived) this.newer.hidden = false;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#follow();
  }

  #follow() {
    leave(this.newer, this.log);
    this.newer.hidden = this.follows = true;
  }

  #lastOwn() {
    return [...this.items.values()]
      .map((item) => item.message)
      .findLast((message) => isOwnText(message));
  }

  // What the person does

  start(payload) {
    return attempt(() => api.start(this.person.id, payload));
  }

  // Opens a link to the bot here; says whether it was one.
  openLink(address) {
    const payload = startPayload(address, this.bot.username);
    if (payload === null) return false;
    this.start(payload);
    return true;
  }

  async #press(message, button, key) {
    key.setAttribute("aria-busy", "true");
    this.pressed = key;
    setTimeout(() => key.removeAttribute("aria-busy"), 3000);
    const sent = await attempt(() => api.press(this.person.id, message.message_id, button.data));
    if (!sent) key.removeAttribute("aria-busy");
  }

  #release() {
    this.pressed?.removeAttribute("aria-busy");
    this.pressed = null;
  }

  #toggleBlock() {
    const work = this.person.blocked ? api.unblock : api.block;
    return attempt(() => work(this.person.id));
  }

  async #deactivate() {
    const sure = await show(`Delete the Telegram account of ${fullName(this.person)}?`, {
      confirm: "Delete it", cancel: "Keep it" });
    if (sure) await attempt(() => api.deactivate(this.person.id));
  }

  async #remove() {
    const sure = await show(`Remove ${fullName(this.person)} and this chat from the page?`, {
      confirm: "Remove", cancel: "Keep" });
    if (sure) await attempt(() => api.removePerson(this.person.id));
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.toast("Copied", "en");
    } catch {
      notify(`Copying is not allowed here. The text is: ${text}`);
    }
  }

  // Passing signs

  #tell({ text, show_alert }) {
    const lang = languageOf(text, this.person.language_code);
    if (show_alert) show(text, { lang, title: "Alert" });
    else this.toast(text, lang);
  }

  toast(text, lang) {
    const toast = element("p", { class: "toast plain", dir: "auto", lang }, text);
    this.toasts.append(toast);
    setTimeout(() => toast.remove(), TOAST_LASTS);
  }

  #showTyping(action) {
    const doing = {
      typing: "is typing",
      upload_photo: "is sending a picture",
      upload_document: "is sending a file",
      upload_voice: "is sending a voice message",
    };
    this.typing.textContent = `${this.bot.first_name} ${doing[action] ?? "is busy"}…`;
    this.typing.hidden = false;
    clearTimeout(this.typingEnds);
    this.typingEnds = setTimeout(() => (this.typing.hidden = true), TYPING_LASTS);
  }
}
