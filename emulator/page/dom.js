// Small helpers to build the page. Text always goes in as text.

export const $ = (selector, root = document) => root.querySelector(selector);

// element("a", { class: "x", href, onclick }, "text", child …); null and false are left out.
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// A button that shows an icon only and says its label.
export const iconButton = (name, label, attributes = {}) =>
  element(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, ...attributes },
    icon(name),
  );

// Before something is hidden or removed: the focus that is in it goes to the first of these
// that takes it. Left alone it would fall to the page, and whoever uses the keyboard begins anew.
export function leave(going, ...next) {
  if (!going.contains(document.activeElement)) return;
  for (const node of next) {
    node?.focus({ preventScroll: true });
    if (document.activeElement === node) return;
  }
}

// Says something that concerns the whole page. It stays until it is closed.
export function notify(text) {
  const notice = element("div", { class: "notice" }, element("p", {}, text));
  const close = () => {
    const others = [...document.querySelectorAll(".notice button")];
    leave(notice, others.find((button) => !notice.contains(button)), $("#panels"));
    notice.remove();
  };
  notice.append(iconButton("close", "Close this notice", { onclick: close }));
  for (const other of document.querySelectorAll(".notice")) {
    if (other.textContent !== text) continue;
    leave(other, $("#panels"));
    other.remove();
  }
  $("#notices").append(notice);
}

// Does something with the emulator; says so if it fails.
export async function attempt(work) {
  try {
    return await work();
  } catch (problem) {
    notify(problem instanceof TypeError ? "The emulator cannot be reached." : problem.message);
    return undefined;
  }
}

// A button that opens and closes what follows it: closed by Escape, by a choice, by leaving.
export function disclose(button, box, { onOpen } = {}) {
  const toggle = (open) => {
    if (!open) leave(box, button);
    box.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) onOpen?.();
  };
  toggle(false);
  button.addEventListener("click", () => toggle(box.hidden));
  for (const part of [button, box]) {
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || box.hidden) return;
      event.stopPropagation();
      toggle(false);
      button.focus();
    });
  }
  box.addEventListener("keydown", (event) => walk(event, box));
  document.addEventListener("pointerdown", (event) => {
    if (!box.contains(event.target) && !button.contains(event.target)) toggle(false);
  });
  box.addEventListener("focusout", (event) => {
    const to = event.relatedTarget;
    if (to && !box.contains(to) && to !== button) toggle(false);
  });
  return toggle;
}

// The arrows go from choice to choice in a menu, and round at its ends.
function walk(event, menu) {
  const choices = [...menu.querySelectorAll(":scope > button")];
  const at = choices.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  choices.at(to % choices.length).focus();
}

// Opens a dialog whose form is sent back as an object, or null if it was cancelled.
export function ask(dialog) {
  return new Promise((resolve) => {
    const form = $("form", dialog);
    const done = (answer) => {
      form.removeEventListener("submit", submit);
      dialog.removeEventListener("close", cancel);
      if (dialog.open) dialog.close();
      resolve(answer);
    };
    const submit = (event) => {
      event.preventDefault();
      done(Object.fromEntries(new FormData(form)));
    };
    const cancel = () => done(null);
    form.addEventListener("submit", submit);
    dialog.addEventListener("close", cancel);
    for (const button of form.querySelectorAll("[data-cancel]")) {
      button.onclick = () => dialog.close();
    }
    dialog.showModal();
  });
}

// Shows a text that must be seen; resolves when it is closed.
export function show(text, { lang, title, confirm = "OK", cancel } = {}) {
  return new Promise((resolve) => {
    const dialog = element(
      "dialog",
      { class: "alert", "aria-label": title ?? "Message" },
      element("p", { class: "plain", dir: "auto", lang }, text),
      element(
        "form",
        { method: "dialog", class: "actions" },
        cancel ? element("button", { class: "button", value: "no" }, cancel) : null,
        element("button", { class: "button primary", value: "yes", autofocus: true }, confirm),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
