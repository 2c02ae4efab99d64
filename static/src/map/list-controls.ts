/** The search field and the choice of order above the list. */
import { need } from "../dom";
import type { Order, VenueList } from "../venues/venue-list";

export interface ControlsContext {
  list: VenueList;
  /** Asks where the reader is, for whom the nearest are to come first. */
  locate: () => void;
  onSearch: (shown: ReadonlySet<number> | null) => void;
}

export function startControls({ list, locate, onSearch }: ControlsContext): void {
  const field = need<HTMLInputElement>("#venue-search");
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

  for (const choice of choices)
    choice.addEventListener("click", (event) => {
      event.preventDefault();
      const order = choice.dataset["order"] as Order;
      choose(order);
      if (order === "distance") locate();
    });
  choose("crowding");
}
