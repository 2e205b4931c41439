import { describe, expect, it } from "vitest";
import {
  commandHelp,
  commands,
  generalHelp,
  imageWords,
  parseSize,
  parseWords,
  type Request,
  UsageError,
} from "../../cli/command-table.ts";

function request(...words: string[]): Request {
  const parsed = parseWords(words);
  if (typeof parsed === "string") throw new Error(`asked for ${parsed}`);
  return parsed;
}

const refusal = (...words: string[]): string => {
  try {
    parseWords(words);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "no refusal";
};

describe("the words of a command line", () => {
  it("name a command and what it acts on", () => {
    const { command, words, image } = request("eval", "3 + 4", "5 factorial");
    expect(command.name).toBe("eval");
    expect(words).toEqual(["3 + 4", "5 factorial"]);
    expect(image).toBeUndefined();
  });

  it("name the image in front, with -i, or in the environment", () => {
    expect(request("my.image", "eval", "3").image).toBe("my.image");
    expect(request("mine", "eval", "3").image).toBe("mine");
    expect(request("-i", "my.image", "eval", "3").image).toBe("my.image");
    expect(request("eval", "3", "--image=my.image").image).toBe("my.image");
    expect((parseWords(["eval", "3"], "env.image") as Request).image).toBe("env.image");
    expect((parseWords(["a.image", "eval", "3"], "env.image") as Request).image).toBe("a.image");
  });

  it("refuse a value given twice", () => {
    expect(refusal("test", "--load", "a", "--load", "b")).toBe("--load is given twice");
  });

  it("refuse an image named twice", () => {
    expect(refusal("a.image", "eval", "3", "-i", "b.image")).toBe("the image is named twice");
  });

  it("take an image alone as a program to run", () => {
    const { command, image } = request("./my.image");
    expect(command.name).toBe("run");
    expect(image).toBe("./my.image");
  });

  it("take a script alone as a program to run, with words of its own", () => {
    const { command, words, options } = request("hello.st", "--json", "-x", "--", "y");
    expect(command.name).toBe("run");
    expect(words).toEqual(["hello.st", "--json", "-x", "--", "y"]);
    expect(options.size).toBe(0);
  });

  it("keep a lone dash and negative numbers as words", () => {
    expect(request("eval", "-").words).toEqual(["-"]);
    expect(request("eval", "-3 abs").words).toEqual(["-3 abs"]);
    expect(request("eval", "--", "--x").words).toEqual(["--x"]);
  });

  it("refuse commands, options and words nobody knows", () => {
    expect(refusal()).toBe("which command?");
    expect(refusal("frobnicate")).toBe('there is no command "frobnicate"');
    expect(refusal("frobnicate", "x")).toBe('there is no command "frobnicate"');
    expect(refusal("my.image", "frobnicate")).toBe('there is no command "frobnicate"');
    expect(refusal("help", "frobnicate")).toBe('there is no command "frobnicate"');
    expect(refusal("eval", "--frob", "3")).toBe("there is no option --frob");
    expect(refusal("repl", "a", "b")).toBe('repl does not take "b"');
    expect(refusal("eval")).toBe("eval needs EXPR…");
    expect(refusal("eval", "3", "--heap-limit")).toBe("--heap-limit needs SIZE");
    expect(refusal("eval", "3", "--save=x")).toBe("--save takes no value");
  });

  it("ask for help and the version wherever they stand", () => {
    expect(parseWords(["--help"])).toBe("help");
    expect(parseWords(["-h"])).toBe("help");
    expect(parseWords(["help"])).toBe("help");
    expect(parseWords(["--version"])).toBe("version");
    expect(request("eval", "--help").options.has("help")).toBe(true);
    expect(request("help", "eval").options.has("help")).toBe(true);
  });

  it("reach the image as command, options, and words behind two dashes", () => {
    const asked = request("-i", "x.image", "test", "--json", "--junit", "out", "A", "B");
    const words = imageWords(asked, "test", asked.words);
    expect(words).toEqual(["test", "--json", "--junit=out", "--", "A", "B"]);
  });
});

describe("sizes", () => {
  it("are numbers of bytes with a unit", () => {
    expect(parseSize("512M")).toBe(512 * 2 ** 20);
    expect(parseSize("1.5g")).toBe(1.5 * 2 ** 30);
    expect(parseSize("33554432")).toBe(2 ** 25);
  });

  it("are refused where no heap could have them", () => {
    for (const text of ["", "x", "-1M", "1T", "1M", "5G", "1 M"]) {
      expect(() => parseSize(text)).toThrow(UsageError);
    }
  });
});

describe("help", () => {
  it("names every command and every option of it", () => {
    for (const row of commands) {
      expect(generalHelp()).toContain(`  ${row.name} `);
      const text = commandHelp(row);
      expect(text).toContain(`engram [IMAGE] ${row.name}`);
      for (const option of row.options) expect(text).toContain(`--${option.name}`);
    }
  });

  it("fits a terminal", () => {
    const longest = Math.max(
      ...generalHelp()
        .split("\n")
        .map((line) => line.length),
    );
    expect(longest).toBeLessThanOrEqual(100);
  });
});
