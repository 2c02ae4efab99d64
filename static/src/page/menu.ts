/** On narrow screens the header folds into one line with a button; without a script it stays open. */
import { make } from "../dom";

export function startMenu(): void {
  const header = document.querySelector<HTMLElement>(".site-header");
  const navigation = header?.querySelector<HTMLElement>("nav");
  const brand = header?.querySelector<HTMLElement>(".site-header__brand");
  if (!header || !navigation || !brand) return;
  const words = navigation.getAttribute("aria-label") ?? "";
  const button = make("button", { type: "button", class: "site-header__menu", "aria-expanded": false });
  button.append(make("span", { class: "site-header__bars", "aria-hidden": true }), words);
  const set = (open: boolean): void => {
    header.classList.toggle("site-header--open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => set(!header.classList.contains("site-header--open")));
  header.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !header.classList.contains("site-header--open")) return;
    set(false);
    button.focus();
  });
  brand.after(button);
  header.classList.add("site-header--folds");
}
