import type { Words } from "../client";
import type { Venue } from "../wire/api";

/** The venue's name in the reader's language; names come in Kazakh and Russian. */
export function nameOf(venue: Pick<Venue, "name">, language: string): string {
  if (typeof venue.name === "string") return venue.name;
  return venue.name[language] ?? venue.name["ru"] ?? venue.name["kk"] ?? "";
}

export function categoryOf(venue: Pick<Venue, "category" | "category_label">, words: Words): string {
  return venue.category_label ?? words.say(`category.${venue.category}`);
}
