/** The icons that views may name, as paths in a square of 24. */
const paths: Readonly<Record<string, string>> = {
  play: "M8 5v14l11-7z",
  print: "M5 6h14M5 12h9M5 18h5",
  inspect: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  debug:
    "M8 8a4 4 0 0 1 8 0M7 10h10v5a5 5 0 0 1-10 0zM3 13h4m10 0h4M4 7l3 3m13-3-3 3M4 20l3-3m13 3-3-3",
  accept: "m4 12 5 5L20 6",
  close: "M6 6l12 12M18 6 6 18",
  add: "M12 5v14M5 12h14",
  remove: "M5 12h14",
  refresh: "M20 12a8 8 0 1 1-2.500-5.800M20 3v4h-4",
  search: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500 21 21",
  class: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM15 9.500a4 4 0 1 0 0 5",
  package: "M12 3 4 7v10l8 4 8-4V7zM4 7l8 4 8-4M12 11v10",
  method: "M7 5 3 12l4 7M17 5l4 7-4 7",
  protocol: "M4 7h6l2 2h8v10H4z",
  test: "M9 3h6M10 3v6L5 19a1.500 1.500 0 0 0 1.400 2h11.200a1.500 1.500 0 0 0 1.400-2L14 9V3M8 15h8",
  browser: "M4 5h16v14H4zM4 9h16M10 9v10",
  playground: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  transcript: "M5 4h14v16H5zM8 9h8M8 13h8M8 17h4",
  process:
    "M12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM12 3v3m0 12v3M3 12h3m12 0h3M5.600 5.600l2.100 2.100m8.600 8.600 2.100 2.100m0-12.800-2.100 2.100m-8.600 8.600-2.100 2.100",
  settings: "M4 7h10m4 0h2M4 17h2m4 0h10M16 5v4M8 15v4",
  help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  history: "M4 12a8 8 0 1 0 2.500-5.800M4 4v4h4M12 8v4l3 2",
  stop: "M7 7h10v10H7z",
  into: "M12 4v11m-5-5 5 5 5-5M6 20h12",
  over: "M4 13a8 7 0 0 1 15-2m1-5v6h-6M12 19h.01",
  out: "M12 15V4m-5 5 5-5 5 5M6 20h12",
  through: "M4 12h13m-5-5 5 5-5 5",
  restart: "M4 12a8 8 0 1 1 2.500 5.800M4 20v-5h5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  menu: "M4 7h16M4 12h16M4 17h16",
  error: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8v5M12 16.500v.01",
  ok: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12l3 3 5-6",
  breakpoint: "M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12z",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  left: "m15 6-6 6 6 6",
  right: "m9 6 6 6-6 6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  share:
    "M18 4.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM6 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM18 14.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM8.200 10.700l7.600-2.600M8.200 13.300l7.600 2.600",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  window: "M4 5h16v14H4zM4 9h16",
  table: "M4 5h16v14H4zM4 10h16M4 15h16M10 5v14",
  terminal: "M4 5h16v14H4zM7 9l3 3-3 3m5 0h4",
};

const namespace = "http://www.w3.org/2000/svg";

/** An icon, or an empty place of its size when none of that name is known. */
export function icon(name: string): SVGElement {
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", paths[name] ?? "");
  svg.append(path);
  return svg;
}
