/** The place in the sheet where a card or a hexagon is shown in front of the list, and the way back. */
import type { Words } from "../client";
import { make, need } from "../dom";

export class Panel {
  readonly #element = need<HTMLElement>("#panel");
  readonly #list = need<HTMLElement>("#list-part");
  readonly #back: HTMLButtonElement;
  #onClose: () => void = () => undefined;
  #returnTo: (() => void) | null = null;

  constructor(words: Words) {
    this.#back = make("button", { type: "button", class: "button button--quiet panel__back" }, words.say("panel.back"));
    this.#back.addEventListener("click", () => history.back());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) history.back();
    });
    window.addEventListener("popstate", () => this.#close());
  }

  get isOpen(): boolean {
    return !this.#element.hidden;
  }

  /** Shows content; `back` of the browser, Escape and the button close it again and give the focus back. */
  show(content: HTMLElement, onClose: () => void, returnTo: (() => void) | null = null): void {
    if (this.isOpen) this.#onClose();
    else history.pushState({ panel: true }, "");
    this.#onClose = onClose;
    this.#returnTo = returnTo ?? this.#returnTo;
    this.replace(content);
    this.#element.hidden = false;
    this.#list.hidden = true;
    this.#element.scrollTop = 0;
    this.#element.querySelector<HTMLElement>("[tabindex='-1']")?.focus({ preventScroll: true });
  }

  /** New content for what is already open, without moving the focus. */
  replace(content: HTMLElement): void {
    this.#element.replaceChildren(this.#back, content);
  }

  #close(): void {
    if (!this.isOpen) return;
    this.#element.hidden = true;
    this.#list.hidden = false;
    this.#element.replaceChildren();
    this.#onClose();
    this.#returnTo?.();
    this.#returnTo = null;
  }
}
