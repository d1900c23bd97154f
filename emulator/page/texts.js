// How moments, languages and addresses are written and read.

const format = (options) => new Intl.DateTimeFormat("en-GB", options);
const HOUR = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const SHORT = format({
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

export const hour = (date) => HOUR.format(date);
export const day = (date) => DAY.format(date);
export const shortDay = (date) => SHORT_DAY.format(date);
// A moment is never broken across two lines.
export const moment = (date) => SHORT.format(date).replaceAll(" ", "\u00a0");

const names = new Intl.DisplayNames("en", { type: "language", fallback: "code" });

export function languageName(code) {
  try {
    return code ? names.of(code) : "no language";
  } catch {
    return code;
  }
}

const RIGHT_TO_LEFT = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

export const direction = (code) =>
  RIGHT_TO_LEFT.has((code ?? "").split("-")[0].toLowerCase()) ? "rtl" : "ltr";

export const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

// The payload of a link that opens this bot, or null if it opens something else.
export function startPayload(address, username) {
  let url;
  try {
    url = new URL(/^[a-z]+:/i.test(address) ? address : `https://${address}`);
  } catch {
    return null;
  }
  const bot = username.toLowerCase();
  const named =
    (["t.me", "telegram.me"].includes(url.hostname) &&
      url.pathname.replace(/^\/|\/$/g, "").toLowerCase() === bot) ||
    (url.protocol === "tg:" && url.searchParams.get("domain")?.toLowerCase() === bot);
  return named ? (url.searchParams.get("start") ?? "") : null;
}
