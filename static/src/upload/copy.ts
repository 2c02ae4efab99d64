/** Buttons that copy a text; hidden while there is no script. */
import type { Words } from "./words";

const SHOWN_MS = 4000;

export function startCopying(words: Words, within: ParentNode = document): void {
  for (const button of within.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.hidden = false;
    const label = button.textContent ?? "";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => {
      void copied(button).then((done) => {
        button.textContent = words.say(done ? "copy.done" : "copy.failed");
        setTimeout(() => {
          button.textContent = label;
        }, SHOWN_MS);
      });
    });
  }
}

async function copied(button: HTMLButtonElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
    return true;
  } catch {
    return marked(button); // no permission, or the page is not reached by https
  }
}

/** Marks the text, so that at least the keyboard copies it. */
function marked(button: HTMLButtonElement): boolean {
  const text = button.parentElement?.querySelector("code");
  if (!text) return false;
  getSelection()?.selectAllChildren(text);
  return document.execCommand("copy");
}
