/**
 * One idempotency key for each file that is being sent, kept until an answer has come: a reload, or a second try after a
 * broken connection, uses the same one, so that the server counts the file once.
 */

interface Kept {
  key: string;
  name: string;
}

const PREFIX = "oryn-delivery ";
const KEY_BYTES = 16;

/** Kept here where the browser's storage is switched off: the key then lasts as long as the page. */
const memory = new Map<string, string>();

export function keyOf(file: File): string {
  const known = read(placeOf(file));
  if (known) return known.key;
  const kept: Kept = { key: freshKey(), name: file.name };
  write(placeOf(file), JSON.stringify(kept));
  return kept.key;
}

export function forgetKey(file: File): void {
  memory.delete(placeOf(file));
  try {
    sessionStorage.removeItem(placeOf(file));
  } catch {
    return; // see memory
  }
}

/** The names of files that were being sent when the page was left: nobody knows whether they arrived. */
export function unansweredNames(): string[] {
  try {
    return Object.keys(sessionStorage)
      .filter((place) => place.startsWith(PREFIX))
      .map((place) => read(place)?.name)
      .filter((name) => name !== undefined);
  } catch {
    return [];
  }
}

function placeOf(file: File): string {
  return `${PREFIX}${file.name} ${file.size} ${file.lastModified}`;
}

function read(place: string): Kept | null {
  try {
    const text = sessionStorage.getItem(place) ?? memory.get(place);
    return text ? (JSON.parse(text) as Kept) : null;
  } catch {
    const text = memory.get(place);
    return text ? (JSON.parse(text) as Kept) : null;
  }
}

function write(place: string, text: string): void {
  memory.set(place, text);
  try {
    sessionStorage.setItem(place, text);
  } catch {
    return; // see memory
  }
}

/** Not crypto.randomUUID: that is there only where the page is reached by https. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
