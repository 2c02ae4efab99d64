/** The theme chosen by hand: light, dark or sunlight; without a choice the system's preference rules. */

const STORED = "oryn-theme";
const THEMES = ["light", "dark", "sunlight"] as const;
type Theme = (typeof THEMES)[number];

function isTheme(value: unknown): value is Theme {
  return THEMES.some((theme) => theme === value);
}

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(STORED);
    return isTheme(value) ? value : null;
  } catch {
    return null; // storage is switched off: the choice lasts for this page
  }
}

export function applyTheme(theme: Theme | null): void {
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
  document.dispatchEvent(new CustomEvent("oryn:theme"));
}

function remember(theme: Theme | null): void {
  try {
    if (theme) localStorage.setItem(STORED, theme);
    else localStorage.removeItem(STORED);
  } catch {
    return; // see above
  }
}

/** Makes the select of themes work; it is hidden while there is no script. */
export function startTheme(): void {
  const chosen = stored();
  applyTheme(chosen);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(stored()));
  for (const picker of document.querySelectorAll<HTMLSelectElement>("[data-theme-picker] select")) {
    picker.value = chosen ?? "";
    picker.addEventListener("change", () => {
      const theme = isTheme(picker.value) ? picker.value : null;
      remember(theme);
      applyTheme(theme);
    });
    picker.closest<HTMLElement>("[data-theme-picker]")?.removeAttribute("hidden");
  }
}
