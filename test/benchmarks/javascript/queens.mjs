/** Eight queens, ten times: backtracking over arrays of booleans. */
import { Benchmark } from "./benchmark.mjs";

export class Queens extends Benchmark {
  constructor() {
    super();
    this.freeRows = null;
    this.freeMaxs = null;
    this.freeMins = null;
    this.queenRows = null;
  }

  benchmark() {
    let result = true;
    for (let i = 0; i < 10; i++) result = result && this.queens();
    return result;
  }

  queens() {
    this.freeRows = new Array(8).fill(true);
    this.freeMaxs = new Array(16).fill(true);
    this.freeMins = new Array(16).fill(true);
    this.queenRows = new Array(8).fill(-1);
    return this.placeQueen(0);
  }

  placeQueen(column) {
    for (let row = 0; row < 8; row++) {
      if (this.isFree(row, column)) {
        this.queenRows[row] = column;
        this.setFree(row, column, false);
        if (column === 7) return true;
        if (this.placeQueen(column + 1)) return true;
        this.setFree(row, column, true);
      }
    }
    return false;
  }

  isFree(row, column) {
    return this.freeRows[row] && this.freeMaxs[column + row] && this.freeMins[column - row + 7];
  }

  setFree(row, column, free) {
    this.freeRows[row] = free;
    this.freeMaxs[column + row] = free;
    this.freeMins[column - row + 7] = free;
  }

  verifyResult(result) {
    return result;
  }
}
