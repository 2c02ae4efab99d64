/** The words of the pages about deliveries, given by the server in the reader's language. Shares no file with the map. */

export type Values = Record<string, string | number>;

interface Client {
  language: string;
  words: Record<string, string>;
}

const MB = 1024 * 1024;
const KB = 1024;
const MINUTE = 60;
const STEP_SECONDS = 5;

export class Words {
  constructor(private readonly client: Client) {}

  say(key: string, values: Values = {}): string {
    const sentence = this.client.words[key] ?? key;
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  number(n: number): string {
    // Some browsers claim Kazakh and write English numbers; Russian ones are written the way Kazakh ones are.
    return n.toLocaleString(this.client.language === "kk" ? "ru" : this.client.language, { maximumFractionDigits: 1 });
  }

  /** Says how long something still takes: seconds by fives, then minutes. */
  left(seconds: number): string {
    return seconds < MINUTE
      ? this.say("send.left_seconds", { n: STEP_SECONDS * Math.ceil(seconds / STEP_SECONDS) })
      : this.say("send.left_minutes", { n: Math.ceil(seconds / MINUTE) });
  }

  size(bytes: number): string {
    return bytes < MB
      ? this.say("size.kb", { n: this.number(bytes / KB) })
      : this.say("size.mb", { n: this.number(bytes / MB) });
  }
}

export function readWords(): Words | null {
  const element = document.querySelector("#delivery-client");
  return element?.textContent ? new Words(JSON.parse(element.textContent) as Client) : null;
}
