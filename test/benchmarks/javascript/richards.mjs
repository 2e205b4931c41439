/**
 * Richards: a simulation of an operating system's kernel, after M. Richards.
 * Six tasks exchange packets; polymorphic calls and closures.
 */
import { Benchmark } from "./benchmark.mjs";

const noTask = null;
const noWork = null;
const idler = 0;
const worker = 1;
const handlerA = 2;
const handlerB = 3;
const deviceA = 4;
const deviceB = 5;
const taskCount = 6;
const devicePacketKind = 0;
const workPacketKind = 1;
const dataSize = 4;

class RichardsObject {
  append(packet, queueHead) {
    packet.link = noWork;
    if (queueHead === noWork) return packet;
    let mouse = queueHead;
    let link = mouse.link;
    while (link !== noWork) {
      mouse = link;
      link = mouse.link;
    }
    mouse.link = packet;
    return queueHead;
  }
}

class Packet extends RichardsObject {
  constructor(link, identity, kind) {
    super();
    this.link = link;
    this.identity = identity;
    this.kind = kind;
    this.datum = 0;
    this.data = new Array(dataSize).fill(0);
  }
}

class DeviceTaskDataRecord extends RichardsObject {
  constructor() {
    super();
    this.pending = noWork;
  }
}

class HandlerTaskDataRecord extends RichardsObject {
  constructor() {
    super();
    this.workIn = noWork;
    this.deviceIn = noWork;
  }

  addDeviceIn(packet) {
    this.deviceIn = this.append(packet, this.deviceIn);
  }

  addWorkIn(packet) {
    this.workIn = this.append(packet, this.workIn);
  }
}

class IdleTaskDataRecord extends RichardsObject {
  constructor() {
    super();
    this.control = 1;
    this.count = 10000;
  }
}

class WorkerTaskDataRecord extends RichardsObject {
  constructor() {
    super();
    this.destination = handlerA;
    this.count = 0;
  }
}

class TaskState extends RichardsObject {
  constructor() {
    super();
    this.packetPending = false;
    this.taskWaiting = false;
    this.taskHolding = false;
  }

  static running() {
    return new TaskState().beRunning();
  }

  static waiting() {
    return new TaskState().beWaiting();
  }

  static waitingWithPacket() {
    return new TaskState().beWaitingWithPacket();
  }

  isPacketPending() {
    return this.packetPending;
  }

  isTaskWaiting() {
    return this.taskWaiting;
  }

  isTaskHolding() {
    return this.taskHolding;
  }

  setPacketPending(aBoolean) {
    this.packetPending = aBoolean;
  }

  setTaskWaiting(aBoolean) {
    this.taskWaiting = aBoolean;
  }

  setTaskHolding(aBoolean) {
    this.taskHolding = aBoolean;
  }

  bePacketPending() {
    this.packetPending = true;
    this.taskWaiting = false;
    this.taskHolding = false;
    return this;
  }

  beRunning() {
    this.packetPending = false;
    this.taskWaiting = false;
    this.taskHolding = false;
    return this;
  }

  beWaiting() {
    this.packetPending = false;
    this.taskHolding = false;
    this.taskWaiting = true;
    return this;
  }

  beWaitingWithPacket() {
    this.taskHolding = false;
    this.taskWaiting = true;
    this.packetPending = true;
    return this;
  }

  isTaskHoldingOrWaiting() {
    return this.taskHolding || (!this.packetPending && this.taskWaiting);
  }

  isWaitingWithPacket() {
    return this.packetPending && this.taskWaiting && !this.taskHolding;
  }
}

class TaskControlBlock extends TaskState {
  constructor(link, identity, priority, workQueue, state, data, action) {
    super();
    this.link = link;
    this.identity = identity;
    this.priority = priority;
    this.input = workQueue;
    this.setPacketPending(state.isPacketPending());
    this.setTaskWaiting(state.isTaskWaiting());
    this.setTaskHolding(state.isTaskHolding());
    this.handle = data;
    this.action = action;
  }

  addInputAndCheckPriority(packet, oldTask) {
    if (this.input === noWork) {
      this.input = packet;
      this.setPacketPending(true);
      if (this.priority > oldTask.priority) return this;
    } else {
      this.input = this.append(packet, this.input);
    }
    return oldTask;
  }

  runTask() {
    let message = noWork;
    if (this.isWaitingWithPacket()) {
      message = this.input;
      this.input = message.link;
      if (this.input === noWork) this.beRunning();
      else this.bePacketPending();
    }
    return this.action(message, this.handle);
  }
}

class Scheduler extends RichardsObject {
  constructor() {
    super();
    this.taskList = noTask;
    this.currentTask = noTask;
    this.currentTaskIdentity = 0;
    this.taskTable = new Array(taskCount).fill(noTask);
    this.queuePacketCount = 0;
    this.holdCount = 0;
  }

  createDevice(identity, priority, workQueue, state) {
    const data = new DeviceTaskDataRecord();
    this.createTask(identity, priority, workQueue, state, data, (work, record) => {
      if (work === noWork) {
        const pending = record.pending;
        if (pending === noWork) return this.markWaiting();
        record.pending = noWork;
        return this.queuePacket(pending);
      }
      record.pending = work;
      return this.holdSelf();
    });
  }

  createHandler(identity, priority, workQueue, state) {
    const data = new HandlerTaskDataRecord();
    this.createTask(identity, priority, workQueue, state, data, (work, record) => {
      if (work !== noWork) {
        if (work.kind === workPacketKind) record.addWorkIn(work);
        else record.addDeviceIn(work);
      }
      const workPacket = record.workIn;
      if (workPacket === noWork) return this.markWaiting();
      const count = workPacket.datum;
      if (count >= dataSize) {
        record.workIn = workPacket.link;
        return this.queuePacket(workPacket);
      }
      const devicePacket = record.deviceIn;
      if (devicePacket === noWork) return this.markWaiting();
      record.deviceIn = devicePacket.link;
      devicePacket.datum = workPacket.data[count];
      workPacket.datum = count + 1;
      return this.queuePacket(devicePacket);
    });
  }

  createIdler(identity, priority, workQueue, state) {
    const data = new IdleTaskDataRecord();
    this.createTask(identity, priority, workQueue, state, data, (_work, record) => {
      record.count -= 1;
      if (record.count === 0) return this.holdSelf();
      if ((record.control & 1) === 0) {
        record.control >>= 1;
        return this.release(deviceA);
      }
      record.control = (record.control >> 1) ^ 53256;
      return this.release(deviceB);
    });
  }

  createWorker(identity, priority, workQueue, state) {
    const data = new WorkerTaskDataRecord();
    this.createTask(identity, priority, workQueue, state, data, (work, record) => {
      if (work === noWork) return this.markWaiting();
      record.destination = record.destination === handlerA ? handlerB : handlerA;
      work.identity = record.destination;
      work.datum = 0;
      for (let i = 0; i < dataSize; i++) {
        record.count += 1;
        if (record.count > 26) record.count = 1;
        work.data[i] = 65 + record.count - 1;
      }
      return this.queuePacket(work);
    });
  }

  createTask(identity, priority, workQueue, state, data, action) {
    const task = new TaskControlBlock(
      this.taskList,
      identity,
      priority,
      workQueue,
      state,
      data,
      action,
    );
    this.taskList = task;
    this.taskTable[identity] = task;
  }

  start() {
    this.createIdler(idler, 0, noWork, TaskState.running());

    let queue = new Packet(noWork, worker, workPacketKind);
    queue = new Packet(queue, worker, workPacketKind);
    this.createWorker(worker, 1000, queue, TaskState.waitingWithPacket());

    queue = new Packet(noWork, deviceA, devicePacketKind);
    queue = new Packet(queue, deviceA, devicePacketKind);
    queue = new Packet(queue, deviceA, devicePacketKind);
    this.createHandler(handlerA, 2000, queue, TaskState.waitingWithPacket());

    queue = new Packet(noWork, deviceB, devicePacketKind);
    queue = new Packet(queue, deviceB, devicePacketKind);
    queue = new Packet(queue, deviceB, devicePacketKind);
    this.createHandler(handlerB, 3000, queue, TaskState.waitingWithPacket());

    this.createDevice(deviceA, 4000, noWork, TaskState.waiting());
    this.createDevice(deviceB, 5000, noWork, TaskState.waiting());

    this.schedule();
    return this.queuePacketCount === 23246 && this.holdCount === 9297;
  }

  findTask(identity) {
    const task = this.taskTable[identity];
    if (task === noTask) throw new Error("findTask failed");
    return task;
  }

  holdSelf() {
    this.holdCount += 1;
    this.currentTask.setTaskHolding(true);
    return this.currentTask.link;
  }

  queuePacket(packet) {
    const task = this.findTask(packet.identity);
    this.queuePacketCount += 1;
    packet.link = noWork;
    packet.identity = this.currentTaskIdentity;
    return task.addInputAndCheckPriority(packet, this.currentTask);
  }

  release(identity) {
    const task = this.findTask(identity);
    task.setTaskHolding(false);
    return task.priority > this.currentTask.priority ? task : this.currentTask;
  }

  markWaiting() {
    this.currentTask.setTaskWaiting(true);
    return this.currentTask;
  }

  schedule() {
    this.currentTask = this.taskList;
    while (this.currentTask !== noTask) {
      if (this.currentTask.isTaskHoldingOrWaiting()) {
        this.currentTask = this.currentTask.link;
      } else {
        this.currentTaskIdentity = this.currentTask.identity;
        this.currentTask = this.currentTask.runTask();
      }
    }
  }
}

export class Richards extends Benchmark {
  benchmark() {
    return new Scheduler().start();
  }

  verifyResult(result) {
    return result;
  }
}
