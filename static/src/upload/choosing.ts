/** Choosing a file: by the button, or dragged onto the field. One at a time; what cannot be sent is said at once. */
import type { Panel } from "./panel";
import type { Words } from "./words";

const MB = 1024 * 1024;

/** `chosen` is told of every choice: the file, or why it cannot be sent. */
export function watchChoice(
  panel: Panel,
  words: Words,
  maxMb: number,
  chosen: (file: File | null, refusal: string | null) => void,
): void {
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (!file) return;
    const refusal = refusalOf(file, words, maxMb);
    panel.chosen(file);
    chosen(refusal ? null : file, refusal);
    if (refusal) {
      panel.ended(refusal, null, true);
      return;
    }
    panel.say(
      files.length > 1
        ? words.say("file.one", { name: file.name })
        : words.say("file.chosen", { name: file.name, size: words.size(file.size) }),
    );
  };
  panel.input.addEventListener("change", () => take(panel.input.files));
  watchDrops(panel, take);
}

function refusalOf(file: File, words: Words, maxMb: number): string | null {
  if (file.size === 0) return words.say("file.empty", { name: file.name });
  if (file.size > maxMb * MB) return words.say("file.large", { name: file.name, max: maxMb });
  return null;
}

function watchDrops(panel: Panel, take: (files: FileList | null | undefined) => void): void {
  const mark = (over: boolean): void => {
    panel.drop.classList.toggle("drop--over", over);
  };
  // A file that is dropped beside the field would be opened instead of this page.
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
  panel.drop.addEventListener("dragover", () => mark(!panel.input.disabled));
  panel.drop.addEventListener("dragleave", (event) => {
    if (!panel.drop.contains(event.relatedTarget as Node | null)) mark(false);
  });
  panel.drop.addEventListener("drop", (event) => {
    mark(false);
    if (panel.input.disabled) return;
    take(event.dataTransfer?.files);
  });
}
