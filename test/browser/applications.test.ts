/** Applications made with the display framework, each as the only thing on the page. */
import { describe, expect, it } from "vitest";
import { freshWindows } from "./fresh-windows.ts";
import type { WindowsPage } from "./windows.ts";

let windows: WindowsPage;
freshWindows((page) => {
  windows = page;
});

/** Opens an application alone: there are no windows and no menus then. */
async function openAlone(name: string): Promise<void> {
  await windows.run(`${name} openAlone`);
  await windows.page.getByRole("menubar", { name: "Menus" }).waitFor({ state: "detached" });
}

/** The windows come back, the application in one of them. */
async function showWindows(title: string): Promise<void> {
  await windows.press("Alt+Home");
  await windows.page.getByRole("menubar", { name: "Menus" }).waitFor();
  await windows.window(title).waitFor();
}

describe("alone on the page", () => {
  it("a list of what is to be done takes, ticks and forgets items, over a reload too", async () => {
    await openAlone("ToDoList");
    const field = windows.page.getByPlaceholder("What is to be done?");
    for (const item of ["water the plants", "write home"]) {
      await field.fill(item);
      await windows.press("Enter");
      await windows.page.getByText(item, { exact: true }).waitFor();
    }
    await windows.page.getByRole("checkbox").first().check();
    await windows.save();
    await windows.page.reload();
    await windows.page.getByText("write home", { exact: true }).waitFor();
    expect(await windows.page.getByRole("checkbox").first().isChecked()).toBe(true);
    await windows.page.getByRole("button", { name: "Remove done" }).click();
    await windows.page
      .getByText("water the plants", { exact: true })
      .waitFor({ state: "detached" });
    expect(await windows.violations()).toEqual([]);
    await showWindows("To do");
  });

  it("a spreadsheet works formulas out", async () => {
    await openAlone("Spreadsheet");
    const field = windows.page.getByPlaceholder(/^Number, text, or formula/);
    for (const [index, content] of ["6", "7", "=A1*A2"].entries()) {
      await windows.press(content[0]!);
      await windows.page.locator("input:focus").waitFor();
      await windows.page.keyboard.type(content.slice(1));
      await windows.press("Enter");
      await windows.page.getByText(`A${index + 2}`, { exact: true }).waitFor();
      await windows.page.locator(":focus:not(input)").waitFor();
    }
    await windows.press("ArrowUp");
    await windows.page.getByText("A3: 42").waitFor();
    expect(await field.inputValue()).toBe("=A1*A2");
    expect(await windows.violations()).toEqual([]);
    await showWindows("Spreadsheet");
  });

  it("a simulation runs on its canvas", async () => {
    await openAlone("LifeSimulation");
    const drawing = (): Promise<string> =>
      windows.page
        .locator("canvas")
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    await windows.page.getByRole("button", { name: "Random" }).click();
    const first = await drawing();
    await windows.page.getByRole("button", { name: "Step" }).click();
    await windows.until(async () => (await drawing()) !== first, "the next generation");
    const run = windows.page.getByRole("button", { name: "Run", exact: true }).last();
    await run.click();
    const running = await drawing();
    await windows.until(async () => (await drawing()) !== running, "generations");
    await run.click();
    expect(await windows.violations()).toEqual([]);
    await showWindows("Life");
  });
});
