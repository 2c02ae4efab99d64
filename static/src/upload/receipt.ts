/** A receipt that is not settled yet asks again, more and more seldom, and shows what became of the file. */
import { startCopying } from "./copy";
import type { Words } from "./words";

const WAITS_SECONDS = [1, 1, 2, 3, 5, 8, 13, 20, 30] as const;
const LONGEST_WAIT_SECONDS = 30;

export function watchReceipt(words: Words): void {
  const receipt = document.querySelector<HTMLElement>("[data-receipt]");
  if (receipt?.dataset["state"] === "received") new Watch(words).start();
}

class Watch {
  private asked = 0;
  private timer = 0;

  constructor(private readonly words: Words) {}

  start(): void {
    this.hint("report.waiting");
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.asked = 0; // somebody looks again
      this.later();
    });
    this.later();
  }

  private later(): void {
    clearTimeout(this.timer);
    const seconds = WAITS_SECONDS[this.asked] ?? LONGEST_WAIT_SECONDS;
    this.asked += 1;
    this.timer = window.setTimeout(() => void this.ask(), seconds * 1000);
  }

  private async ask(): Promise<void> {
    const page = await fetched();
    const fresh = page?.querySelector<HTMLElement>("[data-receipt]");
    if (!page || !fresh) {
      this.hint("report.unreachable");
      this.later();
    } else if (fresh.dataset["state"] === "received") {
      this.hint("report.waiting");
      this.later();
    } else this.settle(page, fresh);
  }

  private settle(page: Document, fresh: HTMLElement): void {
    const shown = document.importNode(fresh, true);
    document.querySelector("[data-receipt]")?.replaceWith(shown);
    document.title = page.title;
    startCopying(this.words, shown);
    const spoken = document.querySelector("[data-announce]");
    if (spoken) spoken.textContent = this.words.say("report.settled", { state: shown.dataset["stateWords"] ?? "" });
  }

  private hint(key: string): void {
    const hint = document.querySelector("[data-waiting]");
    if (hint) hint.textContent = this.words.say(key);
  }
}

async function fetched(): Promise<Document | null> {
  try {
    const response = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null;
  }
}
