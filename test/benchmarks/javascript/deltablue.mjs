/**
 * DeltaBlue: an incremental solver of constraints with strengths, after J.
 * Maloney and M. Wolczko. A chain of equalities, then a projection; polymorphic
 * calls and closures over the suite's collections.
 */
import { Benchmark } from "./benchmark.mjs";
import { IdentityDictionary, Vector } from "./som.mjs";

class StrengthSymbol {
  constructor(hash) {
    this.hash = hash;
  }

  customHash() {
    return this.hash;
  }
}

const absoluteStrongest = new StrengthSymbol(0);
const required = new StrengthSymbol(1);
const strongPreferred = new StrengthSymbol(2);
const preferred = new StrengthSymbol(3);
const strongDefault = new StrengthSymbol(4);
const defaultStrength = new StrengthSymbol(5);
const weakDefault = new StrengthSymbol(6);
const absoluteWeakest = new StrengthSymbol(7);

class Strength {
  static table = Strength.createTable();
  static constants = Strength.createConstants();
  static absoluteWeakest = Strength.of(absoluteWeakest);
  static required = Strength.of(required);

  constructor(symbol) {
    this.symbol = symbol;
    this.arithmeticValue = Strength.table.at(symbol);
  }

  static of(symbol) {
    return Strength.constants.at(symbol);
  }

  static createTable() {
    const table = new IdentityDictionary();
    table.atPut(absoluteStrongest, -10000);
    table.atPut(required, -800);
    table.atPut(strongPreferred, -600);
    table.atPut(preferred, -400);
    table.atPut(strongDefault, -200);
    table.atPut(defaultStrength, 0);
    table.atPut(weakDefault, 500);
    table.atPut(absoluteWeakest, 10000);
    return table;
  }

  static createConstants() {
    const constants = new IdentityDictionary();
    Strength.table.getKeys().forEach((key) => {
      constants.atPut(key, new Strength(key));
    });
    return constants;
  }

  sameAs(strength) {
    return this.arithmeticValue === strength.arithmeticValue;
  }

  stronger(strength) {
    return this.arithmeticValue < strength.arithmeticValue;
  }

  weaker(strength) {
    return this.arithmeticValue > strength.arithmeticValue;
  }

  weakest(strength) {
    return strength.weaker(this) ? strength : this;
  }
}

class Variable {
  constructor() {
    this.value = 0;
    this.constraints = new Vector(2);
    this.determinedBy = null;
    this.walkStrength = Strength.absoluteWeakest;
    this.stay = true;
    this.mark = 0;
  }

  static value(value) {
    const variable = new Variable();
    variable.value = value;
    return variable;
  }

  addConstraint(constraint) {
    this.constraints.append(constraint);
  }

  removeConstraint(constraint) {
    this.constraints.remove(constraint);
    if (this.determinedBy === constraint) this.determinedBy = null;
  }
}

class Constraint {
  constructor(symbol) {
    this.strength = Strength.of(symbol);
  }

  isInput() {
    return false;
  }

  addConstraint(planner) {
    this.addToGraph();
    planner.incrementalAdd(this);
  }

  destroyConstraint(planner) {
    if (this.isSatisfied()) planner.incrementalRemove(this);
    this.removeFromGraph();
  }

  inputsKnown(mark) {
    return !this.inputsHasOne(
      (variable) => !(variable.mark === mark || variable.stay || variable.determinedBy === null),
    );
  }

  satisfy(mark, planner) {
    this.chooseMethod(mark);
    if (!this.isSatisfied()) {
      if (this.strength.sameAs(Strength.required)) {
        throw new Error("Could not satisfy a required constraint");
      }
      return null;
    }
    this.inputsDo((variable) => {
      variable.mark = mark;
    });
    const output = this.getOutput();
    const overridden = output.determinedBy;
    if (overridden !== null) overridden.markUnsatisfied();
    output.determinedBy = this;
    if (!planner.addPropagate(this, mark)) throw new Error("Cycle encountered");
    output.mark = mark;
    return overridden;
  }
}

class UnaryConstraint extends Constraint {
  constructor(variable, symbol, planner) {
    super(symbol);
    this.output = variable;
    this.satisfied = false;
    this.addConstraint(planner);
  }

  isSatisfied() {
    return this.satisfied;
  }

  addToGraph() {
    this.output.addConstraint(this);
    this.satisfied = false;
  }

  removeFromGraph() {
    if (this.output !== null) this.output.removeConstraint(this);
    this.satisfied = false;
  }

  chooseMethod(mark) {
    this.satisfied = this.output.mark !== mark && this.strength.stronger(this.output.walkStrength);
  }

  execute() {}

  inputsDo() {}

  inputsHasOne() {
    return false;
  }

  markUnsatisfied() {
    this.satisfied = false;
  }

  getOutput() {
    return this.output;
  }

  recalculate() {
    this.output.walkStrength = this.strength;
    this.output.stay = !this.isInput();
    if (this.output.stay) this.execute();
  }
}

class EditConstraint extends UnaryConstraint {
  isInput() {
    return true;
  }
}

class StayConstraint extends UnaryConstraint {}

const forward = 1;
const backward = 2;

class BinaryConstraint extends Constraint {
  constructor(v1, v2, symbol) {
    super(symbol);
    this.v1 = v1;
    this.v2 = v2;
    this.direction = null;
  }

  isSatisfied() {
    return this.direction !== null;
  }

  addToGraph() {
    this.v1.addConstraint(this);
    this.v2.addConstraint(this);
    this.direction = null;
  }

  removeFromGraph() {
    if (this.v1 !== null) this.v1.removeConstraint(this);
    if (this.v2 !== null) this.v2.removeConstraint(this);
    this.direction = null;
  }

  chooseMethod(mark) {
    const { v1, v2, strength } = this;
    if (v1.mark === mark) {
      this.direction = v2.mark !== mark && strength.stronger(v2.walkStrength) ? forward : null;
    } else if (v2.mark === mark) {
      this.direction = strength.stronger(v1.walkStrength) ? backward : null;
    } else if (v1.walkStrength.weaker(v2.walkStrength)) {
      this.direction = strength.stronger(v1.walkStrength) ? backward : null;
    } else {
      this.direction = strength.stronger(v2.walkStrength) ? forward : null;
    }
  }

  inputsDo(action) {
    action(this.direction === forward ? this.v1 : this.v2);
  }

  inputsHasOne(test) {
    return test(this.direction === forward ? this.v1 : this.v2);
  }

  markUnsatisfied() {
    this.direction = null;
  }

  getOutput() {
    return this.direction === forward ? this.v2 : this.v1;
  }

  recalculate() {
    let input = this.v2;
    let output = this.v1;
    if (this.direction === forward) {
      input = this.v1;
      output = this.v2;
    }
    output.walkStrength = this.strength.weakest(input.walkStrength);
    output.stay = input.stay;
    if (output.stay) this.execute();
  }
}

class EqualityConstraint extends BinaryConstraint {
  constructor(v1, v2, symbol, planner) {
    super(v1, v2, symbol);
    this.addConstraint(planner);
  }

  execute() {
    if (this.direction === forward) this.v2.value = this.v1.value;
    else this.v1.value = this.v2.value;
  }
}

class ScaleConstraint extends BinaryConstraint {
  constructor(source, scale, offset, destination, symbol, planner) {
    super(source, destination, symbol);
    this.scale = scale;
    this.offset = offset;
    this.addConstraint(planner);
  }

  addToGraph() {
    this.v1.addConstraint(this);
    this.v2.addConstraint(this);
    this.scale.addConstraint(this);
    this.offset.addConstraint(this);
    this.direction = null;
  }

  removeFromGraph() {
    if (this.v1 !== null) this.v1.removeConstraint(this);
    if (this.v2 !== null) this.v2.removeConstraint(this);
    if (this.scale !== null) this.scale.removeConstraint(this);
    if (this.offset !== null) this.offset.removeConstraint(this);
    this.direction = null;
  }

  execute() {
    if (this.direction === forward) {
      this.v2.value = this.v1.value * this.scale.value + this.offset.value;
    } else {
      this.v1.value = (this.v2.value - this.offset.value) / this.scale.value;
    }
  }

  inputsDo(action) {
    action(this.direction === forward ? this.v1 : this.v2);
    action(this.scale);
    action(this.offset);
  }

  recalculate() {
    let input = this.v2;
    let output = this.v1;
    if (this.direction === forward) {
      input = this.v1;
      output = this.v2;
    }
    output.walkStrength = this.strength.weakest(input.walkStrength);
    output.stay = input.stay && this.scale.stay && this.offset.stay;
    if (output.stay) this.execute();
  }
}

class Plan extends Vector {
  constructor() {
    super(15);
  }

  execute() {
    this.forEach((constraint) => {
      constraint.execute();
    });
  }
}

class Planner {
  constructor() {
    this.currentMark = 1;
  }

  newMark() {
    this.currentMark += 1;
    return this.currentMark;
  }

  incrementalAdd(constraint) {
    const mark = this.newMark();
    let overridden = constraint.satisfy(mark, this);
    while (overridden !== null) overridden = overridden.satisfy(mark, this);
  }

  incrementalRemove(constraint) {
    const output = constraint.getOutput();
    constraint.markUnsatisfied();
    constraint.removeFromGraph();
    this.removePropagateFrom(output).forEach((unsatisfied) => {
      this.incrementalAdd(unsatisfied);
    });
  }

  extractPlanFromConstraints(constraints) {
    const sources = new Vector();
    constraints.forEach((constraint) => {
      if (constraint.isInput() && constraint.isSatisfied()) sources.append(constraint);
    });
    return this.makePlan(sources);
  }

  makePlan(sources) {
    const mark = this.newMark();
    const plan = new Plan();
    const todo = sources;
    while (!todo.isEmpty()) {
      const constraint = todo.removeFirst();
      if (constraint.getOutput().mark !== mark && constraint.inputsKnown(mark)) {
        plan.append(constraint);
        constraint.getOutput().mark = mark;
        this.addConstraintsConsumingTo(constraint.getOutput(), todo);
      }
    }
    return plan;
  }

  addConstraintsConsumingTo(variable, collection) {
    const determining = variable.determinedBy;
    variable.constraints.forEach((constraint) => {
      if (constraint !== determining && constraint.isSatisfied()) collection.append(constraint);
    });
  }

  addPropagate(constraint, mark) {
    const todo = Vector.with(constraint);
    while (!todo.isEmpty()) {
      const each = todo.removeFirst();
      if (each.getOutput().mark === mark) {
        this.incrementalRemove(constraint);
        return false;
      }
      each.recalculate();
      this.addConstraintsConsumingTo(each.getOutput(), todo);
    }
    return true;
  }

  change(variable, newValue) {
    const edit = new EditConstraint(variable, preferred, this);
    const plan = this.extractPlanFromConstraints(Vector.with(edit));
    for (let i = 0; i < 10; i++) {
      variable.value = newValue;
      plan.execute();
    }
    edit.destroyConstraint(this);
  }

  constraintsConsuming(variable, action) {
    const determining = variable.determinedBy;
    variable.constraints.forEach((constraint) => {
      if (constraint !== determining && constraint.isSatisfied()) action(constraint);
    });
  }

  removePropagateFrom(output) {
    const unsatisfied = new Vector();
    output.determinedBy = null;
    output.walkStrength = Strength.absoluteWeakest;
    output.stay = true;
    const todo = Vector.with(output);
    while (!todo.isEmpty()) {
      const variable = todo.removeFirst();
      variable.constraints.forEach((constraint) => {
        if (!constraint.isSatisfied()) unsatisfied.append(constraint);
      });
      this.constraintsConsuming(variable, (constraint) => {
        constraint.recalculate();
        todo.append(constraint.getOutput());
      });
    }
    unsatisfied.sort((c1, c2) => (c1.strength.stronger(c2.strength) ? -1 : 1));
    return unsatisfied;
  }

  static chainTest(n) {
    const planner = new Planner();
    const variables = new Array(n + 1).fill(null);
    for (let i = 0; i < n + 1; i++) variables[i] = new Variable();
    for (let i = 0; i < n; i++) {
      new EqualityConstraint(variables[i], variables[i + 1], required, planner);
    }
    new StayConstraint(variables[n], strongDefault, planner);
    const edit = new EditConstraint(variables[0], preferred, planner);
    const plan = planner.extractPlanFromConstraints(Vector.with(edit));
    for (let i = 0; i < 100; i++) {
      variables[0].value = i;
      plan.execute();
      if (variables[n].value !== i) throw new Error("Chain test failed!");
    }
    edit.destroyConstraint(planner);
  }

  static projectionTest(n) {
    const planner = new Planner();
    const destinations = new Vector();
    const scale = Variable.value(10);
    const offset = Variable.value(1000);
    let source = null;
    let destination = null;
    for (let i = 1; i <= n; i++) {
      source = Variable.value(i);
      destination = Variable.value(i);
      destinations.append(destination);
      new StayConstraint(source, defaultStrength, planner);
      new ScaleConstraint(source, scale, offset, destination, required, planner);
    }
    planner.change(source, 17);
    if (destination.value !== 1170) throw new Error("Projection test 1 failed!");
    planner.change(destination, 1050);
    if (source.value !== 5) throw new Error("Projection test 2 failed!");
    planner.change(scale, 5);
    for (let i = 1; i <= n - 1; i++) {
      if (destinations.at(i - 1).value !== i * 5 + 1000) {
        throw new Error("Projection test 3 failed!");
      }
    }
    planner.change(offset, 2000);
    for (let i = 1; i <= n - 1; i++) {
      if (destinations.at(i - 1).value !== i * 5 + 2000) {
        throw new Error("Projection test 4 failed!");
      }
    }
  }
}

export class DeltaBlue extends Benchmark {
  innerBenchmarkLoop(inner) {
    Planner.chainTest(inner);
    Planner.projectionTest(inner);
    return true;
  }
}
