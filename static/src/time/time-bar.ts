/** The slider of 24 hours, the clock with its age in words, and the way back to now. */
import { ageClass, ageMinutes, ageWords, spanClock } from "../age";
import type { Words } from "../client";
import { need } from "../dom";
import type { Manifest } from "../wire/api";
import type { Moment, Timeline } from "./timeline";

export class TimeBar {
  readonly #slider = need<HTMLInputElement>("#time-slider");
  readonly #clock = need<HTMLElement>("#time-clock");
  readonly #age = need<HTMLElement>("#time-age");
  readonly #now = need<HTMLButtonElement>("#time-now");

  constructor(
    private readonly timeline: Timeline,
    private readonly manifest: () => Manifest,
    private readonly words: Words,
  ) {
    this.#slider.addEventListener("input", () => timeline.move(Number(this.#slider.value)));
    this.#now.addEventListener("click", () => timeline.move(timeline.length - 1));
    timeline.onChange((moment) => this.show(moment));
    need<HTMLElement>("#time-bar").hidden = false;
  }

  show(moment: Moment, now = new Date()): void {
    const minutes = ageMinutes(moment.end, now);
    const age = ageWords(minutes, this.words);
    const time = spanClock(moment.start, moment.end, this.manifest().timezone);
    this.#slider.max = String(this.timeline.length - 1);
    this.#slider.value = String(this.timeline.wanted);
    this.#slider.setAttribute("aria-valuetext", this.words.say("time.value", { clock: time, age }));
    this.#clock.textContent = time;
    this.#age.textContent = moment.bin.revised ? `${age} · ${this.words.say("time.revised")}` : age;
    this.#now.disabled = this.timeline.wanted === this.timeline.length - 1;
    need("#time-bar").classList.toggle("time-bar--past", !moment.newest);
    this.#markAge(moment, minutes);
  }

  /** Only the newest picture can be stale: an older one was chosen. */
  #markAge(moment: Moment, minutes: number): void {
    const { stale_after_minutes: stale, old_after_minutes: old = Infinity } = this.manifest();
    const freshness = moment.newest ? ageClass(minutes, stale, old) : "fresh";
    for (const one of ["fresh", "stale", "old"]) this.#age.classList.toggle(`age--${one}`, one === freshness);
  }
}
