/** The sun and its giant planets: floats in instance variables. */
import { Benchmark } from "./benchmark.mjs";

const solarMass = 4 * Math.PI * Math.PI;
const daysPerYear = 365.24;

class Body {
  constructor(x, y, z, vx, vy, vz, mass) {
    this.x = x;
    this.y = y;
    this.z = z;
    this.vx = vx * daysPerYear;
    this.vy = vy * daysPerYear;
    this.vz = vz * daysPerYear;
    this.mass = mass * solarMass;
  }

  offsetMomentum(px, py, pz) {
    this.vx = 0.0 - px / solarMass;
    this.vy = 0.0 - py / solarMass;
    this.vz = 0.0 - pz / solarMass;
  }

  static sun() {
    return new Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0);
  }

  static jupiter() {
    return new Body(
      4.841431442464721,
      -1.1603200440274284,
      -0.10362204447112311,
      0.001660076642744037,
      0.007699011184197404,
      -6.90460016972063e-5,
      0.0009547919384243266,
    );
  }

  static saturn() {
    return new Body(
      8.34336671824458,
      4.124798564124305,
      -0.4035234171143214,
      -0.002767425107268624,
      0.004998528012349172,
      2.3041729757376393e-5,
      0.0002858859806661308,
    );
  }

  static uranus() {
    return new Body(
      12.894369562139131,
      -15.111151401698631,
      -0.22330757889265573,
      0.002964601375647616,
      0.0023784717395948095,
      -2.9658956854023756e-5,
      4.366244043351563e-5,
    );
  }

  static neptune() {
    return new Body(
      15.379697114850917,
      -25.919314609987964,
      0.17925877295037118,
      0.0026806777249038932,
      0.001628241700382423,
      -9.515922545197159e-5,
      5.1513890204661145e-5,
    );
  }
}

class NBodySystem {
  constructor() {
    this.bodies = [Body.sun(), Body.jupiter(), Body.saturn(), Body.uranus(), Body.neptune()];
    let px = 0.0;
    let py = 0.0;
    let pz = 0.0;
    this.bodies.forEach((body) => {
      px += body.vx * body.mass;
      py += body.vy * body.mass;
      pz += body.vz * body.mass;
    });
    this.bodies[0].offsetMomentum(px, py, pz);
  }

  advance(dt) {
    const bodies = this.bodies;
    for (let i = 0; i < bodies.length; i++) {
      const iBody = bodies[i];
      for (let j = i + 1; j < bodies.length; j++) {
        const jBody = bodies[j];
        const dx = iBody.x - jBody.x;
        const dy = iBody.y - jBody.y;
        const dz = iBody.z - jBody.z;
        const squared = dx * dx + dy * dy + dz * dz;
        const distance = Math.sqrt(squared);
        const magnitude = dt / (squared * distance);
        iBody.vx -= dx * jBody.mass * magnitude;
        iBody.vy -= dy * jBody.mass * magnitude;
        iBody.vz -= dz * jBody.mass * magnitude;
        jBody.vx += dx * iBody.mass * magnitude;
        jBody.vy += dy * iBody.mass * magnitude;
        jBody.vz += dz * iBody.mass * magnitude;
      }
    }
    bodies.forEach((body) => {
      body.x += dt * body.vx;
      body.y += dt * body.vy;
      body.z += dt * body.vz;
    });
  }

  energy() {
    const bodies = this.bodies;
    let energy = 0.0;
    for (let i = 0; i < bodies.length; i++) {
      const iBody = bodies[i];
      energy +=
        0.5 * iBody.mass * (iBody.vx * iBody.vx + iBody.vy * iBody.vy + iBody.vz * iBody.vz);
      for (let j = i + 1; j < bodies.length; j++) {
        const jBody = bodies[j];
        const dx = iBody.x - jBody.x;
        const dy = iBody.y - jBody.y;
        const dz = iBody.z - jBody.z;
        const distance = Math.sqrt(dx * dx + dy * dy + dz * dz);
        energy -= (iBody.mass * jBody.mass) / distance;
      }
    }
    return energy;
  }
}

const expected = new Map([
  [1, -0.16907495402506745],
  [10000, -0.16901644126443094],
  [250000, -0.1690859889909308],
]);

export class NBody extends Benchmark {
  innerBenchmarkLoop(inner) {
    const system = new NBodySystem();
    for (let i = 0; i < inner; i++) system.advance(0.01);
    return system.energy() === expected.get(inner);
  }
}
