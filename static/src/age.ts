/** Clock times and ages in words. */
import type { Words } from "./client";

const MINUTE_MS = 60_000;
/** A picture of so long a time is called by both its ends: "20:00–21:00". */
const LONG_MINUTES = 60;

export type AgeClass = "fresh" | "stale" | "old";

export function clock(moment: Date, timezone: string): string {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: timezone } as const;
  return new Intl.DateTimeFormat("en-GB", options).format(moment);
}

/** When a picture was seen: the end of a short time bin, both ends of an hour. */
export function spanClock(start: Date, end: Date, timezone: string): string {
  const ended = clock(end, timezone);
  return ageMinutes(start, end) < LONG_MINUTES ? ended : `${clock(start, timezone)}–${ended}`;
}

export function ageMinutes(moment: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - moment.getTime()) / MINUTE_MS));
}

export function ageWords(minutes: number, words: Words): string {
  if (minutes < 1) return words.say("age.now");
  if (minutes < 60) return words.count("age.minutes", minutes);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 48) return words.count("age.days", Math.floor(hours / 24));
  return rest && hours < 6 ? words.count("age.hours_minutes", hours, { m: rest }) : words.count("age.hours", hours);
}

/** How far the newest picture is from now, by the limits of the policy. */
export function ageClass(minutes: number, staleAfter: number, oldAfter: number): AgeClass {
  if (minutes <= staleAfter) return "fresh";
  return minutes <= oldAfter ? "stale" : "old";
}
