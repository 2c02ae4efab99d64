/** What the page gave the script: addresses, language and every word that is shown. */

export interface ClientConfig {
  manifest_url: string;
  base_map_url: string | null;
  language: string;
  layer: "public" | "group";
  centre: [number, number];
  zoom?: number;
  timezone?: string;
  strings: Record<string, string>;
}

export type Values = Record<string, string | number>;

/** Words in the reader's language. A missing key shows itself, so that a test finds it. */
export class Words {
  readonly #plural: Intl.PluralRules;

  constructor(
    readonly language: string,
    private readonly strings: Record<string, string>,
  ) {
    this.#plural = new Intl.PluralRules(language);
  }

  has(key: string): boolean {
    return key in this.strings;
  }

  say(key: string, values: Values = {}): string {
    const sentence = this.strings[key] ?? key;
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  /** The form for `n` by the plural rules of the language: `key.one`, `key.few`, `key.many`, `key.other`. */
  count(key: string, n: number, values: Values = {}): string {
    const form = `${key}.${this.#plural.select(n)}`;
    return this.say(this.has(form) ? form : `${key}.other`, { n: this.number(n), ...values });
  }

  number(n: number): string {
    // Some browsers claim Kazakh and write English numbers; Russian ones are written the way Kazakh ones are.
    return n.toLocaleString(this.language === "kk" ? "ru" : this.language);
  }
}

export function readConfig(): ClientConfig {
  const element = document.querySelector("#oryn-client");
  if (!element?.textContent) throw new TypeError("the page has no #oryn-client");
  return JSON.parse(element.textContent) as ClientConfig;
}
