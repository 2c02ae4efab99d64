/** Tries again by itself: after growing waits, and at once when the connection is there again. */

const WAITS_SECONDS = [2, 5, 15, 60] as const;
const TICK_MS = 1000;
const SETTLING_MS = 500; // a connection that has just come back is not there yet

export class Retry {
  private failures = 0;
  private timer = 0;
  private action: (() => void) | null = null;

  constructor(private readonly counted: (seconds: number) => void) {
    addEventListener("online", () => {
      if (!this.action) return;
      this.failures = 0;
      this.arm(SETTLING_MS);
    });
  }

  /** Tells whether another try will come by itself; `least` seconds are waited where the server asked for it. */
  later(action: () => void, least = 0): boolean {
    this.cancel();
    this.action = action;
    const wait = WAITS_SECONDS[this.failures];
    if (wait === undefined) return false;
    this.failures += 1;
    if (navigator.onLine) this.countDown(Math.max(wait, least));
    return true;
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.action = null;
  }

  reset(): void {
    this.cancel();
    this.failures = 0;
  }

  private countDown(seconds: number): void {
    if (seconds <= 0) {
      this.fire();
      return;
    }
    this.counted(seconds);
    this.timer = window.setTimeout(() => this.countDown(seconds - 1), TICK_MS);
  }

  private arm(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.fire(), milliseconds);
  }

  private fire(): void {
    const action = this.action;
    this.cancel();
    action?.();
  }
}
