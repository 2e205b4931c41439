/** The path of a Chromium or Chrome: CHROMIUM names one, else the usual places are searched. */
export function findChromium(): string | undefined;

/** Finds a Chromium, or installs one where the system lets us. */
export function findOrInstallChromium(): string | undefined;
