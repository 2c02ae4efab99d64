/**
 * On narrow screens the header folds into one line with a button; without a script it stays open.
 * Shares no code with the map, because a shared file would be one more way to the server before the first hexagon.
 */
export function startMenu(): void {
  const header = document.querySelector<HTMLElement>(".site-header");
  const navigation = header?.querySelector<HTMLElement>("nav");
  const brand = header?.querySelector<HTMLElement>(".site-header__brand");
  if (!header || !navigation || !brand) return;
  const words = navigation.getAttribute("aria-label") ?? "";
  const button = menuButton(words);
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

function menuButton(words: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "site-header__menu";
  button.setAttribute("aria-expanded", "false");
  const bars = document.createElement("span");
  bars.className = "site-header__bars";
  bars.setAttribute("aria-hidden", "true");
  button.append(bars, words);
  return button;
}
