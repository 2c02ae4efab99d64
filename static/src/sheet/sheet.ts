/**
 * The bottom sheet with its three heights. Only its handle takes drags, only its body scrolls, and the map lies
 * elsewhere: the three never wait for each other's gestures. On wide screens it is a side panel and never moves.
 */
import { need } from "../dom";

export type SheetHeight = "peek" | "half" | "full";

const HEIGHTS: readonly SheetHeight[] = ["peek", "half", "full"];
/** Faster than this, pixels a millisecond, is a flick: it goes one height on, whatever the distance. */
const FLICK_SPEED = 0.5;
/** Less movement than this is a tap. */
const TAP_PX = 6;
/** A finger that rested this long before it let go did not flick. */
const REST_MS = 80;

export class Sheet {
  readonly element = need<HTMLElement>("#sheet");
  readonly #handle = need<HTMLElement>("#sheet-handle");
  readonly #grip = need<HTMLButtonElement>("#sheet-grip");
  readonly #listeners: ((height: SheetHeight) => void)[] = [];
  #drag: { startY: number; startHeight: number; lastY: number; lastTime: number; speed: number } | null = null;

  constructor() {
    this.#grip.hidden = false;
    // Pointers are heard on the handle, whose capture takes their clicks; what remains are keys and voices.
    this.#grip.addEventListener("click", (event) => {
      if (event.detail === 0) this.#step();
    });
    this.#grip.addEventListener("keydown", (event) => this.#onKey(event));
    this.#handle.addEventListener("pointerdown", (event) => this.#onDown(event));
    this.#handle.addEventListener("pointermove", (event) => this.#onMove(event));
    this.#handle.addEventListener("pointerup", (event) => this.#onUp(event));
    this.#handle.addEventListener("pointercancel", () => this.#release());
  }

  get height(): SheetHeight {
    return this.element.dataset["height"] as SheetHeight;
  }

  set height(height: SheetHeight) {
    this.element.dataset["height"] = height;
    document.body.dataset["sheet"] = height;
    this.element.style.removeProperty("--dragged-height");
    this.#grip.setAttribute("aria-expanded", String(height !== "peek"));
    for (const listener of this.#listeners) listener(height);
  }

  onHeight(listener: (height: SheetHeight) => void): void {
    this.#listeners.push(listener);
  }

  /** Opens at least this far. */
  openTo(height: SheetHeight): void {
    if (HEIGHTS.indexOf(height) > HEIGHTS.indexOf(this.height)) this.height = height;
  }

  #step(): void {
    this.height = this.height === "peek" ? "half" : this.height === "half" ? "full" : "peek";
  }

  #onKey(event: KeyboardEvent): void {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.#moveBy(by);
  }

  #moveBy(by: number): void {
    const index = Math.min(Math.max(HEIGHTS.indexOf(this.height) + by, 0), HEIGHTS.length - 1);
    this.height = HEIGHTS[index] ?? "half";
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0 || getComputedStyle(this.#grip).display === "none") return;
    const startHeight = this.element.getBoundingClientRect().height;
    this.#handle.setPointerCapture(event.pointerId);
    this.#drag = { startY: event.clientY, startHeight, lastY: event.clientY, lastTime: event.timeStamp, speed: 0 };
  }

  #onMove(event: PointerEvent): void {
    const drag = this.#drag;
    if (!drag || Math.abs(event.clientY - drag.startY) < TAP_PX) return;
    const elapsed = Math.max(1, event.timeStamp - drag.lastTime);
    drag.speed = (drag.lastY - event.clientY) / elapsed;
    [drag.lastY, drag.lastTime] = [event.clientY, event.timeStamp];
    this.element.classList.add("sheet--dragged");
    this.element.style.setProperty("--dragged-height", `${drag.startHeight + drag.startY - event.clientY}px`);
  }

  #onUp(event: PointerEvent): void {
    const drag = this.#drag;
    this.#release();
    if (!drag) return;
    if (Math.abs(event.clientY - drag.startY) < TAP_PX) return this.#step();
    if (Math.abs(drag.speed) > FLICK_SPEED && event.timeStamp - drag.lastTime < REST_MS)
      this.#moveBy(Math.sign(drag.speed));
    else this.height = this.#nearest(drag.startHeight + drag.startY - event.clientY);
  }

  #release(): void {
    this.#drag = null;
    this.element.classList.remove("sheet--dragged");
  }

  #nearest(height: number): SheetHeight {
    const room = this.element.parentElement?.clientHeight ?? window.innerHeight;
    const share = height / room;
    if (share < 0.25) return "peek";
    return share < 0.65 ? "half" : "full";
  }
}
