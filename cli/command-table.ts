/**
 * Every command of the command line and every option, and how words become a
 * request. Help texts derive from these tables.
 *
 * Commands that run `in: "image"` are carried out by Smalltalk (class
 * CommandLine): the host opens the image and hands the words over. The others
 * never run an image; the host does them itself.
 */

export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** What its value is called, if it takes one. */
  readonly value?: string;
  readonly doc: string;
  /** For the host alone; the image is not told. */
  readonly hostOnly?: true;
}

const json: OptionRow = { name: "json", doc: "answer as JSON, for programs" };
const save: OptionRow = { name: "save", doc: "save the image afterwards" };
const timeout = (doc: string): OptionRow => ({ name: "timeout", value: "SECONDS", doc });

/** Options every command takes. */
export const commonOptions: readonly OptionRow[] = [
  { name: "image", short: "i", value: "IMAGE", doc: "the image to open", hostOnly: true },
  {
    name: "heap-limit",
    value: "SIZE",
    doc: "most memory for objects, such as 512M or 2G (1G)",
    hostOnly: true,
  },
  { name: "help", short: "h", doc: "say how the command is used", hostOnly: true },
];

const saveOnError: OptionRow = {
  name: "save-on-error",
  value: "FILE",
  doc: "if the program fails, save the image with the failed process in FILE",
};

export interface CommandRow {
  readonly name: string;
  /** The words behind the name. */
  readonly usage: string;
  readonly doc: string;
  readonly details?: string;
  readonly in: "image" | "host";
  readonly least: number;
  readonly most: number;
  readonly options: readonly OptionRow[];
  /** Everything behind the first word belongs to the program that runs. */
  readonly passesRest?: true;
}

const any = Number.POSITIVE_INFINITY;

export const commands: readonly CommandRow[] = [
  {
    name: "eval",
    usage: "EXPR…",
    doc: "evaluate an expression and print its value",
    details:
      "Several words are several expressions, each printed on its own line.\n" +
      "The word - stands for everything on standard input.",
    in: "image",
    least: 1,
    most: any,
    options: [save, saveOnError, json],
  },
  {
    name: "run",
    usage: "FILE [ARG…]",
    doc: "run a script (.st), or an image's start-up",
    details:
      "A script is statements, or chunks that end with !; its first line may start with #!.\n" +
      "The words behind FILE are the program's: Smalltalk arguments.",
    in: "image",
    least: 0,
    most: any,
    options: [save, saveOnError],
    passesRest: true,
  },
  {
    name: "repl",
    usage: "[IMAGE]",
    doc: "converse with an image, line by line",
    details:
      "With an image, leaving saves it and coming back goes on where you were; an image that\n" +
      "does not exist yet is made. Without one, nothing is kept.",
    in: "image",
    least: 0,
    most: 1,
    options: [],
  },
  {
    name: "load",
    usage: "PATH…",
    doc: "load source code: Tonel and FileTree folders, Tonel files, chunk files",
    in: "image",
    least: 1,
    most: any,
    options: [{ name: "save", value: "OUT", doc: "save the image with the code as OUT" }, json],
  },
  {
    name: "export",
    usage: "PACKAGE… FOLDER",
    doc: "write the source code of packages into a folder",
    in: "image",
    least: 2,
    most: any,
    options: [
      { name: "format", value: "FORMAT", doc: "tonel (without this option), filetree, or chunks" },
    ],
  },
  {
    name: "test",
    usage: "[PATTERN…]",
    doc: "run the tests whose class or package matches; all without a pattern",
    details: "In the folder of a project (engram.json), without a pattern, the project's tests.",
    in: "image",
    least: 0,
    most: any,
    options: [
      json,
      { name: "load", value: "PATH", doc: "load source code from PATH first" },
      { name: "junit", value: "FILE", doc: "write a JUnit report to FILE" },
      timeout("give up on a test after so many seconds"),
    ],
  },
  {
    name: "save",
    usage: "OUT",
    doc: "write the image, compacted, as a new file OUT",
    in: "host",
    least: 1,
    most: 1,
    options: [],
  },
  {
    name: "info",
    usage: "",
    doc: "say what an image file holds, without running it",
    in: "host",
    least: 0,
    most: 1,
    options: [json],
  },
  {
    name: "verify",
    usage: "",
    doc: "check every byte, object and method of an image file, without running it",
    in: "host",
    least: 0,
    most: 1,
    options: [json],
  },
  {
    name: "build",
    usage: "SOURCES… -o OUT",
    doc: "make a fresh image from sources, the same bytes each time",
    details:
      "Without SOURCES, the project in this folder (engram.json) is loaded into the base image\n" +
      "and saved as OUT, or by its name.",
    in: "host",
    least: 0,
    most: any,
    options: [{ name: "output", short: "o", value: "OUT", doc: "the image file to write" }],
  },
  {
    name: "serve",
    usage: "",
    doc: "serve the browser workspace on 127.0.0.1",
    in: "host",
    least: 0,
    most: 1,
    options: [
      { name: "port", short: "p", value: "PORT", doc: "the port (8080, or the next free)" },
    ],
  },
];

/** What the user asked for. */
export interface Request {
  readonly command: CommandRow;
  /** The image named, or undefined for the base image. */
  readonly image: string | undefined;
  /** The words that belong to the command. */
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string | true>;
}

/** The user's mistake; `command` says whose usage to show. */
export class UsageError extends Error {
  readonly command: CommandRow | undefined;

  constructor(message: string, command?: CommandRow) {
    super(message);
    this.name = "UsageError";
    this.command = command;
  }
}

const commandNamed = (name: string): CommandRow | undefined =>
  commands.find((row) => row.name === name);

/** Understands the words of a command line, or throws a UsageError. */
export function parseWords(
  words: readonly string[],
  environmentImage?: string,
): Request | "help" | "version" {
  const rest = [...words];
  const options = new Map<string, string | true>();
  let image: string | undefined;
  while (rest[0]?.startsWith("-") && rest[0] !== "-") {
    if (rest[0] === "--version") return "version";
    takeOption(rest, commonOptions, options, undefined);
  }
  const first = rest[0];
  if (first === undefined) {
    if (options.has("help")) return "help";
    throw new UsageError("which command?");
  }
  if (first === "help") {
    const about = rest[1] === undefined ? undefined : commandNamed(rest[1]);
    if (rest[1] !== undefined && about === undefined) throw unknownCommand(rest[1]);
    if (about === undefined) return "help";
    return { command: about, image, words: [], options: new Map([["help", true]]) };
  }
  let command = commandNamed(first);
  if (command !== undefined) rest.shift();
  else if (first.endsWith(".st")) command = commandNamed("run")!;
  else if (rest.length > 1 || looksLikeImage(first)) {
    image = rest.shift()!;
    while (rest[0]?.startsWith("-") && rest[0] !== "-" && rest.length > 0) {
      takeOption(rest, commonOptions, options, undefined);
    }
    const name = rest.shift() ?? "run";
    command = commandNamed(name);
    if (command === undefined) throw unknownCommand(looksLikeImage(image) ? name : first);
  } else throw unknownCommand(first);
  return finishRequest(command, image, rest, options, environmentImage);
}

const looksLikeImage = (word: string): boolean => word.endsWith(".image") || word.includes("/");

const unknownCommand = (name: string): UsageError =>
  new UsageError(`there is no command "${name}"`);

function finishRequest(
  command: CommandRow,
  imageBefore: string | undefined,
  rest: string[],
  options: Map<string, string | true>,
  environmentImage: string | undefined,
): Request {
  const known = [...commonOptions, ...command.options];
  const words: string[] = [];
  while (rest.length > 0) {
    const word = rest[0]!;
    if (word === "--") {
      words.push(...rest.slice(1));
      break;
    }
    if (word.startsWith("-") && word !== "-" && !isNegativeNumber(word)) {
      takeOption(rest, known, options, command);
      continue;
    }
    words.push(rest.shift()!);
    if (command.passesRest) {
      words.push(...rest);
      break;
    }
  }
  const named = options.get("image");
  if (imageBefore !== undefined && named !== undefined) {
    throw new UsageError("the image is named twice", command);
  }
  const image = imageBefore ?? (typeof named === "string" ? named : environmentImage);
  if (!options.has("help")) {
    if (words.length < command.least)
      throw new UsageError(`${command.name} needs ${command.usage}`, command);
    if (words.length > command.most) {
      throw new UsageError(`${command.name} does not take "${words[command.most]}"`, command);
    }
  }
  return { command, image, words, options };
}

/** `eval -3` is an expression. */
const isNegativeNumber = (word: string): boolean => /^-\d/.test(word);

function takeOption(
  rest: string[],
  known: readonly OptionRow[],
  options: Map<string, string | true>,
  command: CommandRow | undefined,
): void {
  const word = rest.shift()!;
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  const flag = equals < 0 ? word : word.slice(0, equals);
  const row = known.find((each) => flag === `--${each.name}` || flag === `-${each.short}`);
  if (row === undefined) throw new UsageError(`there is no option ${flag}`, command);
  if (row.value === undefined) {
    if (equals >= 0) throw new UsageError(`${flag} takes no value`, command);
    options.set(row.name, true);
    return;
  }
  const value = equals >= 0 ? word.slice(equals + 1) : rest.shift();
  if (value === undefined || value === "") {
    throw new UsageError(`${flag} needs ${row.value}`, command);
  }
  if (options.has(row.name)) throw new UsageError(`${flag} is given twice`, command);
  options.set(row.name, value);
}

/** The number of bytes that a text such as 512M says. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)(?:i?B)?$/i.exec(text);
  const unit = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[match?.[2]?.toUpperCase() ?? ""];
  const size = match === null ? Number.NaN : Math.floor(Number(match[1]) * unit!);
  if (!(size >= 2 ** 24 && size <= 2 ** 32)) {
    throw new UsageError(`a heap limit is 16M to 4G, not "${text}"`);
  }
  return size;
}

export function generalHelp(): string {
  const width = Math.max(...commands.map((row) => row.name.length + row.usage.length + 1));
  const lines = commands.map((row) => `  ${`${row.name} ${row.usage}`.padEnd(width)}  ${row.doc}`);
  return [
    "engram [IMAGE] COMMAND …",
    "",
    ...lines,
    "",
    "Options of every command:",
    ...optionLines(commonOptions),
    "",
    "The image is IMAGE, or that of -i, or that of ENGRAM_IMAGE, or else the base image.",
    "Exit codes: 0 done, 1 the program or a test failed, 2 usage, 3 bad image, 4 out of",
    "memory, 130 interrupted.",
    "",
  ].join("\n");
}

export function commandHelp(command: CommandRow): string {
  const usage = `engram [IMAGE] ${command.name} ${command.usage}`.trimEnd();
  const parts = [`${usage}\n\n${sentence(command.doc)}`];
  if (command.details !== undefined) parts.push(command.details);
  parts.push(["Options:", ...optionLines([...command.options, ...commonOptions])].join("\n"));
  return `${parts.join("\n\n")}\n`;
}

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`;

function optionLines(rows: readonly OptionRow[]): string[] {
  const flags = rows.map(
    ({ short, name, value }) =>
      `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
  );
  const width = Math.max(...flags.map((flag) => flag.length));
  return rows.map((row, index) => `  ${flags[index]!.padEnd(width)}  ${row.doc}`);
}

/** What the image is told: an action, the request's options, `--`, and words. */
export function imageWords(
  { command, options }: Request,
  action: string,
  words: readonly string[],
): string[] {
  const passed = command.options
    .filter((row) => options.has(row.name))
    .map((row) => {
      const value = options.get(row.name)!;
      return value === true ? `--${row.name}` : `--${row.name}=${value}`;
    });
  return [action, ...passed, "--", ...words];
}
