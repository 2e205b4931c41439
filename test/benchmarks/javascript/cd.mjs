/**
 * CD: a detector of collisions between aircraft, after the Collision Detector
 * benchmark of Purdue University (T. Kalibera and others). Red-black trees and
 * vectors of floats.
 */
import { Benchmark } from "./benchmark.mjs";
import { Vector } from "./som.mjs";

const minX = 0;
const minY = 0;
const maxX = 1000;
const maxY = 1000;
const minZ = 0;
const maxZ = 10;
const proximityRadius = 1;
const voxelSize = proximityRadius * 2;

function compareNumbers(a, b) {
  if (a === b) return 0;
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) ? -1 : 1;
}

class Vector2D {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }

  plus(other) {
    return new Vector2D(this.x + other.x, this.y + other.y);
  }

  minus(other) {
    return new Vector2D(this.x - other.x, this.y - other.y);
  }

  compareTo(other) {
    const result = compareNumbers(this.x, other.x);
    return result !== 0 ? result : compareNumbers(this.y, other.y);
  }
}

class Vector3D {
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }

  plus(other) {
    return new Vector3D(this.x + other.x, this.y + other.y, this.z + other.z);
  }

  minus(other) {
    return new Vector3D(this.x - other.x, this.y - other.y, this.z - other.z);
  }

  dot(other) {
    return this.x * other.x + this.y * other.y + this.z * other.z;
  }

  squaredMagnitude() {
    return this.dot(this);
  }

  magnitude() {
    return Math.sqrt(this.squaredMagnitude());
  }

  times(amount) {
    return new Vector3D(this.x * amount, this.y * amount, this.z * amount);
  }
}

class CallSign {
  constructor(value) {
    this.value = value;
  }

  compareTo(other) {
    return this.value === other.value ? 0 : this.value < other.value ? -1 : 1;
  }
}

class Aircraft {
  constructor(callsign, position) {
    this.callsign = callsign;
    this.position = position;
  }
}

class Collision {
  constructor(aircraftA, aircraftB, position) {
    this.aircraftA = aircraftA;
    this.aircraftB = aircraftB;
    this.position = position;
  }
}

class Simulator {
  constructor(aircraftCount) {
    this.aircraft = new Vector();
    for (let i = 0; i < aircraftCount; i++) this.aircraft.append(new CallSign(i));
  }

  simulate(time) {
    const frame = new Vector();
    for (let i = 0; i < this.aircraft.size(); i += 2) {
      frame.append(
        new Aircraft(this.aircraft.at(i), new Vector3D(time, Math.cos(time) * 2 + i * 3, 10)),
      );
      frame.append(
        new Aircraft(this.aircraft.at(i + 1), new Vector3D(time, Math.sin(time) * 2 + i * 3, 10)),
      );
    }
    return frame;
  }
}

class Motion {
  constructor(callsign, positionOne, positionTwo) {
    this.callsign = callsign;
    this.positionOne = positionOne;
    this.positionTwo = positionTwo;
  }

  delta() {
    return this.positionTwo.minus(this.positionOne);
  }

  /**
   * Where the two come closer than the radius, or null. Both move at constant
   * speed, so the squared distance is a quadratic function of time.
   */
  findIntersection(other) {
    const init1 = this.positionOne;
    const init2 = other.positionOne;
    const vec1 = this.delta();
    const vec2 = other.delta();
    const radius = proximityRadius;
    const a = vec2.minus(vec1).squaredMagnitude();
    if (a !== 0) {
      const b = 2 * init1.minus(init2).dot(vec1.minus(vec2));
      const c = -radius * radius + init2.minus(init1).squaredMagnitude();
      const discriminant = b * b - 4 * a * c;
      if (discriminant < 0) return null;
      const v1 = (-b - Math.sqrt(discriminant)) / (2 * a);
      const v2 = (-b + Math.sqrt(discriminant)) / (2 * a);
      if (v1 <= v2 && ((v1 <= 1 && 1 <= v2) || (v1 <= 0 && 0 <= v2) || (0 <= v1 && v2 <= 1))) {
        const v = Math.max(0, v1);
        const result1 = init1.plus(vec1.times(v));
        const result2 = init2.plus(vec2.times(v));
        const result = result1.plus(result2).times(0.5);
        if (
          result.x >= minX &&
          result.x <= maxX &&
          result.y >= minY &&
          result.y <= maxY &&
          result.z >= minZ &&
          result.z <= maxZ
        ) {
          return result;
        }
      }
      return null;
    }
    const distance = init2.minus(init1).magnitude();
    return distance <= radius ? init1.plus(init2).times(0.5) : null;
  }
}

const red = 1;
const black = 2;

class Node {
  constructor(key, value) {
    this.key = key;
    this.value = value;
    this.left = null;
    this.right = null;
    this.parent = null;
    this.color = red;
  }

  minimum() {
    let x = this;
    while (x.left !== null) x = x.left;
    return x;
  }

  successor() {
    let x = this;
    if (x.right !== null) return x.right.minimum();
    let y = x.parent;
    while (y !== null && x === y.right) {
      x = y;
      y = y.parent;
    }
    return y;
  }
}

class InsertResult {
  constructor(isNewEntry, newNode, oldValue) {
    this.isNewEntry = isNewEntry;
    this.newNode = newNode;
    this.oldValue = oldValue;
  }
}

function isBlack(node) {
  return node === null || node.color === black;
}

function isRed(node) {
  return node !== null && node.color === red;
}

class RedBlackTree {
  constructor() {
    this.root = null;
  }

  /** Answers what was at the key, or null. */
  put(key, value) {
    const insertion = this.treeInsert(key, value);
    if (!insertion.isNewEntry) return insertion.oldValue;
    let x = insertion.newNode;
    while (x !== this.root && x.parent.color === red) {
      x = x.parent === x.parent.parent.left ? this.fixLeftInsertion(x) : this.fixRightInsertion(x);
    }
    this.root.color = black;
    return null;
  }

  /** Answers what was at the key, or null. */
  remove(key) {
    const z = this.findNode(key);
    if (z === null) return null;
    const y = z.left === null || z.right === null ? z : z.successor();
    const x = y.left !== null ? y.left : y.right;
    const xParent = y.parent;
    if (x !== null) x.parent = xParent;
    this.replaceChild(y, x);
    if (y.color === black) this.fixRemoval(x, xParent);
    if (y === z) return z.value;
    y.parent = z.parent;
    y.color = z.color;
    y.left = z.left;
    y.right = z.right;
    if (z.left !== null) z.left.parent = y;
    if (z.right !== null) z.right.parent = y;
    this.replaceChild(z, y);
    return z.value;
  }

  get(key) {
    const node = this.findNode(key);
    return node === null ? null : node.value;
  }

  forEach(action) {
    if (this.root === null) return;
    let current = this.root.minimum();
    while (current !== null) {
      action(current);
      current = current.successor();
    }
  }

  findNode(key) {
    let current = this.root;
    while (current !== null) {
      const comparison = key.compareTo(current.key);
      if (comparison === 0) return current;
      current = comparison < 0 ? current.left : current.right;
    }
    return null;
  }

  treeInsert(key, value) {
    let y = null;
    let x = this.root;
    while (x !== null) {
      y = x;
      const comparison = key.compareTo(x.key);
      if (comparison < 0) {
        x = x.left;
      } else if (comparison > 0) {
        x = x.right;
      } else {
        const oldValue = x.value;
        x.value = value;
        return new InsertResult(false, null, oldValue);
      }
    }
    const z = new Node(key, value);
    z.parent = y;
    if (y === null) this.root = z;
    else if (key.compareTo(y.key) < 0) y.left = z;
    else y.right = z;
    return new InsertResult(true, z, null);
  }

  /** Puts a node where another was below its parent. */
  replaceChild(old, replacement) {
    const parent = old.parent;
    if (parent === null) this.root = replacement;
    else if (old === parent.left) parent.left = replacement;
    else parent.right = replacement;
  }

  leftRotate(x) {
    const y = x.right;
    x.right = y.left;
    if (y.left !== null) y.left.parent = x;
    y.parent = x.parent;
    this.replaceChild(x, y);
    y.left = x;
    x.parent = y;
    return y;
  }

  rightRotate(y) {
    const x = y.left;
    y.left = x.right;
    if (x.right !== null) x.right.parent = y;
    x.parent = y.parent;
    this.replaceChild(y, x);
    x.right = y;
    y.parent = x;
    return x;
  }

  /** Restores the colors around a new red node, whose parent is a left child; answers where to go on. */
  fixLeftInsertion(node) {
    let x = node;
    const y = x.parent.parent.right;
    if (isRed(y)) {
      x.parent.color = black;
      y.color = black;
      x.parent.parent.color = red;
      return x.parent.parent;
    }
    if (x === x.parent.right) {
      x = x.parent;
      this.leftRotate(x);
    }
    x.parent.color = black;
    x.parent.parent.color = red;
    this.rightRotate(x.parent.parent);
    return x;
  }

  /** As fixLeftInsertion, with left and right exchanged. */
  fixRightInsertion(node) {
    let x = node;
    const y = x.parent.parent.left;
    if (isRed(y)) {
      x.parent.color = black;
      y.color = black;
      x.parent.parent.color = red;
      return x.parent.parent;
    }
    if (x === x.parent.left) {
      x = x.parent;
      this.rightRotate(x);
    }
    x.parent.color = black;
    x.parent.parent.color = red;
    this.leftRotate(x.parent.parent);
    return x;
  }

  /** Restores the colors above a black node that was taken out. */
  fixRemoval(node, nodeParent) {
    let x = node;
    let xParent = nodeParent;
    while (x !== this.root && isBlack(x)) {
      x = x === xParent.left ? this.fixLeftRemoval(xParent) : this.fixRightRemoval(xParent);
      xParent = x.parent;
    }
    if (x !== null) x.color = black;
  }

  /** The left side of xParent lacks a black node; answers where to go on. */
  fixLeftRemoval(xParent) {
    let w = xParent.right;
    if (w.color === red) {
      w.color = black;
      xParent.color = red;
      this.leftRotate(xParent);
      w = xParent.right;
    }
    if (isBlack(w.left) && isBlack(w.right)) {
      w.color = red;
      return xParent;
    }
    if (isBlack(w.right)) {
      w.left.color = black;
      w.color = red;
      this.rightRotate(w);
      w = xParent.right;
    }
    w.color = xParent.color;
    xParent.color = black;
    if (w.right !== null) w.right.color = black;
    this.leftRotate(xParent);
    return this.root;
  }

  /** As fixLeftRemoval, with left and right exchanged. */
  fixRightRemoval(xParent) {
    let w = xParent.left;
    if (w.color === red) {
      w.color = black;
      xParent.color = red;
      this.rightRotate(xParent);
      w = xParent.left;
    }
    if (isBlack(w.right) && isBlack(w.left)) {
      w.color = red;
      return xParent;
    }
    if (isBlack(w.left)) {
      w.right.color = black;
      w.color = red;
      this.leftRotate(w);
      w = xParent.left;
    }
    w.color = xParent.color;
    xParent.color = black;
    if (w.left !== null) w.left.color = black;
    this.rightRotate(xParent);
    return this.root;
  }
}

const horizontal = new Vector2D(voxelSize, 0);
const vertical = new Vector2D(0, voxelSize);

class CollisionDetector {
  constructor() {
    this.state = new RedBlackTree();
  }

  handleNewFrame(frame) {
    const motions = new Vector();
    const seen = new RedBlackTree();
    frame.forEach((aircraft) => {
      const newPosition = aircraft.position;
      let oldPosition = this.state.put(aircraft.callsign, newPosition);
      seen.put(aircraft.callsign, true);
      if (oldPosition === null) oldPosition = newPosition;
      motions.append(new Motion(aircraft.callsign, oldPosition, newPosition));
    });

    const toRemove = new Vector();
    this.state.forEach((entry) => {
      if (!seen.get(entry.key)) toRemove.append(entry.key);
    });
    toRemove.forEach((callsign) => {
      this.state.remove(callsign);
    });

    const collisions = new Vector();
    this.reduceCollisionSet(motions).forEach((reduced) => {
      for (let i = 0; i < reduced.size(); i++) {
        const motion1 = reduced.at(i);
        for (let j = i + 1; j < reduced.size(); j++) {
          const motion2 = reduced.at(j);
          const position = motion1.findIntersection(motion2);
          if (position !== null) {
            collisions.append(new Collision(motion1.callsign, motion2.callsign, position));
          }
        }
      }
    });
    return collisions;
  }

  reduceCollisionSet(motions) {
    const voxelMap = new RedBlackTree();
    motions.forEach((motion) => {
      this.drawMotionOnVoxelMap(voxelMap, motion);
    });
    const result = new Vector();
    voxelMap.forEach((entry) => {
      if (entry.value.size() > 1) result.append(entry.value);
    });
    return result;
  }

  drawMotionOnVoxelMap(voxelMap, motion) {
    this.recurse(voxelMap, new RedBlackTree(), this.voxelHash(motion.positionOne), motion);
  }

  voxelHash(position) {
    let x = voxelSize * Math.trunc(position.x / voxelSize);
    let y = voxelSize * Math.trunc(position.y / voxelSize);
    if (position.x < 0) x -= voxelSize;
    if (position.y < 0) y -= voxelSize;
    return new Vector2D(x, y);
  }

  recurse(voxelMap, seen, voxel, motion) {
    if (!this.isInVoxel(voxel, motion)) return;
    if (seen.put(voxel, true) === true) return;
    this.putIntoMap(voxelMap, voxel, motion);
    this.recurse(voxelMap, seen, voxel.minus(horizontal), motion);
    this.recurse(voxelMap, seen, voxel.plus(horizontal), motion);
    this.recurse(voxelMap, seen, voxel.minus(vertical), motion);
    this.recurse(voxelMap, seen, voxel.plus(vertical), motion);
    this.recurse(voxelMap, seen, voxel.minus(horizontal).minus(vertical), motion);
    this.recurse(voxelMap, seen, voxel.minus(horizontal).plus(vertical), motion);
    this.recurse(voxelMap, seen, voxel.plus(horizontal).minus(vertical), motion);
    this.recurse(voxelMap, seen, voxel.plus(horizontal).plus(vertical), motion);
  }

  putIntoMap(voxelMap, voxel, motion) {
    let motions = voxelMap.get(voxel);
    if (motions === null) {
      motions = new Vector();
      voxelMap.put(voxel, motions);
    }
    motions.append(motion);
  }

  /** Published code divides by zero where nothing moves; here, as in Smalltalk, it is asked first. */
  isInVoxel(voxel, motion) {
    if (voxel.x > maxX || voxel.x < minX || voxel.y > maxY || voxel.y < minY) return false;
    const init = motion.positionOne;
    const final = motion.positionTwo;
    const r = proximityRadius / 2.0;

    const vx = voxel.x;
    const x0 = init.x;
    const xv = final.x - init.x;
    const vy = voxel.y;
    const y0 = init.y;
    const yv = final.y - init.y;

    let lowX = 0.0;
    let highX = 0.0;
    if (xv === 0) {
      if (!(vx <= x0 + r && x0 - r <= vx + voxelSize)) return false;
    } else {
      lowX = (vx - r - x0) / xv;
      highX = (vx + voxelSize + r - x0) / xv;
      if (xv < 0) {
        const held = lowX;
        lowX = highX;
        highX = held;
      }
      if (!((lowX <= 1 && 1 <= highX) || (lowX <= 0 && 0 <= highX) || (0 <= lowX && highX <= 1))) {
        return false;
      }
    }

    let lowY = 0.0;
    let highY = 0.0;
    if (yv === 0) {
      if (!(vy <= y0 + r && y0 - r <= vy + voxelSize)) return false;
    } else {
      lowY = (vy - r - y0) / yv;
      highY = (vy + voxelSize + r - y0) / yv;
      if (yv < 0) {
        const held = lowY;
        lowY = highY;
        highY = held;
      }
      if (!((lowY <= 1 && 1 <= highY) || (lowY <= 0 && 0 <= highY) || (0 <= lowY && highY <= 1))) {
        return false;
      }
    }

    return (
      xv === 0 ||
      yv === 0 ||
      (lowY <= highX && highX <= highY) ||
      (lowY <= lowX && lowX <= highY) ||
      (lowX <= lowY && highY <= highX)
    );
  }
}

const expected = new Map([
  [10, 390],
  [100, 4305],
  [250, 10830],
  [500, 14484],
  [1000, 14484],
]);

export class CD extends Benchmark {
  innerBenchmarkLoop(inner) {
    return this.collisions(inner) === expected.get(inner);
  }

  collisions(aircraftCount) {
    const frames = 200;
    const simulator = new Simulator(aircraftCount);
    const detector = new CollisionDetector();
    let collisions = 0;
    for (let i = 0; i < frames; i++) {
      collisions += detector.handleNewFrame(simulator.simulate(i / 10)).size();
    }
    return collisions;
  }
}
