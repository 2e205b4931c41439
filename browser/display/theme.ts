/** Whether the page is dark: as the user has chosen, or else as the computer is. */
export function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  if (theme === "light" || theme === "dark") return theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}
