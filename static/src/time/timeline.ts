/**
 * The last 24 hours as the map knows them: which bins there are, whose bytes have come, and which one is shown.
 *
 * Moving never asks the network: it shows what is there, and what is wanted as soon as the window has arrived.
 */
import { fetchBytes, type BinInfo, type Manifest } from "../wire/api";
import { cutWindow } from "../wire/frames";

export interface Moment {
  bin: BinInfo;
  start: Date;
  end: Date;
  newest: boolean;
  levels: Uint8Array | null;
  venueCodes: Uint8Array | null;
}

export class Timeline {
  #bins: BinInfo[];
  #wanted: number;
  readonly #frames = new Map<string, Uint8Array>();
  #binByBin = false;
  readonly #listeners: ((moment: Moment) => void)[] = [];

  constructor(private manifest: Manifest) {
    this.#bins = manifest.bins;
    this.#wanted = this.#bins.length - 1;
  }

  get length(): number {
    return this.#bins.length;
  }

  get wanted(): number {
    return this.#wanted;
  }

  get windowArrived(): boolean {
    return this.#bins.every((bin) => this.#frames.has(bin.frame));
  }

  onChange(listener: (moment: Moment) => void): void {
    this.#listeners.push(listener);
  }

  /** The bin that is shown: the wanted one, or the nearest whose bytes are there; null when there is none at all. */
  get moment(): Moment | null {
    const index = this.#nearestLoaded();
    const bin = this.#bins[index];
    if (!bin) return null;
    return {
      bin,
      start: new Date(bin.start),
      end: new Date(bin.end),
      newest: index === this.#bins.length - 1,
      levels: this.#frames.get(bin.frame) ?? null,
      venueCodes: (bin.venues && this.#frames.get(bin.venues)) || null,
    };
  }

  move(index: number): void {
    this.#wanted = Math.min(Math.max(index, 0), this.#bins.length - 1);
    this.#tell();
    if (this.#binByBin) void this.#loadWanted();
  }

  async loadNewest(): Promise<void> {
    const newest = this.#bins.at(-1);
    if (newest) await this.#loadBin(newest);
    this.#tell();
  }

  /** Fetches all frames of the window in two requests; where that fails, a bin is fetched when it is moved to. */
  async loadWindow(): Promise<void> {
    try {
      await this.#loadBoth();
    } catch {
      this.#binByBin = true;
    }
    this.#tell();
  }

  async #loadBoth(): Promise<void> {
    const { window: whole } = this.manifest;
    if (!whole || whole.bins.length === 0) throw new RangeError("the server has no window");
    await Promise.all([
      this.#loadWhole(whole.url, whole.bins, (bin) => bin.frame),
      this.#loadWhole(whole.venues_url ?? `${whole.url}/venues`, whole.bins, (bin) => bin.venues),
    ]);
  }

  async #loadWanted(): Promise<void> {
    const bin = this.#bins[this.#wanted];
    if (!bin || this.#frames.has(bin.frame)) return;
    await this.#loadBin(bin).catch(() => undefined); // what is there stays shown
    this.#tell();
  }

  /** Takes a newer manifest over: keeps what has come, stays at the newest bin if it was there. */
  async renew(manifest: Manifest): Promise<void> {
    const stays = this.#bins[this.#wanted]?.start;
    const wasNewest = this.#wanted === this.#bins.length - 1;
    const missing = manifest.bins.filter((bin) => !this.#frames.has(bin.frame)).slice(-4);
    await Promise.all(missing.map((bin) => this.#loadBin(bin)));
    this.manifest = manifest;
    this.#bins = manifest.bins;
    const index = this.#bins.findIndex((bin) => bin.start === stays);
    this.#wanted = wasNewest || index < 0 ? this.#bins.length - 1 : index;
    this.#tell();
  }

  async #loadBin(bin: BinInfo): Promise<void> {
    await Promise.all([bin.frame, bin.venues].map((url) => this.#loadOne(url)));
  }

  async #loadOne(url: string | null): Promise<void> {
    if (url && !this.#frames.has(url)) this.#frames.set(url, await fetchBytes(url));
  }

  async #loadWhole(url: string, starts: readonly string[], addressOf: (bin: BinInfo) => string | null): Promise<void> {
    const frames = cutWindow(await fetchBytes(url), starts.length);
    const bins = new Map(this.#bins.map((bin) => [bin.start, bin]));
    starts.forEach((start, index) => {
      const bin = bins.get(start);
      const address = bin && addressOf(bin);
      const frame = frames[index];
      if (address && frame) this.#frames.set(address, frame);
    });
  }

  #nearestLoaded(): number {
    let best = -1;
    this.#bins.forEach((bin, index) => {
      const nearer = best < 0 || Math.abs(index - this.#wanted) < Math.abs(best - this.#wanted);
      if (nearer && this.#frames.has(bin.frame)) best = index;
    });
    return best;
  }

  #tell(): void {
    const { moment } = this;
    if (moment) for (const listener of this.#listeners) listener(moment);
  }
}
