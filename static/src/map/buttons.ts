/** The map's own buttons: closer, farther, where I am, what the colours mean. */
import type * as L from "leaflet";
import { need } from "../dom";
import type { Sheet } from "../sheet/sheet";

export function startButtons(map: L.Map, locate: () => void, sheet: Sheet): void {
  need<HTMLElement>("#map-buttons").hidden = false;
  on("#zoom-in", () => map.zoomIn());
  on("#zoom-out", () => map.zoomOut());
  on("#locate", locate);
  on("#show-legend", () => {
    if (need<HTMLElement>("#panel").hidden) return showLegend(sheet);
    // A card stands before the list: it is closed the way the browser's own button closes it.
    window.addEventListener("popstate", () => showLegend(sheet), { once: true });
    history.back();
  });
}

function showLegend(sheet: Sheet): void {
  const legend = need<HTMLDetailsElement>("#legend");
  legend.open = true;
  sheet.openTo("half");
  // Not scrollIntoView: that would move the page as well, which cannot be moved back.
  const body = need<HTMLElement>("#sheet-body");
  body.scrollTop += legend.getBoundingClientRect().top - body.getBoundingClientRect().top;
  legend.querySelector("summary")?.focus({ preventScroll: true });
}

function on(selector: string, action: () => void): void {
  need<HTMLButtonElement>(selector).addEventListener("click", action);
}
