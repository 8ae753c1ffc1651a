import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const STORED = "loljoa.theme";

function stored(): Theme {
  const value = localStorage.getItem(STORED);
  return value === "light" || value === "dark" ? value : "system";
}

export const theme = signal<Theme>(stored());

effect(() => {
  if (theme.value === "system") {
    localStorage.removeItem(STORED);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(STORED, theme.value);
    document.documentElement.dataset.theme = theme.value;
  }
});
