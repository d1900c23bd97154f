// The clock bar: the emulator's time, and playing it forward.

import { api } from "./api.js";
import { attempt, disclose, $ } from "./dom.js";
import { day, hour, moment } from "./texts.js";

export class Clock {
  constructor() {
    this.ahead = 0;
    this.playing = false;
    this.time = $("#time");
    this.said = $("#clock-said");
    this.buttons = [...document.querySelectorAll("#clock-moves button")];
    const ways = { next: { next: true }, tomorrow: { days: 1 }, month: { months: 1 } };
    for (const [name, how] of Object.entries(ways)) {
      $(`#clock-${name}`).addEventListener("click", (event) => this.#play(how, event.target));
    }
    this.closeGoTo = disclose($("#clock-goto"), $("#goto-box"), { onOpen: () => this.#suggest() });
    $("#goto-box").addEventListener("submit", (event) => {
      event.preventDefault();
      const until = new Date($("#goto-until").value);
      this.closeGoTo(false);
      if (Number.isNaN(until.getTime())) return;
      if (until <= this.now()) this.said.textContent = "The clock only goes forward.";
      else this.#play({ until: until.toISOString() }, $("#clock-goto"));
    });
    setInterval(() => this.#tick(), 1000);
  }

  now() {
    return new Date(Date.now() + this.ahead);
  }

  // What the emulator says: {now, playing}.
  update({ now, playing }) {
    this.ahead = new Date(now) - Date.now();
    this.playing = playing;
    $("#clock").setAttribute("aria-busy", String(playing));
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(playing));
    if (playing) this.said.textContent = "Playing forward…";
    else if (this.said.textContent === "Playing forward…") this.said.textContent = "";
    this.#tick();
  }

  #tick() {
    const now = this.now();
    const hours = hour(now);
    if ($("b", this.time).textContent !== hours) $("b", this.time).textContent = hours;
    const days = day(now);
    if ($("span", this.time).textContent !== days) $("span", this.time).textContent = days;
    this.time.dateTime = now.toISOString().slice(0, 16) + "Z";
  }

  #suggest() {
    const field = $("#goto-until");
    const local = (date) =>
      new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    field.value = local(new Date(this.now().getTime() + 3_600_000));
    field.focus();
  }

  async #play(how, button) {
    if (this.playing) return;
    const before = this.now();
    this.playing = true;
    this.said.textContent = "Playing forward…";
    const answer = await attempt(() => api.play(how));
    this.playing = false;
    button.focus();
    if (!answer) {
      this.said.textContent = "The clock did not get there.";
      return;
    }
    this.update(answer);
    this.said.textContent = told(answer.stops.map((stop) => new Date(stop)), before);
  }
}

const SHOWN = 4;

function told(stops) {
  if (!stops.length) return "Nothing is planned.";
  const last = stops.slice(-SHOWN).map(moment).join(" · ");
  if (stops.length === 1) return `Stopped at ${last}`;
  const earlier = stops.length > SHOWN ? "… " : "";
  return `Stopped ${stops.length} times: ${earlier}${last}`;
}
