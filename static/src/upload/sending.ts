/**
 * Sends the chosen file, or has it checked. Every end is said in plain words; where an end says nothing about the file,
 * it is sent again under the same key, by itself and by a button, until the server has answered.
 */
import { watchChoice } from "./choosing";
import { forgetKey, keyOf, unansweredNames } from "./keys";
import { Panel, type Task } from "./panel";
import { Retry } from "./retry";
import { transfer, type Ending, type Transfer } from "./transfer";
import type { Words } from "./words";

type Answer = Extract<Ending, { kind: "answer" }>;
const ACCEPT: Record<Task, string> = { send: "application/json", check: "application/json, text/html;q=0.9" };

export function startSending(words: Words): void {
  const root = document.querySelector<HTMLElement>("[data-upload]");
  if (root) new Sending(root, words);
}

class Sending {
  private readonly panel: Panel;
  private readonly retry: Retry;
  private file: File | null = null;
  private refusal: string | null = null;
  private task: Task = "send";
  private transfer: Transfer | null = null;
  private renewed = false;

  constructor(
    root: HTMLElement,
    private readonly words: Words,
  ) {
    const panel = new Panel(root, words);
    this.panel = panel;
    this.retry = new Retry((seconds) => panel.more(words.say("end.retry_in", { seconds })));
    watchChoice(panel, words, Number(root.dataset["maxMb"]), (file, refusal) => {
      this.file = file;
      this.refusal = refusal;
      this.retry.reset();
    });
    panel.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.start((event.submitter as HTMLElement | null)?.dataset["task"] === "check" ? "check" : "send");
    });
    panel.form.noValidate = true; // an empty choice is said in the page's language, not the browser's
    panel.retry.addEventListener("click", () => this.start(this.task));
    panel.cancel.addEventListener("click", () => this.transfer?.stop());
    addEventListener("beforeunload", (event) => {
      if (this.transfer) event.preventDefault();
    });
    const [unsure] = unansweredNames();
    if (unsure !== undefined) panel.ended(words.say("file.unsure", { name: unsure }), null, false);
  }

  private start(task: Task): void {
    this.task = task;
    this.renewed = false;
    this.retry.reset();
    if (this.file) void this.run(task, this.file);
    else this.panel.ended(this.refusal ?? this.words.say("file.none"), null, true);
  }

  private async run(task: Task, file: File): Promise<void> {
    if (this.transfer) return;
    if (!(await isReadable(file))) {
      this.panel.ended(this.words.say("file.changed", { name: file.name }), null, true);
      return;
    }
    this.panel.working(task, file);
    const { form } = this.panel;
    const url = task === "send" ? form.action : (form.dataset["checkUrl"] ?? "");
    this.transfer = transfer(url, file, this.headers(task, file), (sent) => this.panel.progress(task, sent, file.size));
    const ending = await this.transfer.ending;
    this.transfer = null;
    if (ending.kind === "answer") await this.answered(task, file, ending);
    else if (ending.kind === "broken") this.unknown(task, file);
    else this.say(task === "send" ? "send.stopped" : "check.stopped", false);
  }

  private headers(task: Task, file: File): Record<string, string> {
    return {
      Accept: ACCEPT[task],
      "Content-Type": "application/octet-stream",
      "X-CSRFToken": this.panel.token,
      "X-File-Name": encodeURIComponent(file.name),
      ...(task === "send" ? { "Idempotency-Key": keyOf(file) } : {}),
    };
  }

  private async answered(task: Task, file: File, answer: Answer): Promise<void> {
    const told = problemOf(answer);
    if (answer.status === 200 || answer.status === 202) this.good(task, file, answer);
    else if (answer.status === 401 || answer.status === 403 || (answer.status === 400 && !told))
      await this.signedOut(task, file);
    else if (answer.status === 409) this.wait(task, file, this.words.say("end.in_work"), answer);
    else if (answer.status === 503 || answer.status === 429) this.wait(task, file, this.words.say("end.busy"), answer);
    else if (told?.code === "body-cut-off" || (answer.status >= 500 && !told)) this.unknown(task, file);
    else this.refused(file, answer, told);
  }

  private good(task: Task, file: File, answer: Answer): void {
    if (task === "check") {
      this.panel.report(answer.text);
      return;
    }
    const arrived = JSON.parse(answer.text) as { url: string; replayed: boolean };
    forgetKey(file);
    this.panel.say(this.words.say(arrived.replayed ? "end.arrived_before" : "end.arrived"));
    location.assign(arrived.url);
  }

  /** The connection broke: nobody knows whether the file is there, and the same key makes that harmless. */
  private unknown(task: Task, file: File): void {
    this.say(task === "send" ? "end.unknown" : "end.check_failed", false);
    const again = this.retry.later(() => void this.run(task, file));
    if (again) this.promise();
  }

  private wait(task: Task, file: File, sentence: string, answer: Answer): void {
    this.panel.ended(sentence, this.againWords(), false);
    if (this.retry.later(() => void this.run(task, file), answer.retryAfter ?? 0)) this.promise();
  }

  /** Says once that another try comes by itself; how soon is counted down in silence. */
  private promise(): void {
    this.panel.say(this.words.say(navigator.onLine ? "end.retry" : "end.offline"));
    if (!navigator.onLine) this.panel.more(this.words.say("end.offline"));
  }

  /** The session ended, or began anew in another tab: the form's token is then fetched again, once. */
  private async signedOut(task: Task, file: File): Promise<void> {
    const token = this.renewed ? null : await freshToken();
    this.renewed = true;
    if (token !== null && token !== this.panel.token) {
      this.panel.token = token;
      await this.run(task, file);
      return;
    }
    this.say("end.signed_out", true);
    this.panel.offerSignIn();
  }

  private refused(file: File, answer: Answer, told: Problem | null): void {
    const ours: Record<string, string> = {
      "idempotency-key-reused": "end.other_file",
      "upload-withdrawn": "end.withdrawn",
    };
    const key = told ? ours[told.code] : undefined;
    if (answer.status !== 507) forgetKey(file); // a full disk is no answer about this file
    this.panel.ended(
      key ? this.words.say(key) : (told?.detail ?? this.words.say("end.refused", { status: answer.status })),
      this.againWords(),
      true,
    );
  }

  private say(key: string, grave: boolean): void {
    this.panel.ended(this.words.say(key), this.againWords(), grave);
  }

  private againWords(): string {
    return this.words.say(this.task === "send" ? "retry.send" : "retry.check");
  }
}

interface Problem {
  code: string;
  detail?: string;
}

function problemOf(answer: Answer): Problem | null {
  return answer.type.startsWith("application/problem+json") ? (JSON.parse(answer.text) as Problem) : null;
}

/** A file that was changed or moved since it was chosen can no longer be read. */
async function isReadable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function freshToken(): Promise<string | null> {
  try {
    const response = await fetch(location.pathname, { credentials: "same-origin", redirect: "error" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector<HTMLInputElement>("[data-upload] [name=csrf_token]")?.value ?? null;
  } catch {
    return null; // signed out (the answer is a redirect), or no connection
  }
}
