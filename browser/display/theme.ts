/** Whether the page is dark: as the user has chosen, or else as the computer is. */
export function isDark(): boolean {
  const chosen = document.documentElement.style.colorScheme;
  if (chosen !== "") return chosen === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}
