/** A box of bouncing balls: arithmetic on small integers and instance variables. */
import { Benchmark } from "./benchmark.mjs";
import { Random } from "./som.mjs";

class Ball {
  constructor(random) {
    this.x = random.next() % 500;
    this.y = random.next() % 500;
    this.xVelocity = (random.next() % 300) - 150;
    this.yVelocity = (random.next() % 300) - 150;
  }

  bounce() {
    const xLimit = 500;
    const yLimit = 500;
    let bounced = false;
    this.x += this.xVelocity;
    this.y += this.yVelocity;
    if (this.x > xLimit) {
      this.x = xLimit;
      this.xVelocity = 0 - Math.abs(this.xVelocity);
      bounced = true;
    }
    if (this.x < 0) {
      this.x = 0;
      this.xVelocity = Math.abs(this.xVelocity);
      bounced = true;
    }
    if (this.y > yLimit) {
      this.y = yLimit;
      this.yVelocity = 0 - Math.abs(this.yVelocity);
      bounced = true;
    }
    if (this.y < 0) {
      this.y = 0;
      this.yVelocity = Math.abs(this.yVelocity);
      bounced = true;
    }
    return bounced;
  }
}

export class Bounce extends Benchmark {
  benchmark() {
    const random = new Random();
    const ballCount = 100;
    let bounces = 0;
    const balls = new Array(ballCount).fill(null);
    for (let i = 0; i < ballCount; i++) balls[i] = new Ball(random);
    for (let i = 0; i < 50; i++) {
      balls.forEach((ball) => {
        if (ball.bounce()) bounces += 1;
      });
    }
    return bounces;
  }

  verifyResult(result) {
    return result === 1331;
  }
}
