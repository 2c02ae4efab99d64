/** The search field and the choice of order above the list. */
import type { Words } from "../client";
import { need } from "../dom";
import type { Place } from "../venues/distance";
import type { Order, VenueList } from "../venues/venue-list";

export interface ControlsContext {
  list: VenueList;
  words: Words;
  locate: () => Promise<Place | null>;
  middle: () => Place;
  onSearch: (shown: ReadonlySet<number> | null) => void;
}

export function startControls({ list, words, locate, middle, onSearch }: ControlsContext): void {
  const field = need<HTMLInputElement>("#venue-search");
  const notice = need<HTMLElement>("#list-notice");
  const choices = [...document.querySelectorAll<HTMLAnchorElement>("[data-order]")];
  const form = field.form;
  form?.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", () => onSearch(list.search(field.value)));

  const choose = (order: Order): void => {
    for (const choice of choices) {
      if (choice.dataset["order"] === order) choice.setAttribute("aria-current", "true");
      else choice.removeAttribute("aria-current");
    }
    list.sortBy(order);
  };

  const byDistance = async (): Promise<void> => {
    const place = await locate();
    notice.textContent = place ? words.say("near.found") : words.say("near.middle");
    list.measureFrom(place ?? middle());
  };

  for (const choice of choices)
    choice.addEventListener("click", (event) => {
      event.preventDefault();
      const order = choice.dataset["order"] as Order;
      notice.textContent = "";
      choose(order);
      if (order === "distance") void byDistance();
    });
  choose("crowding");
}
