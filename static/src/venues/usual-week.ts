/**
 * A usual week, told and drawn: today's hours with the present one marked, then every day in a sentence.
 * Asked for when it is opened; the words are the server's.
 */
import type { Words } from "../client";
import { make } from "../dom";
import { fetchJson } from "../wire/api";
import { svg } from "./svg";

interface UsualHour {
  hour: number;
  step: number | null;
  height: number;
}

interface UsualDay {
  is_today: boolean;
  words: string;
  hours: UsualHour[];
}

export interface UsualWeek {
  note_words: string;
  none_words: string | null;
  now_hour: number;
  now_words: string | null;
  days: UsualDay[];
}

/** The last one that was made, so that what is open stays open while the slider moves. */
let last: { url: string; element: HTMLElement } | null = null;

/** A part of a card that unfolds; what it holds is fetched when it does. */
export function usualPart(url: string, words: Words): HTMLElement {
  if (last?.url === url) return last.element;
  const element = make("details", { class: "details" }, make("summary", {}, words.say("usual.title")));
  const content = make("div", { "aria-live": "polite" });
  element.append(content);
  element.addEventListener("toggle", () => {
    if (element.open && content.childElementCount === 0) void fill(content, url, words);
  });
  last = { url, element };
  return element;
}

async function fill(content: HTMLElement, url: string, words: Words): Promise<void> {
  content.replaceChildren(make("p", { class: "hint" }, words.say("usual.loading")));
  try {
    content.replaceChildren(...weekElements(await fetchJson<UsualWeek>(url)));
  } catch {
    content.replaceChildren(make("p", { class: "notice notice--error" }, words.say("usual.failed")));
  }
}

function weekElements(week: UsualWeek): HTMLElement[] {
  const today = week.days.find((day) => day.is_today);
  if (week.none_words || !today) return [make("p", {}, week.none_words ?? "")];
  return [
    make("p", { class: "usual__now" }, week.now_words ?? ""),
    make(
      "figure",
      { class: "usual__figure" },
      bars(today, week.now_hour),
      scale(),
      make("figcaption", {}, today.words),
    ),
    make("p", { class: "hint" }, week.note_words),
    make("ul", { class: "usual-days" }, ...week.days.filter((day) => !day.is_today).map(dayItem)),
  ];
}

function dayItem(day: UsualDay): HTMLElement {
  const drawn = bars(day, null);
  drawn.classList.add("usual--small");
  return make("li", { class: "usual-days__day" }, make("p", { class: "usual-days__words" }, day.words), drawn);
}

/** Said in the sentence below, so hidden from screen readers. */
function bars(day: UsualDay, nowHour: number | null): SVGElement {
  const drawn = svg("svg", {
    class: "usual",
    viewBox: nowHour === null ? "0 0 240 101" : "0 0 240 107",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  for (const { hour, step, height } of day.hours) {
    const at = hour * 10;
    const now = hour === nowHour ? " usual__bar--now" : "";
    drawn.append(
      step === null
        ? svg("line", { class: "usual__nothing", x1: at + 2, x2: at + 8, y1: 97, y2: 97 })
        : svg("rect", { class: `usual__bar${now}`, x: at + 1, y: 100 - height, width: 8, height }),
    );
  }
  if (nowHour !== null) drawn.append(svg("path", { class: "usual__hour", d: `M${nowHour * 10} 107h10l-5 -6z` }));
  drawn.append(svg("line", { class: "usual__axis", x1: 0, x2: 240, y1: 100, y2: 100 }));
  return drawn;
}

function scale(): HTMLElement {
  const hours = ["0", "6", "12", "18", "24"].map((hour) => make("span", {}, hour));
  return make("p", { class: "usual__scale", "aria-hidden": "true" }, ...hours);
}
