/** `node --require` this: prints, when the command line has ended, the milliseconds its image took to open. */

process.on("exit", () => {
  const [opening] = performance.getEntriesByName("open image", "measure");
  process.stdout.write(`\n${opening.duration}\n`);
});
