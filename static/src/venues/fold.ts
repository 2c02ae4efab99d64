/**
 * Folds names for search: the same key as rules/names.py makes, so that both searches find the same venues.
 * tests/browser/test_units.py compares the two.
 */

const PLAIN = pairs("әғқңөұүһіё", "агкноуухие");
const DOTTED = pairs("іїı", "iii");
const LOOK_ALIKE = pairs("авекмнорстухјѕһԁԛԝӏ", "abekmhopctyxjshdqwl");

export function fold(text: string): string {
  const marked = translate(text.normalize("NFKC").toLowerCase(), DOTTED).normalize("NFKD");
  const bare = marked.replace(/[\p{Mn}\p{Me}\p{Cf}\p{Cs}\p{Co}]/gu, "").toLowerCase();
  const alike = translate(translate(translate(bare, DOTTED), PLAIN), LOOK_ALIKE);
  return alike.replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function pairs(from: string, to: string): Map<string, string> {
  return new Map([...from].map((letter, index) => [letter, to[index] ?? letter]));
}

function translate(text: string, table: ReadonlyMap<string, string>): string {
  return [...text].map((letter) => table.get(letter) ?? letter).join("");
}
