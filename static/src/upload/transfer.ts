/**
 * One request that brings a file: how far it is, and how it ended. `broken` is an end that says nothing: whether the
 * server has the file is not known. A connection on which nothing moves any more is broken too.
 */

export type Ending =
  | { kind: "answer"; status: number; text: string; type: string; retryAfter: number | null }
  | { kind: "broken" }
  | { kind: "stopped" };

export interface Transfer {
  readonly ending: Promise<Ending>;
  stop(): void;
}

const SILENT_SENDING_MS = 60_000;
const SILENT_ANSWER_MS = 600_000; // a large file is checked before a dry run answers

export function transfer(
  url: string,
  file: File,
  headers: Record<string, string>,
  progress: (sent: number) => void,
): Transfer {
  const request = new XMLHttpRequest();
  let silence = 0;
  let gaveUp = false;
  const listen = (patience: number): void => {
    clearTimeout(silence);
    silence = window.setTimeout(() => {
      gaveUp = true;
      request.abort();
    }, patience);
  };
  const ending = new Promise<Ending>((resolve) => {
    const end = (how: Ending): void => {
      clearTimeout(silence);
      resolve(how);
    };
    request.upload.addEventListener("progress", (event) => {
      listen(SILENT_SENDING_MS);
      progress(Math.min(event.loaded, file.size));
    });
    request.upload.addEventListener("load", () => {
      listen(SILENT_ANSWER_MS);
      progress(file.size);
    });
    request.addEventListener("load", () => end(answerOf(request)));
    request.addEventListener("error", () => end({ kind: "broken" }));
    request.addEventListener("abort", () => end({ kind: gaveUp ? "broken" : "stopped" }));
  });
  request.open("POST", url);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  listen(SILENT_SENDING_MS);
  request.send(file);
  return { ending, stop: () => request.abort() };
}

function answerOf(request: XMLHttpRequest): Ending {
  const seconds = Number(request.getResponseHeader("Retry-After"));
  return {
    kind: "answer",
    status: request.status,
    text: request.responseText,
    type: request.getResponseHeader("Content-Type") ?? "",
    retryAfter: seconds > 0 ? seconds : null,
  };
}
