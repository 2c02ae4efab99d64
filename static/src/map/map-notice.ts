/** What the map has to say of itself, over the map: shown until it is closed, and read out when it comes. */
import type { Words } from "../client";
import { make, need } from "../dom";

export class MapNotice {
  readonly #element = need<HTMLElement>("#map-notice");

  constructor(private readonly words: Words) {}

  say(text: string): void {
    const close = make("button", { type: "button", class: "button button--quiet" }, this.words.say("notice.close"));
    close.addEventListener("click", () => this.clear());
    this.#element.replaceChildren(make("p", { class: "map-notice__words" }, text), close);
  }

  clear(): void {
    this.#element.replaceChildren();
  }
}
