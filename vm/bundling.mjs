/**
 * What every bundler of the machine must do: write constants into the code.
 * Left as variables of the bundle they are loaded and checked at each use, in
 * the dispatch loop too.
 */
export const bundling = {
  optimization: { inlineConst: { mode: "all", pass: 3 } },
};
