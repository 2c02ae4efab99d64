/** The part of the page where a file is sent: what is chosen, how far it is, how it ended. Says what it is told. */
import type { Words } from "./words";

export type Task = "send" | "check";

const SPOKEN_EVERY_PERCENT = 25;
const SURE_AFTER_MS = 3000; // the first bytes only fill the machine's own buffers

export class Panel {
  readonly input: HTMLInputElement;
  readonly form: HTMLFormElement;
  readonly drop: HTMLElement;
  readonly retry: HTMLButtonElement;
  readonly cancel: HTMLButtonElement;
  private readonly signIn: HTMLAnchorElement;
  private readonly spoken: HTMLElement;
  private readonly outcome: HTMLElement;
  private spokenPercent = 0;
  private begun = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly words: Words,
  ) {
    this.form = this.part("form");
    this.input = this.part("input[type=file]");
    this.drop = this.part("[data-drop]");
    this.retry = this.part("[data-retry]");
    this.cancel = this.part("[data-cancel]");
    this.signIn = this.part("[data-sign-in]");
    this.spoken = this.part("[data-announce]");
    const outcome = document.querySelector<HTMLElement>("[data-outcome]");
    if (!outcome) throw new TypeError("the page has no [data-outcome]");
    this.outcome = outcome;
    this.signIn.href = this.form.dataset["signInUrl"] ?? "";
    root.classList.add("upload--live");
  }

  get token(): string {
    return this.part<HTMLInputElement>("[name=csrf_token]").value;
  }

  set token(value: string) {
    this.part<HTMLInputElement>("[name=csrf_token]").value = value;
  }

  chosen(file: File): void {
    this.text("[data-chosen]", this.words.say("file.chosen", { name: file.name, size: this.words.size(file.size) }));
    this.calm();
    this.outcome.replaceChildren();
  }

  /** Back to choosing: no progress, no ending. */
  calm(): void {
    this.show("[data-progress]", false);
    this.show("[data-ending]", false);
    this.buttons(false);
  }

  working(task: Task, file: File): void {
    const sentence = this.words.say(task === "send" ? "send.sending" : "send.checking", { name: file.name });
    this.show("[data-ending]", false);
    this.text("[data-doing]", sentence);
    this.show("[data-progress]", true);
    this.buttons(true);
    this.spokenPercent = 0;
    this.begun = performance.now();
    this.say(sentence);
    this.progress(task, 0, file.size);
    this.lookAt("[data-progress]");
  }

  progress(task: Task, sent: number, total: number): void {
    const percent = Math.floor((100 * sent) / Math.max(total, 1));
    const meter = this.part<HTMLProgressElement>("progress");
    meter.value = percent;
    const numbers = { percent, sent: this.words.size(sent), total: this.words.size(total) };
    const all = sent >= total;
    const done = this.words.say(task === "send" ? "send.all" : "send.all_checking");
    this.text("[data-numbers]", all ? done : this.words.say("send.progress", numbers) + this.left(sent, total));
    if (percent < this.spokenPercent + SPOKEN_EVERY_PERCENT) return;
    this.spokenPercent = percent;
    this.say(all ? done : this.words.say("send.percent", { percent }));
  }

  /** Says how it ended; `again`: the words of the button that tries again, null for none. */
  ended(sentence: string, again: string | null, grave: boolean): void {
    const hadFocus = this.part("[data-progress]").contains(document.activeElement);
    this.calm();
    this.signIn.hidden = true;
    this.text("[data-ending-more]", "");
    this.part("[data-ending]").classList.toggle("notice--error", grave);
    this.part("[data-ending]").classList.toggle("notice--warning", !grave);
    this.retry.hidden = again === null;
    this.retry.textContent = again ?? "";
    this.show("[data-ending]", true);
    this.text("[data-ending-words]", sentence);
    this.lookAt("[data-ending]");
    if (hadFocus && again !== null) this.retry.focus({ preventScroll: true });
  }

  more(sentence: string): void {
    this.text("[data-ending-more]", sentence);
  }

  offerSignIn(): void {
    this.signIn.textContent = this.words.say("retry.link");
    this.signIn.hidden = false;
  }

  /** Shows a report that the server rendered: only its own part of the page, scripts do not run in it. */
  report(html: string): void {
    const page = new DOMParser().parseFromString(html, "text/html");
    const report = page.querySelector("[data-report]");
    if (!report) throw new TypeError("the answer has no report");
    this.calm();
    this.outcome.replaceChildren(document.importNode(report, true));
    this.outcome.focus();
    this.say(this.words.say("report.there"));
  }

  say(sentence: string): void {
    this.spoken.textContent = sentence;
  }

  /** How long it will take, once that can be told: ", about 4 min left". */
  private left(sent: number, total: number): string {
    const gone = performance.now() - this.begun;
    if (gone < SURE_AFTER_MS || sent === 0) return "";
    return `, ${this.words.left((gone * (total - sent)) / sent / 1000)}`;
  }

  /** Brings a part that has just appeared into sight, and the focus to it unless it is elsewhere on the page. */
  private lookAt(selector: string): void {
    const part = this.part(selector);
    const focused = document.activeElement;
    if (focused && focused !== document.body && !this.root.contains(focused)) return;
    part.focus({ preventScroll: true });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    part.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  private buttons(disabled: boolean): void {
    this.input.disabled = disabled;
    for (const button of this.form.querySelectorAll("button")) button.disabled = disabled;
  }

  private text(selector: string, text: string): void {
    this.part(selector).textContent = text;
  }

  private show(selector: string, shown: boolean): void {
    this.part(selector).hidden = !shown;
  }

  private part<T extends HTMLElement>(selector: string): T {
    const found = this.root.querySelector<T>(selector);
    if (!found) throw new TypeError(`the page has no ${selector}`);
    return found;
  }
}
